"""Params as people write them: JSON, a file, or single `name=value` pairs.

What people write is checked more strictly than what a program passes: an unknown name is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pydantic
from pydantic import AliasChoices, AliasPath, BaseModel, TypeAdapter

from synapse_sdk._internal.closest import find_closest
from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.plugins.errors import ParamsError, ValidationError

_QUOTING = """Quote the whole value: --params '{"epochs": 5}'; or write it to a file: --params @params.json"""


def parse_params(text: str, *, folder: Path | None = None) -> dict[str, Any]:
    """Parse the value of `--params`: a JSON object, or `@file.json`.

    Args:
        text: The value.
        folder: Where a relative file is looked for; the current folder unless given.

    Raises:
        ValidationError: It is not JSON (with the position), not an object, or the file can not be read.
    """
    origin = "--params"
    if text.startswith("@"):
        file = (folder or Path.cwd()) / text[1:]
        origin = str(file)
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            reason = getattr(exc, "strerror", None) or exc
            raise ValidationError(f"--params {file}: the file can not be read: {reason}.") from exc
    try:
        params = json.loads(text)
    except json.JSONDecodeError as exc:
        near = shorten(text[max(0, exc.pos - 10) : exc.pos + 20], limit=30)
        raise ValidationError(
            f"{origin} is not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}, near {near!r}.",
            {"line": exc.lineno, "column": exc.colno, "position": exc.pos},
            hint=_QUOTING,
        ) from exc
    if not isinstance(params, dict):
        raise ValidationError(
            f"{origin} must be a JSON object, not a {type(params).__name__}.",
            {"type": type(params).__name__},
            hint=_QUOTING,
        )
    return params


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
        first, *rest = name.split(".")
        if not rest:
            merged[first] = _read_value(model, first, value)
            continue
        node = merged[first] = dict(merged.get(first) or {})
        for part in rest[:-1]:
            inner = node.get(part)
            node[part] = node = dict(inner) if isinstance(inner, Mapping) else {}
        node[rest[-1]] = _json_or_text(value)
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
    name = action or action_cls.action_name or action_cls.__name__
    unknown = _find_unknown(model, params) if refuses_unknown and isinstance(params, Mapping) else []
    try:
        checked = model.__pydantic_validator__.validate_python(params, context={"client": client})
    except pydantic.ValidationError as error:
        problems = [_explain(item) for item in error.errors(include_url=False)]
        raise _refuse(name, model, [*problems, *unknown]) from error
    if unknown:
        raise _refuse(name, model, unknown)
    return checked


def _find_unknown(model: type[BaseModel], params: Mapping[str, Any]) -> list[dict[str, str]]:
    if model.model_config.get("extra") == "allow":
        return []
    known = _accepted_names(model)
    problems = []
    for name in params:
        if name not in known:
            close = find_closest(name, known)
            problem = "there is no such param" + (f"; did you mean {close}?" if close else "")
            problems.append({"field": name, "problem": problem})
    return problems


def _explain(item: Any) -> dict[str, str]:
    field = ".".join(map(str, item["loc"])) or "params"
    given = "" if item["type"] == "missing" else f" (given: {_show(field, item['input'])})"
    return {"field": field, "problem": f"{item['msg']}{given}"}


def _show(field: str, value: object) -> str:
    # A value that was refused may still be a secret.
    if any(word in field.lower() for word in ("token", "secret", "password", "key")):
        return "***"
    return shorten(repr(value))


def _refuse(name: str, model: type[BaseModel], problems: list[dict[str, str]]) -> ParamsError:
    lines = [f"{item['field']}: {item['problem']}" for item in problems]
    listed = lines[0] if len(lines) == 1 else "\n  " + "\n  ".join(lines)
    return ParamsError(
        f"The params of {name} do not fit: {listed}",
        {"problems": problems},
        hint=f"{name} takes: {', '.join(sorted(_accepted_names(model))) or 'no params'}.",
    )


def _accepted_names(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    by_name = model.model_config.get("populate_by_name") or model.model_config.get("validate_by_name")
    for name, field in model.model_fields.items():
        alias = field.validation_alias or field.alias
        if alias is None or by_name:
            names.add(name)
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        for choice in choices:
            first = choice.path[0] if isinstance(choice, AliasPath) else choice
            if isinstance(first, str):
                names.add(first)
    return names


def _read_value(model: type[BaseModel] | None, name: str, value: str) -> Any:
    field = model.model_fields.get(name) if model is not None else None
    if field is None:
        return _json_or_text(value)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
        adapter.validate_python(value)
    except pydantic.ValidationError:
        return _json_or_text(value)
    return value


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
