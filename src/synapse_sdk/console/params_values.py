"""Params → what the fields of a form hold, and back; and problems of params → the field that each belongs to.

Beside the fields themselves a form says by further names what is there: `PATH/3#` that a list has an item
number 3, `PATH?` that a group is given, and `PATH@` which alternative is chosen.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from synapse_sdk.console.params_form import Field, show
from synapse_sdk.console.texts import Texts

Typed = Mapping[str, str]
#: JSON that is longer is written on several lines.
_LINE_CHARS = 72
#: What pydantic's bounds are called in our texts, and the fact that is the bound.
_RULES = {
    "greater_than_equal": ("form.at_least", "ge"),
    "greater_than": ("form.more_than", "gt"),
    "less_than_equal": ("form.at_most", "le"),
    "less_than": ("form.less_than", "lt"),
    "multiple_of": ("form.multiple_of", "multiple_of"),
    "string_too_short": ("form.too_short", "min_length"),
    "string_too_long": ("form.too_long", "max_length"),
    "string_pattern_mismatch": ("form.no_match", "pattern"),
    "too_short": ("form.too_few", "min_length"),
    "too_long": ("form.too_many", "max_length"),
}


class _Absent:
    """Nothing was filled in, and the default holds."""


_ABSENT = _Absent()


class _UnreadableError(Exception):
    """What was typed is no value of the field."""


def fill_in(fields: Iterable[Field], params: Mapping[str, Any] = {}) -> dict[str, str]:
    """Return what the form holds at first: the defaults, or params that are known already. Never a secret."""
    typed: dict[str, str] = {}
    for field in fields:
        is_known = field.name in params
        typed |= dict(_iter_typed(field, params[field.name]) if is_known else _iter_first(field))
    return typed


def fill_in_new(fields: Iterable[Field]) -> dict[str, str]:
    """Return what an item that somebody adds to a list holds at first; for the list's pattern of an item."""
    typed: dict[str, str] = {}
    for field in fields:
        new = field.item(field.new_number) if field.kind == "list" else None
        if new is not None:
            typed |= dict(_iter_first(new))
        inner = [*field.children, *(one for _, one in field.alternatives)]
        typed |= fill_in_new(inner if new is None else [new])
    return typed


def list_items(field: Field, typed: Typed) -> list[Field]:
    """Return the items that a list has in the form, in their order."""
    beginning = f"{field.field_name}/"
    numbers = [
        int(found[1])
        for name in typed
        if name.startswith(beginning) and (found := re.fullmatch(r"([0-9]{1,6})#", name[len(beginning) :]))
    ]
    return [field.item(number) for number in sorted(set(numbers))]


def add_item(field: Field, typed: Typed) -> dict[str, str]:
    """Return the form with one more item, with its defaults, at the end of a list."""
    items = list_items(field, typed)
    last = int(items[-1].path.rpartition("/")[2]) if items else -1
    item = field.item(last + 1)
    return {**typed, f"{item.field_name}#": "1", **dict(_iter_first(item))}


def find_field(fields: Iterable[Field], field_name: str, typed: Typed) -> Field | None:
    """Return the field of this name, wherever in the form it is."""
    for field in fields:
        if field.field_name == field_name:
            return field
        if field_name.startswith(field.field_name):
            parts = [*field.children, *list_items(field, typed)] if field.kind != "union" else []
            parts += [one for _, one in field.alternatives]
            if (found := find_field(parts, field_name, typed)) is not None:
                return found
    return None


def parse_form(fields: Sequence[Field], typed: Typed, t: Texts) -> tuple[dict[str, Any], dict[str, str]]:
    """Turn what was typed into params. What was left empty is left out, and its default holds.

    Returns:
        The params, and the problem of each field that can not be read, by its path.
    """
    problems: dict[str, str] = {}
    return _read_group(fields, typed, t, problems), problems


def place_problem(fields: Sequence[Field], loc: Sequence[Any], typed: Typed) -> tuple[str, str] | None:
    """Return the path of the field that a param's place leads to, and what of the place lies inside it.

    Args:
        fields: The form.
        loc: Names and indexes, without a first `params`.
        typed: What the form holds: which alternatives are chosen, which items are there.
    """
    field = next((item for item in fields if loc and item.name == loc[0]), None)
    if field is None:
        return None
    rest = list(loc[1:])
    while rest:
        inner = _enter(field, rest, typed)
        if inner is None:
            break
        field, rest = inner
    inside = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
    return field.path, inside.removeprefix(".") if field.kind == "json" else ""


def say_problem(item: Mapping[str, Any], t: Texts) -> str:
    """Return a problem of the server's in the reader's language, as far as we have its words."""
    text_id, fact = _RULES.get(str(item.get("type")), ("", ""))
    facts = item.get("ctx") or {}
    if text_id and fact in facts:
        bound = facts[fact]
        return t(text_id, bound=f"{bound:g}" if isinstance(bound, float) else bound)
    words = {"missing": "form.needed", "masked_secret": "form.secret_again"}.get(str(item.get("type")))
    return t(words) if words else str(item["msg"])


def parse_json(text: str, t: Texts) -> Any:
    """Read JSON that somebody typed; the problem says where it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _UnreadableError(t("form.not_json", line=error.lineno, column=error.colno)) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise _UnreadableError(t("form.not_json", line=1, column=1)) from error


def parse_whole(text: str, t: Texts) -> tuple[dict[str, Any], str | None]:
    """Read all params from one JSON document, for an action of which no form is known."""
    try:
        params = parse_json(text, t) if text.strip() else {}
    except _UnreadableError as problem:
        return {}, str(problem)
    return (params, None) if isinstance(params, dict) else ({}, t("form.not_object"))


def _iter_first(field: Field) -> Iterator[tuple[str, str]]:
    """Yield what the form holds of a field at first."""
    if field.has_default:
        yield from _iter_typed(field, field.default)
    elif field.kind == "group":
        for child in field.children:
            yield from _iter_first(child)
    elif field.kind == "union":
        for number, (_, one) in enumerate(field.alternatives):
            if number == 0 and field.is_required:
                yield f"{field.field_name}@", "0"
            yield from _iter_first(one)
    elif field.kind == "list":
        for number in range(min(int(field.minimum or 0), 20) if field.is_required else 0):
            yield f"{field.item(number).field_name}#", "1"
            yield from _iter_first(field.item(number))
    elif field.kind == "choice" and field.is_nullable and not field.element.get("required"):
        yield field.field_name, "null"


def _iter_typed(field: Field, value: Any) -> Iterator[tuple[str, str]]:
    """Yield what the form holds of a field that has this value."""
    kind, name = field.kind, field.field_name
    if kind == "group" and isinstance(value, Mapping):
        yield f"{name}?", "on"
        for child in field.children:
            yield from _iter_typed(child, value[child.name]) if child.name in value else _iter_first(child)
    elif kind == "list" and isinstance(value, list):
        for number, item in enumerate(value):
            yield f"{field.item(number).field_name}#", "1"
            yield from _iter_typed(field.item(number), item)
    elif kind == "union" and value is not None:
        found = next((n for n, (_, one) in enumerate(field.alternatives) if _has_kind(one, value)), None)
        for number, (_, one) in enumerate(field.alternatives):
            if number == found:
                yield f"{name}@", str(number)
            yield from _iter_typed(one, value) if number == found else _iter_first(one)
    elif not field.is_secret and kind not in ("group", "list", "union"):
        yield name, _to_text(field, value)


def _has_kind(field: Field, value: Any) -> bool:
    """Is a value of the kind that an alternative asks for?"""
    kind = field.kind
    if kind == "group":
        names = {child.name for child in field.children}
        fixed = [child for child in field.children if len(child.choices) == 1 and child.name in (value or ())]
        return (
            isinstance(value, Mapping)
            and value.keys() <= names
            and all(json.dumps(value[child.name]) == child.choices[0][0] for child in fixed)
        )
    if kind == "choice":
        return json.dumps(value) in dict(field.choices)
    if kind == "list":
        return isinstance(value, list) and all(_has_kind(field.item(0), item) for item in value)
    if kind in ("integer", "number"):
        is_number = isinstance(value, int if kind == "integer" else int | float)
        return is_number and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    return kind == "json" or isinstance(value, str)


def _to_text(field: Field, value: Any) -> str:
    if field.kind == "boolean":
        return "on" if value else ""
    if field.kind == "choice":
        return json.dumps(value)
    if value is None:
        return ""
    if field.kind == "json":
        line = json.dumps(value, ensure_ascii=False)
        return line if len(line) <= _LINE_CHARS else json.dumps(value, ensure_ascii=False, indent=2)
    return show(value)


def _read_group(fields: Iterable[Field], typed: Typed, t: Texts, problems: dict[str, str]) -> dict[str, Any]:
    found = ((field.name, _read(field, typed, t, problems)) for field in fields)
    return {name: value for name, value in found if value is not _ABSENT}


def _read(field: Field, typed: Typed, t: Texts, problems: dict[str, str]) -> Any:
    """Return the value of a field, or that there is none. Problems are added to `problems`."""
    kind, name = field.kind, field.field_name
    if kind == "boolean":
        return bool(typed.get(name))
    if kind == "group":
        if field.is_switched and not typed.get(f"{name}?"):
            return _read_nothing(field, t, problems)
        return _read_group(field.children, typed, t, problems)
    if kind == "list":
        items = [_read(item, typed, t, problems) for item in list_items(field, typed)]
        if items or field.is_required or field.default:
            return items
        # What has to be given, and may be null, is null where nothing is.
        return None if field.is_nullable and field.is_needed else _ABSENT
    if kind == "union":
        chosen = dict(enumerate(one for _, one in field.alternatives)).get(_number(typed.get(f"{name}@")))
        return _read(chosen, typed, t, problems) if chosen else _read_nothing(field, t, problems)
    text = typed.get(name, "")
    if not text.strip():
        return _read_nothing(field, t, problems)
    try:
        return _parse(field, text, t)
    except _UnreadableError as problem:
        problems[field.path] = str(problem)
        return _ABSENT


def _read_nothing(field: Field, t: Texts, problems: dict[str, str]) -> Any:
    """Return what an empty field means."""
    if field.is_nullable and (field.is_needed or field.has_default):
        return None
    if field.is_given and field.kind == "text" and not field.is_secret:
        return ""
    if field.is_required:
        problems[field.path] = t("form.needed")
    return _ABSENT


def _number(text: str | None) -> int:
    return int(text) if text is not None and re.fullmatch("[0-9]{1,6}", text) else -1


def _parse(field: Field, text: str, t: Texts) -> Any:
    if field.kind == "text":
        return text.replace("\r\n", "\n")
    if field.kind == "integer":
        return _parse_integer(text, t)
    if field.kind == "number":
        return _parse_number(text, t)
    if field.kind == "choice" and text not in dict(field.choices):
        raise _UnreadableError(t("form.not_a_choice"))
    return parse_json(text, t)


def _parse_integer(text: str, t: Texts) -> int:
    try:
        return int(text.strip())
    except ValueError as error:
        raise _UnreadableError(t("form.not_integer")) from error


def _parse_number(text: str, t: Texts) -> float | int:
    try:
        number = float(text.strip())
    except ValueError as error:
        raise _UnreadableError(t("form.not_number")) from error
    if not math.isfinite(number):
        raise _UnreadableError(t("form.not_number"))
    return int(text) if text.strip().lstrip("+-").isdigit() else number


def _enter(field: Field, rest: list[Any], typed: Typed) -> tuple[Field, list[Any]] | None:
    """Step into a field towards a place; None where the form has nothing further in."""
    part, after = rest[0], rest[1:]
    if field.kind == "group":
        child = next((item for item in field.children if item.name == part), None)
        return None if child is None else (child, after)
    if field.kind == "list":
        items = list_items(field, typed)
        return (items[part], after) if isinstance(part, int) and part < len(items) else None
    if field.kind == "union":
        number = _number(typed.get(f"{field.field_name}@"))
        chosen = dict(enumerate(one for _, one in field.alternatives)).get(number)
        if chosen is None:
            return None
        # pydantic names the alternative in the place, the server does not.
        return _enter(chosen, rest, typed) or _enter(chosen, after or [""], typed)
    return None
