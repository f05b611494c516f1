"""A pydantic model → its shape. What is not in the table comes out as opaque, with the reason."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

import pydantic
from pydantic import BaseModel

from synapse_sdk.plugins.composition.shapes import (
    Anything,
    Atom,
    Check,
    Choice,
    Defaulted,
    Either,
    Later,
    Many,
    Opaque,
    Real,
    Record,
    Row,
    Shape,
    Slot,
    Table,
    Tagged,
    Text,
    Whole,
    as_source,
)

Schema = Mapping[str, Any]
#: Whole numbers are looked at up to here: a float can hold it, and nobody counts further.
LARGEST_WHOLE = 2**1023
_ATOMS = frozenset({"date", "datetime", "time", "timedelta", "uuid", "decimal", "bytes"})
_MANY = frozenset({"list", "set", "frozenset"})
#: Keys of an atom's schema that are no rule of it.
_NO_RULES = frozenset({"type", "ref", "metadata", "strict", "microseconds_precision"})
#: Factories of defaults whose value can be looked at without running foreign code.
_PLAIN_FACTORIES = (list, dict, set, frozenset, tuple, str, int, float, bool)


def read_model(model: type[BaseModel]) -> Shape:
    """Return the shape of a model. It is opaque where the model can not be completed."""
    try:
        schema: Any = pydantic.TypeAdapter(model).core_schema
    except (pydantic.PydanticUserError, pydantic.PydanticUndefinedAnnotation, NameError) as error:
        return Opaque(Check({"type": "any"}, None, {}), False, f"{model.__name__} is not complete: {error}")
    return _Reader(schema).read_whole(schema)


class _Reader:
    """Reads one schema, whose parts may refer to each other."""

    def __init__(self, schema: Schema) -> None:
        parts = schema.get("definitions", ()) if schema["type"] == "definitions" else ()
        self._definitions: dict[str, Any] = {part["ref"]: part for part in parts}
        self._found: dict[str, Shape] = {}

    def read_whole(self, schema: Schema) -> Shape:
        """Read a schema with its definitions."""
        for reference, part in self._definitions.items():
            self._found[reference] = self.read(part, None)
        return self.read(schema["schema"] if schema["type"] == "definitions" else schema, None)

    def read(self, schema: Schema, config: Any) -> Shape:
        """Read one place; `config` is that of the model around it."""
        kind = str(schema["type"])
        is_strict = bool(schema.get("strict", (config or {}).get("strict", False)))
        check = Check(schema, config, self._definitions)
        shape = self._read_kind(kind, schema, config, check, is_strict)
        if "serialization" in schema and not isinstance(shape, Atom):
            return Opaque(check, is_strict, "it is written by a serializer of its own", shape, True)
        return shape

    def _read_kind(self, kind: str, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        if kind in _ATOMS:
            rules = {key: value for key, value in schema.items() if key not in _NO_RULES}
            if kind == "decimal" and "allow_inf_nan" in (config or {}):
                rules.setdefault("allow_inf_nan", config["allow_inf_nan"])
            return Atom(check, is_strict, kind, rules)
        if kind in _MANY:
            item = self.read(schema.get("items_schema", {"type": "any"}), config)
            low, high = schema.get("min_length", 0), schema.get("max_length")
            return Many(check, is_strict, kind, item, low, high)
        if kind.startswith("function-"):
            inner = self.read(schema["schema"], config) if kind == "function-after" else None
            return Opaque(check, is_strict, "a function of its own checks it", inner)
        read: Callable[..., Shape] | None = getattr(self, f"_read_{kind.replace('-', '_')}", None)
        if read is None:
            return Opaque(check, is_strict, f"its type, {kind}, is not one of those that are compared")
        return read(schema, config, check, is_strict)

    def _read_any(self, _: Schema, __: Any, check: Check, is_strict: bool) -> Shape:
        return Anything(check, is_strict)

    def _read_none(self, _: Schema, __: Any, check: Check, is_strict: bool) -> Shape:
        return Choice(check, is_strict, (None,))

    def _read_bool(self, _: Schema, __: Any, check: Check, is_strict: bool) -> Shape:
        return Choice(check, is_strict, (False, True))

    def _read_literal(self, schema: Schema, _: Any, check: Check, is_strict: bool) -> Shape:
        return Choice(check, is_strict, tuple(schema["expected"]))

    def _read_enum(self, schema: Schema, _: Any, check: Check, is_strict: bool) -> Shape:
        return Choice(check, is_strict, tuple(schema["members"]))

    def _read_int(self, schema: Schema, _: Any, check: Check, is_strict: bool) -> Shape:
        low, high = -LARGEST_WHOLE, LARGEST_WHOLE
        bounds = [schema[key] for key in ("ge", "gt", "le", "lt", "multiple_of") if key in schema]
        if any(not isinstance(bound, int) for bound in bounds):
            return Whole(check, is_strict, low, high, is_odd=True)
        low = max(low, schema.get("ge", low), schema.get("gt", low - 1) + 1)
        high = min(high, schema.get("le", high), schema.get("lt", high + 1) - 1)
        return Whole(check, is_strict, low, high, schema.get("multiple_of", 1))

    def _read_float(self, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        allows = schema.get("allow_inf_nan", (config or {}).get("allow_inf_nan", True))
        largest = math.inf if allows else sys.float_info.max
        low, high = -largest, largest
        if "ge" in schema:
            low = max(low, float(schema["ge"]))
        if "gt" in schema:
            low = max(low, math.nextafter(float(schema["gt"]), math.inf))
        if "le" in schema:
            high = min(high, float(schema["le"]))
        if "lt" in schema:
            high = min(high, math.nextafter(float(schema["lt"]), -math.inf))
        has_nan = allows and not any(key in schema for key in ("ge", "gt", "le", "lt"))
        return Real(check, is_strict, low, high, has_nan, schema.get("multiple_of"))

    def _read_str(self, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        def told(key: str) -> Any:
            return schema.get(key, (config or {}).get(f"str_{key}"))

        pattern = schema.get("pattern")
        return Text(
            check,
            is_strict,
            told("min_length") or 0,
            told("max_length"),
            getattr(pattern, "pattern", pattern),
            bool(told("strip_whitespace")),
            bool(told("to_upper") or told("to_lower")),
        )

    def _read_tuple(self, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        items = tuple(self.read(item, config) for item in schema["items_schema"])
        if "variadic_item_index" not in schema:
            return Row(check, is_strict, items)
        if len(items) > 1:
            return Opaque(check, is_strict, "it is a tuple of fixed and of any further items")
        low, high = schema.get("min_length", 0), schema.get("max_length")
        return Many(check, is_strict, "tuple", items[0], low, high)

    def _read_dict(self, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        key = self.read(schema.get("keys_schema", {"type": "any"}), config)
        value = self.read(schema.get("values_schema", {"type": "any"}), config)
        return Table(check, is_strict, key, value, schema.get("min_length", 0), schema.get("max_length"))

    def _read_nullable(self, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        none = self.read({"type": "none"}, config)
        return Either(check, is_strict, (none, self.read(schema["schema"], config)))

    def _read_union(self, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        # An alternative may come with a label.
        options = [item[0] if isinstance(item, tuple) else item for item in schema["choices"]]
        return Either(check, is_strict, tuple(self.read(option, config) for option in options))

    def _read_tagged_union(self, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        tag = schema["discriminator"]
        if not isinstance(tag, str):
            return Opaque(check, is_strict, "which alternative it is, is not told by one field")
        choices = schema["choices"]
        return Tagged(check, is_strict, tag, {key: self.read(item, config) for key, item in choices.items()})

    def _read_default(self, schema: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        inner = self.read(schema["schema"], config)
        if schema.get("validate_default") or isinstance(inner, Opaque):
            return inner
        if "default" in schema:
            default = schema["default"]
        elif schema.get("default_factory") in _PLAIN_FACTORIES:
            default = schema["default_factory"]()
        else:
            return Opaque(check, is_strict, "its default is made by a function", inner, True)
        return self._add_default(inner, default, check, is_strict)

    def _add_default(self, inner: Shape, default: Any, check: Check, is_strict: bool) -> Shape:
        """Nobody checks a default: one that does not fit comes out as it is."""
        if _fits_exactly(inner, default):
            return inner
        if default is None or isinstance(default, str | int | float | bool):
            return Defaulted(check, is_strict, inner, default)
        return Opaque(check, is_strict, "its default is not of its own type", inner, True)

    def _read_definition_ref(self, schema: Schema, _: Any, check: Check, is_strict: bool) -> Shape:
        return Later(check, is_strict, schema["schema_ref"], self._found)

    def _read_definitions(self, schema: Schema, config: Any, _: Check, __: bool) -> Shape:
        return self.read(schema["schema"], config)

    def _read_lax_or_strict(self, schema: Schema, _: Any, check: Check, is_strict: bool) -> Shape:
        # The way in which pydantic writes a path.
        kind = schema["strict_schema"].get("python_schema", {}).get("cls")
        if isinstance(kind, type) and issubclass(kind, PurePath):
            return Atom(check, is_strict, "path", {"cls": kind})
        return Opaque(check, is_strict, "its type is not one of those that are compared")

    def _read_model(self, schema: Schema, _: Any, check: Check, is_strict: bool) -> Shape:
        config, fields = schema.get("config") or {}, schema["schema"]
        if schema.get("root_model"):
            return self.read(_unwrap_root(fields), config)
        if fields["type"] != "model-fields":
            return Opaque(check, is_strict, "a function of its model checks it")
        record = self._read_fields(fields, config, check, is_strict)
        if schema.get("custom_init") or schema.get("post_init"):
            return Opaque(check, is_strict, "its model does more than keep what it was given", record)
        return record

    def _read_fields(self, fields: Schema, config: Any, check: Check, is_strict: bool) -> Shape:
        slots = [self._read_slot(name, item, config) for name, item in fields["fields"].items()]
        for computed in fields.get("computed_fields", ()):
            shape = Opaque(check, is_strict, "it is computed")
            slots.append(Slot(computed["property_name"], (), shape, is_required=False))
        extra = fields.get("extra_behavior") or config.get("extra_fields_behavior") or "ignore"
        allowed = fields.get("extras_schema")
        extra_shape = None if allowed is None else self.read(allowed, config)
        return Record(check, is_strict, tuple(slots), extra, extra_shape)

    def _read_slot(self, name: str, item: Schema, config: Any) -> Slot:
        shape = self.read(item["schema"], config)
        comes_out = not item.get("serialization_exclude")
        if "serialization_exclude_if" in item:
            shape = Opaque(shape.check, shape.is_strict, "it is left out under a condition", shape, True)
        is_required = item["schema"]["type"] != "default"
        return Slot(
            name, _read_keys(name, item.get("validation_alias"), config), shape, is_required, comes_out
        )


_KINDS: Mapping[str, type] = {"list": list, "set": set, "frozenset": frozenset, "tuple": tuple}


def _fits_exactly(shape: Shape, default: Any) -> bool:
    """Is a default one of the values that come out anyway?"""
    shape = as_source(shape)
    kind = type(default)
    if isinstance(shape, Anything):
        return True
    if isinstance(shape, Either):
        return any(_fits_exactly(option, default) for option in shape.options)
    if isinstance(shape, Choice):
        return any(type(value) is kind and value == default for value in shape.values)
    if not shape.check.takes(default):
        return False
    if isinstance(shape, Many):
        return kind is _KINDS[shape.kind] and all(_fits_exactly(shape.item, item) for item in default)
    if isinstance(shape, Row):
        return kind is tuple and all(map(_fits_exactly, shape.items, default))
    if isinstance(shape, Table):
        return kind is dict and all(
            _fits_exactly(shape.key, key) and _fits_exactly(shape.value, value)
            for key, value in default.items()
        )
    return _is_scalar_of(shape, default)


def _is_scalar_of(shape: Shape, default: Any) -> bool:
    if isinstance(shape, Whole):
        return type(default) is int
    if isinstance(shape, Real):
        return type(default) is float
    if isinstance(shape, Text):
        return (
            type(default) is str
            and not shape.is_recased
            and (not shape.is_stripped or default == default.strip())
        )
    if isinstance(shape, Atom):
        return type(default).__module__ != "builtins" or (shape.name == "bytes" and type(default) is bytes)
    return isinstance(shape, Record | Tagged) and isinstance(default, BaseModel)


def _read_keys(name: str, alias: Any, config: Any) -> tuple[str, ...] | None:
    """Return the names under which a field is taken; None where one is a path into something."""
    if alias is None:
        return (name,)
    paths = [[alias]] if isinstance(alias, str) else [alias] if isinstance(alias[0], str) else alias
    if any(len(path) != 1 or not isinstance(path[0], str) for path in paths):
        return None
    by_name = config.get("validate_by_name") or config.get("populate_by_name")
    by_alias = config.get("validate_by_alias", True)
    aliases = [path[0] for path in paths] if by_alias else []
    return tuple(dict.fromkeys([*aliases, *([name] if by_name else [])]))


def _unwrap_root(schema: Schema) -> Schema:
    return schema["fields"]["root"]["schema"] if schema["type"] == "model-fields" else schema
