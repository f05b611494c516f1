"""Params as people write them: JSON, a file, or single `name=value` pairs.

What people write is checked more strictly than what a program passes: an unknown name is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import pydantic
from pydantic import BaseModel

from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.plugins.errors import ParamsError, ValidationError
from synapse_sdk.plugins.param_names import accepted_names, find_field, find_unknown_params, iter_options

_QUOTING = """Quote the whole value: --params '{"epochs": 5}'; or write it to a file: --params @params.json"""

_HIDDEN: Final = "***"
#: Pydantic's names of what is wrong with a value that is no list.
_LIST_TYPES: Final = frozenset(["list_type", "tuple_type", "set_type", "frozen_set_type"])


def parse_params(text: str, *, folder: Path | None = None) -> dict[str, Any]:
    """Parse the value of `--params`: a JSON object, or `@file.json`.

    Args:
        text: The value.
        folder: Where a relative file is looked for; the current folder unless given.

    Raises:
        ValidationError: It is not JSON (with the position), not an object, or the file can not be read.
    """
    params = parse_json(text, option="--params", folder=folder)
    if not isinstance(params, dict):
        raise ValidationError(
            f"{_origin_of(text, '--params', folder)} must be a JSON object, not a {type(params).__name__}.",
            {"type": type(params).__name__},
            hint=_QUOTING,
        )
    return params


def parse_json(text: str, *, option: str, folder: Path | None = None) -> Any:
    """Parse the value of an option: JSON, or `@file.json`.

    Args:
        text: The value.
        option: What it was given as, for errors.
        folder: Where a relative file is looked for; the current folder unless given.

    Raises:
        ValidationError: It is not JSON (with the position), or the file can not be read.
    """
    origin = _origin_of(text, option, folder)
    if text.startswith("@"):
        try:
            text = Path(origin).read_text(encoding="utf-8-sig")  # some editors begin with a byte order mark
        except (OSError, UnicodeDecodeError) as exc:
            reason = getattr(exc, "strerror", None) or exc
            raise ValidationError(f"{option} {origin}: the file can not be read: {reason}.") from exc
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        near = shorten(text[max(0, exc.pos - 10) : exc.pos + 20], limit=30)
        raise ValidationError(
            f"{origin} is not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}, near {near!r}.",
            {"line": exc.lineno, "column": exc.colno, "position": exc.pos},
            hint=_advise_file(text, option, folder) or _QUOTING.replace("--params", option),
        ) from exc
    except (ValueError, RecursionError) as exc:  # a number of thousands of digits, brackets without end
        raise ValidationError(f"{origin} can not be read as JSON: {exc}.") from exc


def _advise_file(text: str, option: str, folder: Path | None) -> str | None:
    """Say how the file of that name is read, if there is one."""
    try:
        is_file = ((folder or Path.cwd()) / text).is_file()
    except (OSError, ValueError):  # too long for a name, or with what none can have
        return None
    return f"To read the file of that name: {option} @{text}" if is_file else None


def _origin_of(text: str, option: str, folder: Path | None) -> str:
    return str((folder or Path.cwd()) / text[1:]) if text.startswith("@") else option


def parse_assignment(text: str) -> tuple[str, str]:
    """Split the value of `--set`: `name=value`, where the name may have dots.

    Raises:
        ValidationError: There is no `=`, or nothing before it.
    """
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise ValidationError(
            f"--set {text!r} is not of the form name=value.", hint="Such as: --set epochs=5"
        )
    return name.strip(), value


def apply_assignments(
    model: type[BaseModel] | None, params: Mapping[str, Any], assignments: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """Lay `name=value` pairs over `params`, each value read as its field in `model` wants it.

    A value is taken as text where the field takes that text (so `5` is a number for an int and a text for a
    str), else as JSON. Dots reach into nested values.
    """
    merged = dict(params)
    for name, value in assignments:
        is_one_name = model is not None and find_field(model, name) is not None
        *above, last = [name] if is_one_name else name.split(".")
        node, annotation, is_strict = merged, model, False
        for index, part in enumerate(above):
            inner = {} if node.get(part) is None else node[part]
            if not isinstance(inner, Mapping):
                place = ".".join(above[: index + 1])
                raise ValidationError(
                    f"--set {name}: {place} is {_show(place, inner, annotation)}, which has no fields.",
                    {"name": name},
                )
            node[part] = node = dict(inner)
            annotation, is_strict = _enter(annotation, part)
        annotation, is_strict = _enter(annotation, last)
        node[last] = _read_as(annotation, value, is_strict=is_strict)
    return merged


def validate_params(
    action_cls: type[Any],
    params: Mapping[str, Any] | BaseModel,
    *,
    action: str | None = None,
    client: Any = None,
    refuses_unknown: bool = False,
) -> Any:
    """Check `params` against the action's model; return the model's instance (the mapping, without a model).

    Args:
        action_cls: A subclass of `BaseAction`.
        params: What was given.
        action: What the user calls it, for messages; the class's own name unless given.
        client: Handed to the model's validators as `context["client"]`.
        refuses_unknown: Also refuse names that the model does not have, unless it takes any.

    Raises:
        ParamsError: They do not fit; the message has every field, its value and its rule.
    """
    model: type[BaseModel] | None = getattr(action_cls, "params_model", None)
    if model is None:
        return params
    unknown = find_unknown_params(model, params) if refuses_unknown and isinstance(params, Mapping) else []
    try:
        checked = model.__pydantic_validator__.validate_python(params, context={"client": client})
    except pydantic.ValidationError as error:
        told = {item["field"] for item in unknown}
        problems = [_explain(item, model) for item in error.errors(include_url=False)]
        problems = [item for item in problems if item["field"] not in told]
        raise _refuse(action or _name(action_cls), model, [*problems, *unknown]) from error
    if unknown:
        raise _refuse(action or _name(action_cls), model, unknown)
    return checked


def _name(action_cls: type[Any]) -> str:
    return str(action_cls.action_name or action_cls.__name__)


def _explain(item: Any, model: type[BaseModel]) -> dict[str, Any]:
    path = item["loc"]
    field = ".".join(map(str, path)) or "params"
    annotation: Any = model
    for part in path:
        annotation, _ = _enter(annotation, part)
    is_shown = path and item["type"] != "missing"
    shown = _show(field, item["input"], annotation) if is_shown else ""
    given = f" (given: {shown})" if shown else ""
    return {"field": field, "loc": list(path), "problem": f"{item['msg']}{given}{_advise(item, shown)}"}


def _advise(item: Any, shown: str) -> str:
    """Show a single value, or several with commas between, as the list that was probably meant."""
    if (
        item["type"] not in _LIST_TYPES
        or not isinstance(item["input"], str | int | float)
        or shown == _HIDDEN
    ):
        return ""
    values = [_json_or_text(part.strip()) for part in str(item["input"]).split(",")]
    return f"; as a list: {shorten(json.dumps(values, ensure_ascii=False))}"


def _show(field: str, value: object, annotation: Any) -> str:
    # A value that was refused may still be a secret, and a mapping may hold one.
    is_secret = any(word in field.lower() for word in ("token", "secret", "password", "key"))
    if is_secret or "Secret" in repr(annotation):
        return _HIDDEN
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, value))}" if value else "an empty mapping"
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        return f"a list of {len(value)}"
    return shorten(repr(value))


def _refuse(name: str, model: type[BaseModel], problems: list[dict[str, Any]]) -> ParamsError:
    lines = [f"{item['field']}: {item['problem']}" for item in problems]
    listed = f" {lines[0]}" if len(lines) == 1 else "\n  " + "\n  ".join(lines)
    return ParamsError(
        f"The params of {name} do not fit:{listed}",
        {"problems": problems},
        hint=f"{name} takes: {', '.join(sorted(accepted_names(model))) or 'no params'}.",
    )


def _enter(annotation: Any, name: object) -> tuple[Any, bool]:
    """Return what is wanted of `name` inside an annotation (None: anything), and whether it is strict."""
    for option in iter_options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            field = find_field(option, str(name))
            is_strict = bool(option.model_config.get("strict"))
            return (None if field is None else field.rebuild_annotation()), is_strict
        if get_origin(option) in (dict, list, tuple, set, frozenset):
            return get_args(option)[1 if get_origin(option) is dict else 0], False
    return None, False


def _read_as(annotation: Any, value: str, *, is_strict: bool) -> Any:
    if annotation is None or annotation is Any:
        return _json_or_text(value)
    try:
        adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(annotation)
        adapter.validate_python(value, strict=is_strict or None)
    except pydantic.ValidationError:
        return _json_or_text(value)
    return value


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
