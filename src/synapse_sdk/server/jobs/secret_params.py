"""Params that are secrets, as the schema says: `SecretStr`, or anything whose form is a password."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: Stands for a secret wherever params are shown. Source: pydantic's own mask.
MASK = "**********"
_ALTERNATIVES_MAX = 100


def mask_secrets(value: Any, schema: Any, root: Mapping[str, Any]) -> Any:
    """Return `value` with every secret in it replaced.

    Args:
        value: As JSON has it.
        schema: Its JSON Schema.
        root: The document that `$ref`s point into.
    """
    for inner in _iter_alternatives(schema, root):
        if _is_secret(inner) and value is not None:
            return MASK
        if isinstance(value, list):
            value = [mask_secrets(item, inner.get("items"), root) for item in value]
        elif isinstance(value, Mapping):
            fields, others = inner.get("properties") or {}, inner.get("additionalProperties")
            value = {name: mask_secrets(item, fields.get(name, others), root) for name, item in value.items()}
    return value


def mask_params(params: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return params as they may be shown.

    Args:
        params: As given.
        known: What the release says of the action: `params`, a JSON Schema, else `ui_schema`, its form.
    """
    schema = known.get("params") or _schema_of_form(known.get("ui_schema"))
    return dict(mask_secrets(dict(params), schema, schema))


def _schema_of_form(form: Any) -> dict[str, Any]:
    """Return of a form what matters here, as a schema; for a release that has no schema."""
    elements = form if isinstance(form, list) else []
    named = [item for item in elements if isinstance(item, Mapping) and isinstance(item.get("name"), str)]
    return {
        "properties": {
            item["name"]: {"format": "password"} for item in named if item.get("$formkit") == "password"
        }
    }


def _is_secret(schema: Mapping[str, Any]) -> bool:
    hint = schema.get("$formkit", schema.get("formkit"))
    return "password" in (schema.get("format"), hint) or schema.get("writeOnly") is True


def _iter_alternatives(schema: Any, root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the schema, what it refers to, and the parts of its unions."""
    waiting = [schema]
    for _ in range(_ALTERNATIVES_MAX):
        if not waiting:
            return
        item = waiting.pop()
        if not isinstance(item, Mapping):
            continue
        yield item
        waiting += [part for word in ("anyOf", "oneOf", "allOf") for part in item.get(word) or ()]
        if isinstance(reference := item.get("$ref"), str):
            waiting.append((root.get("$defs") or {}).get(reference.removeprefix("#/$defs/")))
