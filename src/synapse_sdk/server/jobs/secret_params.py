"""Params that are secrets, as the schema says: `SecretStr`, or anything whose form is a password."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: Stands for a secret wherever params are shown. Source: pydantic's own mask.
MASK = "**********"
#: Tells what is a secret from what only looks like one that is masked.
OTHER_MASK = "\0"
_ALTERNATIVES_MAX = 100


def mask_secrets(value: Any, schema: Any, root: Mapping[str, Any], mask: str = MASK) -> Any:
    """Return `value` with every secret in it replaced.

    Args:
        value: As JSON has it.
        schema: Its JSON Schema.
        root: The document that `$ref`s point into.
        mask: What stands for a secret.
    """
    for inner in _iter_alternatives(schema, root):
        if _is_secret(inner) and value is not None:
            return mask
        if isinstance(value, list):
            value = [mask_secrets(item, inner.get("items"), root, mask) for item in value]
        elif isinstance(value, Mapping):
            fields, others = inner.get("properties") or {}, inner.get("additionalProperties")
            value = {
                name: mask_secrets(item, fields.get(name, others), root, mask) for name, item in value.items()
            }
    return value


def mask_params(params: Mapping[str, Any], known: Mapping[str, Any], mask: str = MASK) -> dict[str, Any]:
    """Return params as they may be shown.

    Args:
        params: As given.
        known: What the release says of the action: `params`, a JSON Schema, else `ui_schema`, its form.
        mask: What stands for a secret.
    """
    schema = known.get("params") or _schema_of_form(known.get("ui_schema"))
    return dict(mask_secrets(dict(params), schema, schema, mask))


def find_masks(params: Any, shown: Any) -> Iterator[list[str | int]]:
    """Yield the places of secrets that are the mask itself, copied from where it was shown.

    Args:
        params: As given.
        shown: The same with every secret replaced by another mask.
    """
    if shown == OTHER_MASK and params == MASK:
        yield []
    elif isinstance(params, Mapping) and isinstance(shown, Mapping):
        for name, value in params.items():
            yield from ([name, *place] for place in find_masks(value, shown[name]))
    elif isinstance(params, list) and isinstance(shown, list):
        for index, value in enumerate(params):
            yield from ([index, *place] for place in find_masks(value, shown[index]))


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
