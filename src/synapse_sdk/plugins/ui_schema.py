"""A params model → the form that asks for it, in FormKit's words.

The form follows the model's JSON Schema, and accepts and refuses what the model does, as far as a form can
say it; `docs/guide/forms.md` lists what can. What it can not say, validators of one's own for example, is
checked where the params arrive.

Source: interface sheet `core.md` §6.7. Unlike there, choices have their options, lists, models and unions
their parts; exclusive bounds, lengths, patterns, titles and hidden fields are kept.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic.json_schema import GenerateJsonSchema

Schema = Mapping[str, Any]
Element = dict[str, Any]
#: Hints of `json_schema_extra` that replace what follows from the type, and the element's key for each.
_HINTS = {
    "formkit": "$formkit",
    "$formkit": "$formkit",
    "label": "label",
    "placeholder": "placeholder",
    "help": "help",
    "min": "min",
    "max": "max",
    "step": "step",
    "required": "required",
    "options": "options",
    "validation": "validation",
}
_PLAIN_FACTORIES = (list, dict, set, frozenset, tuple, str, int, float, bool)
#: The order in which an element's keys stand; any others follow.
_ORDER = ("$formkit", "name", "label", "value", "placeholder", "help", "min", "max", "step", "number")
_FORMATS = {"date-time": "datetime-local", "date": "date", "time": "time", "email": "email", "uri": "url"}
#: A form of more is not filled in by anybody, and a few models that hold each other would make millions.
ELEMENTS_MAX = 2000
#: Names of the kinds of a union, for people.
_KINDS = {
    "integer": "Whole number",
    "number": "Number",
    "string": "Text",
    "boolean": "Yes or no",
    "array": "List",
    "object": "Group",
}


def pydantic_to_ui_schema(model: type[BaseModel]) -> list[Element]:
    """Return the form of a params model: an element for each field, in their order.

    Args:
        model: The model. Fields go by their Python names, not by aliases.

    Returns:
        FormKit elements as JSON: `$formkit`, `name`, `label` and what else belongs to the kind. A `group` and
        a `repeater` have `children`; a repeater's only child without a name is the item itself. A `choice`
        has `options`, each with a `label` and an `element`.
    """
    return schema_to_ui_schema(build_json_schema(model, by_alias=False))


def build_json_schema(model: type[BaseModel], *, by_alias: bool = True) -> dict[str, Any]:
    """Return a model's JSON Schema, with the defaults of plain factories: `list`, `lambda: [64, 32]`."""
    return model.model_json_schema(by_alias=by_alias, schema_generator=_build_generator())


@functools.cache
def _build_generator() -> type[GenerateJsonSchema]:
    from pydantic.json_schema import GenerateJsonSchema  # not needed by those who only validate

    class WithFactories(GenerateJsonSchema):
        def get_default_value(self, schema: Any) -> Any:
            factory = schema.get("default_factory")
            return factory() if _is_plain_factory(factory) else super().get_default_value(schema)

    return WithFactories


def _is_plain_factory(factory: Any) -> bool:
    """Does it make the same each time, wherever it runs, and do nothing else?"""
    if isinstance(factory, type):
        return factory in _PLAIN_FACTORIES
    code = getattr(factory, "__code__", None)
    # A function that takes nothing and names nothing can only give what is written in it.
    return code is not None and not (
        code.co_argcount or code.co_kwonlyargcount or code.co_names or code.co_freevars
    )


def schema_to_ui_schema(schema: Schema) -> list[Element]:
    """Return the form of a params model from its JSON Schema, whoever wrote that.

    What is no schema of a field, or refers to nothing, is asked for as JSON; so is what comes after
    `ELEMENTS_MAX` elements.
    """
    models = schema.get("$defs")
    return list(_Form(models if isinstance(models, Mapping) else {}).iter_fields(schema))


def get_action_ui_schema(model: type[BaseModel], action_name: str | None = None) -> dict[str, Any]:
    """Return the form of an action's params, with the action's name: `{"action", "ui_schemas"}`."""
    return {"action": action_name, "ui_schemas": pydantic_to_ui_schema(model)}


class _Form:
    """Elements of one model's schema."""

    def __init__(self, models: Schema) -> None:
        self._models = models
        #: Models that are being described: one that holds itself is asked for as JSON.
        self._open: list[str] = []
        self._left = ELEMENTS_MAX

    def iter_fields(self, schema: Schema) -> Iterator[Element]:
        """Yield the element of each property."""
        required = schema.get("required") or ()
        for name, field in (schema.get("properties") or {}).items():
            known = field if isinstance(field, Mapping) else {}
            yield _finish(self._make_element(known), name, known, is_required=name in required)

    def _make_element(self, schema: Any) -> Element:
        """Return what follows from a type alone: without a name."""
        self._left -= 1
        if not isinstance(schema, Mapping) or self._left < 0:
            return _json_element()
        reference = schema.get("$ref")
        if reference is None:
            return self._make_own(schema)
        name = str(reference).rpartition("/")[2]
        if name in self._open or not isinstance(self._models.get(name), Mapping):
            return _json_element()
        self._open.append(name)
        try:
            return self._make_own(self._models[name])
        finally:
            self._open.pop()

    def _make_own(self, schema: Schema) -> Element:
        if "enum" in schema or "const" in schema:
            return _choose_from(schema["enum"] if "enum" in schema else [schema["const"]])
        if alternatives := schema.get("anyOf") or schema.get("oneOf"):
            return self._make_union(alternatives)
        kind = schema.get("type")
        if kind in ("integer", "number"):
            return _number_element(schema, is_whole=kind == "integer")
        if kind == "boolean":
            return {"$formkit": "checkbox"}
        if kind == "string":
            return _text_element(schema)
        if kind == "array" and "prefixItems" not in schema and isinstance(schema.get("items"), Mapping):
            return self._make_repeater(schema)
        if kind == "object" and isinstance(schema.get("properties"), Mapping):
            return {"$formkit": "group", "children": list(self.iter_fields(schema))}
        return _json_element()

    def _make_union(self, alternatives: list[Schema]) -> Element:
        """Return the element of the one type that there is beside none; else a choice of several."""
        types = [one for one in alternatives if isinstance(one, Mapping) and one.get("type") != "null"]
        if len(types) < 2:
            element = self._make_element(types[0]) if types else _json_element()
            return element | ({"nullable": True} if len(types) < len(alternatives) else {})
        options = [{"label": self._name_kind(one), "element": self._make_element(one)} for one in types]
        union: Element = {"$formkit": "choice", "options": options}
        return union | ({"nullable": True} if len(types) < len(alternatives) else {})

    def _make_repeater(self, schema: Schema) -> Element:
        item = self._make_element(schema["items"])
        bounds = {"min": schema.get("minItems"), "max": schema.get("maxItems")}
        is_group = item["$formkit"] == "group" and "nullable" not in item
        children = item["children"] if is_group else [item]
        found = {"$formkit": "repeater", **bounds, "children": children}
        return {key: value for key, value in found.items() if value is not None}

    def _name_kind(self, schema: Schema) -> str:
        if reference := schema.get("$ref"):
            return str(reference).rpartition("/")[2]
        if "enum" in schema or "const" in schema:
            return "Choice"
        return _KINDS.get(str(schema.get("type")), "JSON")


def _finish(element: Element, name: str, field: Schema, *, is_required: bool) -> Element:
    """Add what belongs to a field: its name, default and words, and its author's hints."""
    title = field.get("title")
    label = title if isinstance(title, str) and title else name.replace("_", " ").title()
    element = {**element, "name": name, "label": label}
    default = field.get("default")
    is_secret = element["$formkit"] == "password"
    if default is not None and not is_secret:
        is_json = element.get("format") == "json"
        element["value"] = json.dumps(default, ensure_ascii=False) if is_json else default
        if not isinstance(default, (dict, list, bool)):
            element["placeholder"] = element["value"]
    if "description" in field:
        element["help"] = field["description"]
    if is_required:
        element["required"] = True
    if field.get("hidden") is True and not is_secret:
        element["$formkit"] = "hidden"
    element |= {key: field[hint] for hint, key in _HINTS.items() if hint in field}
    ordered = [key for key in _ORDER if key in element]
    return {key: element[key] for key in (*ordered, *(key for key in element if key not in ordered))}


def _number_element(schema: Schema, *, is_whole: bool) -> Element:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    refused = []
    if above is not None and (low is None or above >= low):
        low = above
        refused.append(["not", above])
    if below is not None and (high is None or below <= high):
        high = below
        refused.append(["not", below])
    # Without a step, an input takes whole numbers; it counts its steps from the least one.
    step = schema.get("multipleOf", None if is_whole else "any")
    unit = 1 if step is None else step
    if low is not None and unit != "any":
        low = math.ceil(low / unit) * unit
    found = {"$formkit": "number", "min": low, "max": high, "step": step, "number": True}
    if refused:
        found["validation"] = refused
    return {key: value for key, value in found.items() if value is not None}


def _text_element(schema: Schema) -> Element:
    if schema.get("writeOnly") or schema.get("format") == "password":
        kind = "password"
    else:
        kind = _FORMATS.get(str(schema.get("format")), "text")
    rules: list[list[Any]] = []
    if "minLength" in schema or "maxLength" in schema:
        rules.append(["length", schema.get("minLength", 0), schema.get("maxLength", "Infinity")])
    if "pattern" in schema:
        rules.append(["matches", f"/{schema['pattern']}/"])
    return {"$formkit": kind, **({"validation": rules} if rules else {})}


def _choose_from(values: list[Any]) -> Element:
    options = [
        {"label": value if isinstance(value, str) else json.dumps(value), "value": value} for value in values
    ]
    return {"$formkit": "select", "options": options}


def _json_element() -> Element:
    """Return the element of what has no better one: JSON in a box."""
    return {"$formkit": "textarea", "format": "json"}
