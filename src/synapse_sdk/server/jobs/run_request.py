"""Does a request fit the release that it names? Checks of params that need no code of the author's.

The worker validates fully, with the author's own model; this finds at once what would fail there later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pydantic

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.server.http import InvalidError, NotFoundError
from synapse_sdk.server.jobs.schema_validator import validator_of
from synapse_sdk.server.jobs.secret_params import MASK, OTHER_MASK, find_masks, mask_params, mask_secrets
from synapse_sdk.server.jobs.union_problems import NO_ALTERNATIVE, pick_alternatives
from synapse_sdk.wire.envelope import InputReference
from synapse_sdk.wire.hyperparameters import SPREADS_KEY, spread_hyperparameters

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
    """Refuse params that the author's model would refuse for sure: all that its JSON Schema says.

    Args:
        params: As given.
        schema: JSON Schema of the action's params; None: nothing is known of them.

    Raises:
        InvalidError: Names every field with its problem, inside of lists and groups too. Shows no secrets.
    """
    if not schema:
        return
    given = dict(params)
    if schema.get(SPREADS_KEY):
        given = spread_hyperparameters(given, schema.get("required") or ())
    try:
        validator_of(schema).validate_python(given)
    except pydantic.ValidationError as error:
        shown = mask_secrets(params, schema, schema)
        found = pick_alternatives(error.errors(include_url=False))
        raise InvalidError.of_fields([_explain(item, shown, schema) for item in found]) from None


def check_secrets(params: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Refuse a secret that is the mask of one: it was copied from a job's params.

    Args:
        params: As given.
        known: What the release says of the action.

    Raises:
        InvalidError: Names each of them.
    """
    said = "is the mask of a secret, not the secret; give it again"
    shown = mask_params(params, known, OTHER_MASK)
    problems = [_problem(place, said, "masked_secret", MASK) for place in find_masks(params, shown)]
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
                _problem([name], f"there is no {kind} {number} on this server", "not_found", number)
            )
        else:
            found[kind, number] = reference
    if problems:
        raise InvalidError.of_fields(problems)
    return tuple(found.values())


def _explain(item: Mapping[str, Any], shown: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a problem of the validator in the words of this server."""
    place, facts = list(item["loc"]), dict(item.get("ctx") or {})
    value = None if item["type"] == "missing" else _look_up(shown, place)
    problem = _problem(place, _say(item, value, facts, schema), str(item["type"]), value)
    bounds = {name: fact for name, fact in facts.items() if isinstance(fact, int | float | str)}
    return problem | ({"ctx": bounds} if bounds else {})


def _look_up(value: Any, place: Sequence[Any]) -> Any:
    for part in place:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return value


def _say(item: Mapping[str, Any], value: Any, facts: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    kind = str(item["type"])
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        known = schema.get("properties") or {} if len(item["loc"]) == 1 else {}
        return _unknown(str(item["loc"][-1]), known)
    if kind == "literal_error":
        return f"must be one of {str(facts['expected']).replace(' or ', ', ')}"
    if kind == NO_ALTERNATIVE:
        wanted = dict.fromkeys(_WANTED.get(name, name) for name in item["kinds"])
        return f"must be {' or '.join(wanted)}, not {_name_value(value)}"
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}, not {_name_value(value)}"
    if kind in _RULES:
        return _RULES[kind].format(**{key: _show_bound(fact) for key, fact in facts.items()})
    return f"{str(item['msg'])[:1].lower()}{str(item['msg'])[1:]}"


def _unknown(name: str, fields: Mapping[str, Any]) -> str:
    closest = find_closest(name, fields)
    if closest:
        return f"is unknown; did you mean {closest!r}?"
    return f"is unknown; known are {_join(fields)}" if fields else "is unknown"


#: What a value of a wrong kind should have been, by the validator's names. Source: pydantic's error types.
_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "none_required": "null",
}
_RULES = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
}


def _show_bound(bound: Any) -> Any:
    return f"{bound:.15g}" if isinstance(bound, float) else bound


def _name_value(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value[:_INPUT_SHOWN]!r}"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else json.dumps(value)


def _join(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"


def _problem(place: Sequence[Any], said: str, kind: str, value: Any) -> dict[str, Any]:
    shown = value if isinstance(value, int | float | bool | None) else repr(value)[:_INPUT_SHOWN]
    return {"loc": ["params", *place], "msg": said, "type": kind, "input": shown}
