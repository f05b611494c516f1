"""A form from the JSON Schema of an action's params, and params from the form that comes back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from synapse_sdk.console.bounds import find_misfit
from synapse_sdk.console.moments import NOTHING
from synapse_sdk.console.texts import Texts

Kind = Literal["text", "integer", "number", "boolean", "choice", "json"]
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
#: JSON that is longer is written on several lines.
_LINE_CHARS = 72
#: A text that may be longer gets several lines.
_LONG_TEXT_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One param, as a form asks for it."""

    name: str
    title: str
    kind: Kind
    is_required: bool = False
    help: str = ""
    #: What the form holds at first.
    initial: str = ""
    #: Of a choice: (JSON of the value, what people read).
    choices: Sequence[tuple[str, str]] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    #: "dataset" or "model" for a param that names one.
    input_kind: str | None = None
    is_secret: bool = False
    #: A text of several lines: a single line of a form would lose their ends.
    is_long: bool = False
    #: Of a text: characters at least and at most; what the browser's own calendar helps with.
    length_min: int | None = None
    length_max: int | None = None
    is_date: bool = False
    #: Returns what of a value lies outside the author's bounds.
    find_misfit: Callable[[Any, Texts], str | None] = lambda value, t: None

    @property
    def initial_shown(self) -> str:
        """What the form holds at first, as people read it."""
        return dict(self.choices).get(self.initial, self.initial)

    @property
    def field_name(self) -> str:
        """Name of the form's field."""
        return PREFIX + self.name


def build_fields(schema: Mapping[str, Any]) -> list[Field]:
    """Return the fields of a params schema, in its order."""
    required = set(schema.get("required") or ())
    properties: Mapping[str, Any] = schema.get("properties") or {}
    return [
        _build_field(name, item, schema, is_required=name in required) for name, item in properties.items()
    ]


def fill_in(fields: Sequence[Field], params: Mapping[str, Any]) -> dict[str, str]:
    """Return what the form holds for params that are known already."""
    return {field.field_name: _to_text(field, params[field.name]) for field in fields if field.name in params}


def parse_form(
    fields: Sequence[Field], typed: Mapping[str, str], t: Texts
) -> tuple[dict[str, Any], dict[str, str]]:
    """Turn what was typed into params. What was left empty is left out, and its default holds.

    Returns:
        The params, and the problem of each field that can not be read.
    """
    params: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in fields:
        text = typed.get(field.field_name, "")
        if field.kind == "boolean":
            params[field.name] = bool(text)
        elif text.strip():
            try:
                value = params[field.name] = _parse(field, text, t)
                if misfit := field.find_misfit(value, t):
                    problems[field.name] = misfit
            except _UnreadableError as problem:
                problems[field.name] = str(problem)
        elif field.is_required:
            problems[field.name] = t("form.needed")
    return params, problems


class _UnreadableError(Exception):
    """What was typed is no value of the field."""


def _build_field(name: str, item: Any, root: Mapping[str, Any], *, is_required: bool) -> Field:
    schema, is_nullable = _resolve(item, root)
    kind = _kind_of(schema)
    choices = [(json.dumps(value), _show(value)) for value in schema.get("enum", ())]
    if kind == "boolean" and is_nullable:
        # A box has two states, such a param three.
        kind, choices = "choice", [("true", "true"), ("false", "false")]
    if kind == "choice" and is_nullable:
        choices.append(("null", NOTHING))
    default = item.get("default") if isinstance(item, Mapping) else None
    is_null_chosen = kind == "choice" and is_nullable and "default" in item and default is None
    numbers = schema if kind in ("integer", "number") else {}
    field = Field(
        name=name,
        title=str(schema.get("title") or name),
        kind=kind,
        is_required=is_required and not is_nullable,
        help=str(schema.get("description") or ""),
        choices=choices,
        minimum=_bound(numbers, "minimum", "exclusiveMinimum"),
        maximum=_bound(numbers, "maximum", "exclusiveMaximum"),
        step=numbers.get("multipleOf"),
        input_kind=INPUT_KINDS.get(name) if kind == "integer" else None,
        is_secret=schema.get("format") == "password",
        is_long=kind == "text" and _is_long(schema, default),
        length_min=schema.get("minLength") if kind == "text" else None,
        length_max=schema.get("maxLength") if kind == "text" else None,
        is_date=schema.get("format") == "date",
        find_misfit=lambda value, t: find_misfit(value, item, root, t),
        initial="null" if is_null_chosen else "",
    )
    if default is None:
        return field
    values = {name: getattr(field, name) for name in Field.__dataclass_fields__}
    return Field(**{**values, "initial": _to_text(field, default)})


def _resolve(item: Any, root: Mapping[str, Any], depth: int = 0) -> tuple[Mapping[str, Any], bool]:
    """Follow references, and take `X or null` for X. Returns the schema, and whether it may be null."""
    if not isinstance(item, Mapping) or depth > 8:
        return {}, False
    outer = {name: item[name] for name in ("title", "description", "default") if name in item}
    if isinstance(reference := item.get("$ref"), str):
        name = reference.removeprefix("#/$defs/")
        found, is_nullable = _resolve((root.get("$defs") or {}).get(name), root, depth + 1)
        return {**found, **outer}, is_nullable
    for word in ("anyOf", "oneOf", "allOf"):
        options = [option for option in item.get(word) or () if option != {"type": "null"}]
        if len(options) == 1:
            found, is_nullable = _resolve(options[0], root, depth + 1)
            return {**found, **outer}, is_nullable or len(item[word]) > 1
    return item, False


def _kind_of(schema: Mapping[str, Any]) -> Kind:
    if "enum" in schema:
        return "choice"
    kinds: dict[object, Kind] = {
        "string": "text",
        "integer": "integer",
        "number": "number",
        "boolean": "boolean",
    }
    kind = schema.get("type")
    return kinds.get(kind, "json") if isinstance(kind, str) else "json"


def _is_long(schema: Mapping[str, Any], default: object) -> bool:
    return "\n" in str(default) or (schema.get("maxLength") or 0) > _LONG_TEXT_CHARS


def _bound(schema: Mapping[str, Any], *names: str) -> float | None:
    # An exclusive bound is a hint here; the service refuses the bound itself.
    return next((schema[name] for name in names if isinstance(schema.get(name), int | float)), None)


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
    return _show(value)


def _show(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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


def parse_json(text: str, t: Texts) -> Any:
    """Read JSON that somebody typed; the problem says where it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _UnreadableError(t("form.not_json", line=error.lineno, column=error.colno)) from error


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


def parse_whole(text: str, t: Texts) -> tuple[dict[str, Any], str | None]:
    """Read all params from one JSON document, for an action of which no schema is known."""
    try:
        params = parse_json(text, t) if text.strip() else {}
    except _UnreadableError as problem:
        return {}, str(problem)
    return (params, None) if isinstance(params, dict) else ({}, t("form.not_object"))
