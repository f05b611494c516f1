"""A JSON Schema that pydantic wrote → a validator that takes what the author's model takes, without its code.

The validator is pydantic's own: it reads "5" as a number as the model does, and its patterns can not keep it
busy for ever. What the schema does not say for sure, it lets pass; the worker has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import CoreSchema, SchemaError, SchemaValidator, core_schema

Schema = Mapping[str, Any]
#: Begins the parts of an error's place that stand for an alternative of a union.
ALTERNATIVE = "\0"
#: Schemas nested deeper than this are not looked into.
_DEPTH_MAX = 32
_MOMENTS: dict[str, Callable[[], CoreSchema]] = {
    "date": core_schema.date_schema,
    "date-time": core_schema.datetime_schema,
    "time": core_schema.time_schema,
    "duration": core_schema.timedelta_schema,
}
#: Formats whose values are any text, as far as the schema says.
_TEXT_FORMATS = (None, "password", "path", "file-path", "directory-path", "email", "uri")


def validator_of(schema: Schema) -> SchemaValidator:
    """Return the validator of a params schema. A name that the schema does not have is refused at the top."""
    return _build(json.dumps(schema, sort_keys=True))


@lru_cache(maxsize=256)
def _build(text: str) -> SchemaValidator:
    schema = json.loads(text)
    reading = _Reading(schema)
    body = reading.read_object(schema, extra="allow" if schema.get("additionalProperties") else "forbid")
    try:
        return SchemaValidator(core_schema.definitions_schema(body, reading.read_definitions()))
    except SchemaError:  # not as pydantic writes schemas: nothing is known for sure
        return SchemaValidator(core_schema.any_schema())


class _Reading:
    """One document, whose definitions are read when something refers to them."""

    def __init__(self, root: Schema) -> None:
        found = root.get("$defs")
        self._known: Schema = found if isinstance(found, Mapping) else {}
        self._wanted: dict[str, bool] = {}

    def read_definitions(self) -> list[CoreSchema]:
        """Return what was referred to, and what that refers to in turn."""
        definitions: list[CoreSchema] = []
        while waiting := [name for name, is_done in self._wanted.items() if not is_done]:
            for name in waiting:
                self._wanted[name] = True
                inner = self._read(self._known[name], 0)
                # By itself a definition may be a mere reference, which can not carry the name.
                definitions.append({**_nullable_never(inner), "ref": name})
        return definitions

    def read_object(self, schema: Schema, *, extra: Any = None, depth: int = 0) -> CoreSchema:
        fields = schema.get("properties")
        others = schema.get("additionalProperties")
        if not isinstance(fields, Mapping):
            inner = self._read(others, depth + 1) if isinstance(others, Mapping) else core_schema.any_schema()
            return core_schema.dict_schema(
                values_schema=inner,
                min_length=_count(schema, "minProperties"),
                max_length=_count(schema, "maxProperties"),
            )
        required = schema.get("required") or ()
        return core_schema.typed_dict_schema(
            {
                str(name): core_schema.typed_dict_field(
                    self._read(field, depth + 1), required=name in required
                )
                for name, field in fields.items()
            },
            extra_behavior=extra or ("forbid" if others is False else "ignore"),
        )

    def _read(self, schema: Any, depth: int) -> CoreSchema:
        if not isinstance(schema, Mapping) or depth > _DEPTH_MAX:
            return core_schema.any_schema()
        if "$ref" in schema:
            name = str(schema["$ref"]).removeprefix("#/$defs/")
            if name not in self._known:
                return core_schema.any_schema()
            self._wanted.setdefault(name, False)
            return core_schema.definition_reference_schema(name)
        if "const" in schema or "enum" in schema:
            return _read_choices(schema.get("enum", [schema.get("const")]))
        if alternatives := schema.get("anyOf") or schema.get("oneOf"):
            return self._read_union(alternatives, depth)
        return self._read_type(schema, depth)

    def _read_union(self, alternatives: Any, depth: int) -> CoreSchema:
        kinds = [item for item in alternatives if item != {"type": "null"}]
        read = [self._read(item, depth + 1) for item in kinds]
        if len(read) == 1:
            inner = read[0]
        elif read:
            inner = core_schema.union_schema(
                [(item, f"{ALTERNATIVE}{index}") for index, item in enumerate(read)]
            )
        else:
            return core_schema.none_schema()
        return inner if len(kinds) == len(alternatives) else core_schema.nullable_schema(inner)

    def _read_type(self, schema: Schema, depth: int) -> CoreSchema:
        kind = schema.get("type")
        if kind in ("integer", "number"):
            return _read_number(schema, is_whole=kind == "integer")
        if kind == "string":
            return _read_text(schema)
        if kind == "boolean":
            return core_schema.bool_schema()
        if kind == "null":
            return core_schema.none_schema()
        if kind == "array":
            return self._read_list(schema, depth)
        return self.read_object(schema, depth=depth) if kind == "object" else core_schema.any_schema()

    def _read_list(self, schema: Schema, depth: int) -> CoreSchema:
        item = (
            core_schema.any_schema()
            if "prefixItems" in schema
            else self._read(schema.get("items"), depth + 1)
        )
        # Of a set, what is there twice counts once.
        most = None if schema.get("uniqueItems") else _count(schema, "maxItems")
        return core_schema.list_schema(item, min_length=_count(schema, "minItems"), max_length=most)


def _nullable_never(schema: CoreSchema) -> CoreSchema:
    if schema["type"] == "definition-ref":
        return core_schema.union_schema([(schema, f"{ALTERNATIVE}0")])
    return schema


def _read_choices(values: Any) -> CoreSchema:
    is_plain = (
        isinstance(values, list)
        and values
        and all(item is None or isinstance(item, str | int | float) for item in values)
    )
    return core_schema.literal_schema(values) if is_plain else core_schema.any_schema()


def _read_number(schema: Schema, *, is_whole: bool) -> CoreSchema:
    make: Any = core_schema.int_schema if is_whole else core_schema.float_schema
    return make(  # type: ignore[no-any-return]
        ge=_number(schema, "minimum"),
        gt=_number(schema, "exclusiveMinimum"),
        le=_number(schema, "maximum"),
        lt=_number(schema, "exclusiveMaximum"),
        multiple_of=_number(schema, "multipleOf"),
    )


def _read_text(schema: Schema) -> CoreSchema:
    kind = schema.get("format")
    if kind in _MOMENTS:
        return _MOMENTS[str(kind)]()
    if kind not in _TEXT_FORMATS:
        return core_schema.any_schema()
    facts: dict[str, Any] = {
        "min_length": _count(schema, "minLength"),
        "max_length": _count(schema, "maxLength"),
    }
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and _is_pattern(pattern):
        facts["pattern"] = pattern
    return core_schema.str_schema(**facts)


def _is_pattern(pattern: str) -> bool:
    """Can the pattern be matched in time that grows with the text alone? Others are the worker's."""
    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError:
        return False
    return True


def _number(schema: Schema, name: str) -> float | None:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(schema: Schema, name: str) -> int | None:
    value = schema.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
