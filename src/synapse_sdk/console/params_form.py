"""What a run's form asks for: the elements of an action's form, each at its place.

The elements are those of `plugins.ui_schema`: made of the JSON Schema of the release, or sent by a client of
the vendor's, which sends no schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from synapse_sdk.console.moments import NOTHING
from synapse_sdk.plugins.ui_schema import schema_to_ui_schema

Kind = Literal["text", "integer", "number", "boolean", "choice", "json", "list", "group", "union"]
Element = Mapping[str, Any]
#: Form fields of params begin so, that they never meet the form's own.
PREFIX = "p."
#: Params that name something on the server, which the form then offers; as the jobs subject has them.
INPUT_KINDS = {
    "dataset": "dataset",
    "dataset_id": "dataset",
    "model": "model",
    "model_id": "model",
    "checkpoint": "model",
}
_INPUT_TYPES = {"date", "datetime-local", "time", "email", "url"}
#: A text that may be longer gets several lines.
_LONG_TEXT_CHARS = 200


@dataclass(frozen=True, slots=True)
class Field:
    """One element of the form, at its place."""

    element: Element
    #: Names and numbers from the top on, with `/` between them; `@` before the number of an alternative.
    path: str
    #: It is an item of a list, or an alternative: it is there, whatever its element says.
    is_given: bool = False

    @property
    def name(self) -> str:
        """The param's name; empty for an item or an alternative."""
        return str(self.element.get("name", ""))

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.element.get("label") or self.name)

    @property
    def is_renamed(self) -> bool:
        """Does its title hide its name?"""
        return bool(self.name) and self.title.lower().replace(" ", "_") != self.name.lower()

    @property
    def is_inner(self) -> bool:
        """Does it lie in a list, a group or a union?"""
        return "/" in self.path or "@" in self.path

    @property
    def field_name(self) -> str:
        """Name of the form's field."""
        return PREFIX + self.path

    @property
    def id(self) -> str:
        """The id of its input on the page, without blanks: an attribute lists several of them."""
        return "field-" + quote(self.path, safe="/@~")

    @property
    def kind(self) -> Kind:
        """How it is asked for."""
        element, formkit = self.element, self.element.get("$formkit")
        if formkit == "hidden":
            return "json"  # whatever its type, its value is kept as it is
        if formkit == "choice":
            return "union"
        if formkit == "checkbox":
            # A box has two states, such a param three.
            return "choice" if self.is_nullable else "boolean"
        if "options" in element:
            return "choice"
        if formkit == "repeater" or formkit == "group":
            return "list" if formkit == "repeater" else "group"
        if element.get("format") == "json":
            return "json"
        if element.get("number") or formkit in ("number", "range"):
            return "integer" if _is_whole(element) else "number"
        return "text"

    @property
    def is_nullable(self) -> bool:
        """May it be null?"""
        return bool(self.element.get("nullable"))

    @property
    def is_needed(self) -> bool:
        """Has the param to be there, if only as null?"""
        return bool(self.element.get("required") or self.is_given)

    @property
    def is_required(self) -> bool:
        """Has something to be filled in?"""
        return self.is_needed and not self.is_nullable

    @property
    def is_switched(self) -> bool:
        """Is it a group that can be left out?"""
        return self.kind == "group" and not self.is_required

    @property
    def is_hidden(self) -> bool:
        """Is nobody to be asked? Where it has to be given and nothing is known, somebody has to be."""
        return self.element.get("$formkit") == "hidden" and (self.has_default or not self.is_required)

    @property
    def help(self) -> str:
        """The author's words about it."""
        return str(self.element.get("help") or "")

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Of a choice: (JSON of the value, what people read)."""
        if self.kind != "choice":
            return []
        is_box = self.element.get("$formkit") == "checkbox"
        found = [("true", "true"), ("false", "false")] if is_box else _read_options(self.element["options"])
        return [*found, ("null", NOTHING)] if self.is_nullable else found

    @property
    def has_default(self) -> bool:
        """Is a value known that holds when nothing is filled in?"""
        return "value" in self.element

    @property
    def default(self) -> Any:
        """The value that the form holds at first, None without one."""
        value = self.element.get("value")
        if self.element.get("format") == "json" and isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:  # of a form that somebody else made: the text is the value
                return value
        return value

    @property
    def default_shown(self) -> str:
        """The default in one line, as people read it."""
        if not self.has_default:
            return ""
        found = dict(self.choices).get(json.dumps(self.default))
        return found or show(self.default)

    @property
    def is_secret(self) -> bool:
        """Is it written only, and never shown?"""
        return self.element.get("$formkit") == "password"

    @property
    def is_long(self) -> bool:
        """Is it a text of several lines? A single line of a form would lose their ends."""
        bounds = self._rule("length")
        may_be_long = len(bounds) > 1 and isinstance(bounds[1], int) and bounds[1] > _LONG_TEXT_CHARS
        is_area = self.element.get("$formkit") == "textarea"
        return self.kind == "text" and (is_area or may_be_long or "\n" in str(self.default))

    @property
    def input_type(self) -> str:
        """The type of its input, where the browser helps."""
        formkit = str(self.element.get("$formkit"))
        return "password" if self.is_secret else formkit if formkit in _INPUT_TYPES else "text"

    @property
    def input_kind(self) -> str | None:
        """'dataset' or 'model' for a param that names one."""
        return INPUT_KINDS.get(self.path) if self.kind == "integer" else None

    @property
    def minimum(self) -> float | None:
        """The least number, or the fewest items; of whole numbers never the excluded bound."""
        return self._bound("min", 1)

    @property
    def maximum(self) -> float | None:
        """The greatest number, or the most items."""
        return self._bound("max", -1)

    @property
    def step(self) -> float | str:
        """What a number is a multiple of; 'any' for no such thing."""
        step = self.element.get("step", 1 if self.kind == "integer" else "any")
        return step if isinstance(step, int | float) else "any"

    @property
    def length_min(self) -> int | None:
        """Characters at least."""
        bounds = self._rule("length")
        return bounds[0] if bounds and isinstance(bounds[0], int) and bounds[0] else None

    @property
    def length_max(self) -> int | None:
        """Characters at most."""
        bounds = self._rule("length")
        return bounds[1] if len(bounds) > 1 and isinstance(bounds[1], int) else None

    @property
    def pattern(self) -> str:
        """What a text has to match; the server looks, for a browser reads patterns in its own way."""
        rule = self._rule("matches")
        return str(rule[0])[1:-1] if rule else ""

    @property
    def children(self) -> list[Field]:
        """The fields of a group."""
        children = self.element.get("children") or () if self.kind == "group" else ()
        return [Field(child, f"{self.path}/{_quote(str(child['name']))}") for child in children]

    def item(self, number: int | str) -> Field:
        """Return the item of a list that has this number in the form."""
        children = self.element.get("children") or []
        is_plain = len(children) == 1 and "name" not in children[0]
        element = children[0] if is_plain else {"$formkit": "group", "children": children}
        return Field(element, f"{self.path}/{number}", is_given=True)

    @property
    def new_number(self) -> str:
        """What stands for the number of an item that is not there yet; another one in each list of a list."""
        return f"__{self.path.count('__')}__"

    @property
    def alternatives(self) -> list[tuple[str, Field]]:
        """Of a union: the name of each alternative, and its field."""
        if self.kind != "union":
            return []
        options = enumerate(self.element["options"])
        return [
            (str(one["label"]), Field(one["element"], f"{self.path}@{number}", is_given=True))
            for number, one in options
        ]

    def _rule(self, name: str) -> Sequence[Any]:
        rules = self.element.get("validation")
        known = [rule for rule in rules if isinstance(rule, list)] if isinstance(rules, list) else []
        return next((rule[1:] for rule in known if rule[:1] == [name]), ())

    def _bound(self, name: str, beyond: int) -> float | None:
        bound = self.element.get(name)
        if not isinstance(bound, int | float) or isinstance(bound, bool):
            return None
        rules = self.element.get("validation")
        is_excluded = isinstance(rules, list) and ["not", bound] in rules
        return bound + beyond if is_excluded and self.kind == "integer" else bound


def build_fields(schema: Mapping[str, Any]) -> list[Field]:
    """Return the fields of a params schema, in its order."""
    return [_at_top(_as_known(element)) for element in schema_to_ui_schema(schema)]


def build_sent_fields(form: Any) -> list[Field]:
    """Return the fields of a form that a client made; what is no element is left out.

    There every number is a `number` without a step, so that all of them may have a fraction; and what the
    vendor's sync calls required may have a default all the same.
    """
    elements = form if isinstance(form, list) else []
    named = [item for item in elements if isinstance(item, Mapping) and isinstance(item.get("name"), str)]
    return [_at_top(_as_known({"step": "any", **_leave_needless(item)})) for item in named]


def show(value: Any) -> str:
    """Return a value as people read it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_known(element: Element) -> Element:
    """Return the element, or one that asks for JSON where it is not of a shape that we know."""
    if _is_known(element):
        return element
    kept = {key: element[key] for key in ("name", "label", "help", "required", "nullable") if key in element}
    return {**kept, "$formkit": "textarea", "format": "json"}


def _is_known(element: Any) -> bool:
    if not isinstance(element, Mapping):
        return False
    formkit = element.get("$formkit")
    if formkit == "choice":
        options = element.get("options")
        return isinstance(options, list) and all(
            isinstance(one, Mapping) and "label" in one and _is_known(one.get("element")) for one in options
        )
    if formkit not in ("group", "repeater"):
        return True
    children = element.get("children")
    if not isinstance(children, list) or not all(_is_known(child) for child in children):
        return False
    is_plain = formkit == "repeater" and len(children) == 1
    return is_plain or all(isinstance(child.get("name"), str) for child in children)


def _at_top(element: Element) -> Field:
    return Field(element, _quote(str(element["name"])))


def _leave_needless(element: Element) -> dict[str, Any]:
    has_default = element.get("value") is not None
    return {key: value for key, value in element.items() if key != "required" or not has_default}


def _quote(name: str) -> str:
    """Return a name without what parts a path."""
    for number, mark in enumerate("~/@#?"):
        name = name.replace(mark, f"~{number}")
    return name


def _is_whole(element: Element) -> bool:
    facts = [element.get(key, 0) for key in ("step", "min", "max", "value")]
    return all(isinstance(fact, int) for fact in facts)


def _read_options(options: Any) -> list[tuple[str, str]]:
    """Read options in each of FormKit's ways: texts, `{value: label}`, or a list of `{label, value}`."""
    if isinstance(options, Mapping):
        return [(json.dumps(value), str(label)) for value, label in options.items()]
    found = []
    for option in options if isinstance(options, list) else ():
        value = option.get("value") if isinstance(option, Mapping) else option
        label = option.get("label", show(value)) if isinstance(option, Mapping) else show(value)
        found.append((json.dumps(value), str(label)))
    return found
