"""An action's own params in its help: names, types, bounds, defaults, from their JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
_TYPES = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "null": "nothing",
    "object": "JSON object",
}
_FORMATS = {
    "date-time": "date and time",
    "date": "date",
    "uuid": "UUID",
    "uri": "URL",
    "password": "secret text",
}
#: Levels of nested models that get rows of their own.
_DEPTH = 3


def describe_params(schema: Schema) -> list[tuple[str, str]]:
    """Return a row for each param: its name, as `--set` takes it, with its type; and what else is known.

    Args:
        schema: JSON Schema of the params model, as pydantic writes it.
    """
    return list(_iter_rows(schema, schema.get("$defs", {}), prefix="", depth=_DEPTH))


def _iter_rows(schema: Schema, models: Schema, *, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    required = schema.get("required", ())
    for name, found in schema.get("properties", {}).items():
        field = _resolve(found, models)
        if depth > 1 and field.get("properties"):
            yield from _iter_rows(field, models, prefix=f"{prefix}{name}.", depth=depth - 1)
            continue
        facts = [*_list_bounds(field, models)]
        if name in required:
            facts.insert(0, "required")
        elif "default" in found:
            facts.insert(0, f"default: {_show(found['default'])}")
        told = str(found.get("description", field.get("description", ""))).strip().replace("\n", " ")
        bracket = f"[{'; '.join(facts)}]" if facts else ""
        yield f"{prefix}{name}  {_name_type(field, models)}", " ".join(filter(None, (told, bracket)))


def _resolve(schema: Schema, models: Schema) -> Schema:
    """Follow a reference; what is said beside it counts."""
    if (reference := schema.get("$ref")) is None:
        return schema
    model = models.get(str(reference).rpartition("/")[2], {})
    return {**model, **{key: value for key, value in schema.items() if key != "$ref"}}


def _name_type(schema: Schema, models: Schema) -> str:
    schema = _resolve(schema, models)
    if "const" in schema:
        return _show(schema["const"])
    if "enum" in schema:
        return " | ".join(_show(value) for value in schema["enum"])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_name_type(option, models) for option in options))
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_name_type(schema['items'], models)}" if schema.get("items") else "list"
    if kind == "object" and isinstance(inner := schema.get("additionalProperties"), Mapping):
        return f"JSON object of {_name_type(inner, models)}"
    if kind == "object" and (fields := list(schema.get("properties") or {})):
        return f"{{{', '.join(fields)}}}"
    return _FORMATS.get(str(schema.get("format")), _TYPES.get(str(kind), "any value"))


def _show(value: Any) -> str:
    """Return a value as `--set` takes it."""
    if value is None:
        return _TYPES["null"]
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _list_bounds(schema: Schema, models: Schema) -> Iterator[str]:
    """Yield what a value must keep to; of a choice of types, each one's."""
    words = {
        "minimum": "at least {}",
        "exclusiveMinimum": "more than {}",
        "maximum": "at most {}",
        "exclusiveMaximum": "less than {}",
        "multipleOf": "a multiple of {}",
        "minLength": "{} or more characters",
        "maxLength": "{} or fewer characters",
        "pattern": "matches {}",
        "minItems": "{} or more items",
        "maxItems": "{} or fewer items",
    }
    exact = {"maxLength": ("minLength", "{} characters"), "maxItems": ("minItems", "{} items")}
    told: set[str] = set()
    for high, (low, text) in exact.items():
        if high in schema and schema[high] == schema.get(low):
            told |= {low, high}
            yield text.format(schema[high])
    for key, text in words.items():
        if key in schema and key not in told:
            yield text.format(schema[key])
    options: Sequence[Schema] = schema.get("anyOf") or schema.get("oneOf") or ()
    for option in options:
        yield from _list_bounds(_resolve(option, models), models)
