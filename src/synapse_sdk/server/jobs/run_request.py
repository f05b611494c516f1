"""Does a request fit the release that it names? Checks of params that need no code of the author's.

The worker validates fully, with the author's own model; this finds at once what would fail there later.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.server.http import InvalidError, NotFoundError
from synapse_sdk.wire.envelope import InputReference

#: Params that name what is stored on the server. Source: `plugins/actions/`, `input_references`.
INPUT_KIND_BY_PARAM = {
    "dataset": "dataset",
    "dataset_id": "dataset",
    "model": "model",
    "model_id": "model",
    "checkpoint": "model",
}
_INPUT_SHOWN = 100


def get_action(config: Mapping[str, Any], wanted: str | None) -> tuple[str, Mapping[str, Any]]:
    """Return an action of a release's config; the only one when none is named.

    Raises:
        NotFoundError: The release has no such action.
        InvalidError: None is named, and there are several.
    """
    actions: Mapping[str, Any] = config.get("actions") or {}
    if wanted is None:
        if len(actions) == 1:
            return next(iter(actions.items()))
        said = f"is missing; this plugin has {_join(actions)}"
        raise InvalidError.of_fields([{"loc": ["action"], "msg": said, "type": "missing", "input": None}])
    if wanted not in actions:
        closest = find_closest(wanted, actions)
        raise NotFoundError(
            f"Action not found: {wanted}. This plugin has {_join(actions)}.",
            {"action": wanted, "available": sorted(actions)},
            hint=f"Did you mean {closest!r}?" if closest else None,
        )
    return wanted, actions[wanted]


def check_params(params: Mapping[str, Any], schema: Mapping[str, Any] | None) -> None:
    """Refuse params that the author's model would refuse for sure: names, and types of plain values.

    Args:
        params: As given.
        schema: JSON Schema of the action's params; None: nothing is known of them.

    Raises:
        InvalidError: Names every field with its problem.
    """
    if not schema:
        return
    fields: Mapping[str, Any] = schema.get("properties") or {}
    problems = [
        _problem(name, "is missing", "missing", None)
        for name in schema.get("required", ())
        if name not in params
    ]
    for name, value in params.items():
        if name in fields:
            said = _find_misfit(value, fields[name])
            if said is not None:
                problems.append(_problem(name, said, "type", value))
        elif not schema.get("additionalProperties"):
            problems.append(_problem(name, _unknown(name, fields), "extra_forbidden", value))
    if problems:
        raise InvalidError.of_fields(problems)


def resolve_inputs(
    params: Mapping[str, Any], find_input: Callable[[str, int], InputReference | None]
) -> tuple[InputReference, ...]:
    """Return the datasets and models that params name, as they are now.

    Raises:
        InvalidError: There is none of that number.
    """
    found: dict[tuple[str, int], InputReference] = {}
    problems = []
    for name, kind in INPUT_KIND_BY_PARAM.items():
        number = params.get(name)
        if not isinstance(number, int) or isinstance(number, bool):
            continue
        reference = find_input(kind, number)
        if reference is None:
            problems.append(
                _problem(name, f"there is no {kind} {number} on this server", "not_found", number)
            )
        else:
            found[kind, number] = reference
    if problems:
        raise InvalidError.of_fields(problems)
    return tuple(found.values())


def _unknown(name: str, fields: Mapping[str, Any]) -> str:
    closest = find_closest(name, fields)
    return f"is unknown; did you mean {closest!r}?" if closest else f"is unknown; known are {_join(fields)}"


def _find_misfit(value: Any, schema: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a value, None when it may fit. Where the schema is not plain, it may."""
    alternatives = schema.get("anyOf")
    if alternatives:
        said = [_find_misfit(value, item) for item in alternatives]
        return None if None in said else said[0]
    allowed = schema.get("enum")
    if allowed is not None:
        return None if value in allowed else f"must be one of {', '.join(map(repr, allowed))}"
    kind = schema.get("type")
    fits = _FITS.get(kind) if isinstance(kind, str) else None
    return None if fits is None or fits(value) else f"must be {_NAMES[str(kind)]}, not {_name_type(value)}"


def _is_numeric(value: Any) -> bool:
    # As lenient as the author's model is, which reads numbers from texts.
    if isinstance(value, bool | int | float):
        return True
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def _is_integral(value: Any) -> bool:
    if not _is_numeric(value):
        return False
    number = float(value)
    return math.isfinite(number) and number.is_integer()


def _is_boolean(value: Any) -> bool:
    words = ("true", "false", "yes", "no", "on", "off", "t", "f", "y", "n", "1", "0")
    return isinstance(value, bool) or value in (0, 1) or (isinstance(value, str) and value.lower() in words)


_FITS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": _is_integral,
    "number": _is_numeric,
    "boolean": _is_boolean,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}
_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def _name_type(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value[:_INPUT_SHOWN]!r}"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else json.dumps(value)


def _join(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"


def _problem(name: str, said: str, kind: str, value: Any) -> dict[str, Any]:
    shown = value if isinstance(value, int | float | bool | None) else repr(value)[:_INPUT_SHOWN]
    return {"loc": ["params", name], "msg": said, "type": kind, "input": shown}
