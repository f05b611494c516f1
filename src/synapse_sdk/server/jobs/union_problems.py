"""What of a union's problems a person wants to read: those of the alternative that was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from synapse_sdk.server.jobs.schema_validator import ALTERNATIVE

Problem = dict[str, Any]
#: Problems that say: this is not of the alternative's kind.
_KIND_ENDINGS = ("_type", "_parsing", "_from_float", "_required")
#: The type of a problem whose value has the kind of no alternative; its `kinds` are their problems' types.
NO_ALTERNATIVE = "union"
#: Problems that say: another alternative was meant.
_ELSEWHERE = ("literal_error", "missing")


def pick_alternatives(problems: Sequence[Any]) -> list[Problem]:
    """Keep of each union the alternative that the value comes nearest to, and take the unions out of `loc`.

    Args:
        problems: pydantic's errors of a validator of `schema_validator`.

    Nearest is one whose kind the value has, then one whose fixed fields fit; of several, the first.
    """
    return list(_iter_picked([dict(item) for item in problems]))


def _iter_picked(problems: list[Problem]) -> Iterator[Problem]:
    waiting = problems
    while waiting:
        first, place = waiting[0], _find_union(waiting[0])
        if place is None:
            yield first
            waiting = waiting[1:]
            continue
        above = first["loc"][:place]
        mine = [item for item in waiting if item["loc"][:place] == above and _is_union_at(item, place)]
        rest = [item for item in waiting if item not in mine]
        waiting = [*_pick(mine, place), *rest]


def _pick(problems: list[Problem], place: int) -> list[Problem]:
    by_label: dict[str, list[Problem]] = {}
    for item in problems:
        without = {**item, "loc": (*item["loc"][:place], *item["loc"][place + 1 :])}
        by_label.setdefault(item["loc"][place], []).append(without)
    nearest = min(by_label.values(), key=lambda found: _distance(found, place))
    if not _is_other_kind(nearest, place):
        return nearest
    kinds = [item["type"] for found in by_label.values() for item in found if len(item["loc"]) == place]
    return [{**nearest[0], "loc": nearest[0]["loc"][:place], "type": NO_ALTERNATIVE, "kinds": kinds}]


def _distance(problems: list[Problem], place: int) -> tuple[bool, int, int]:
    elsewhere = sum(item["type"] in _ELSEWHERE for item in problems)
    return _is_other_kind(problems, place), elsewhere, len(problems)


def _is_other_kind(problems: list[Problem], place: int) -> bool:
    return any(len(item["loc"]) == place and item["type"].endswith(_KIND_ENDINGS) for item in problems)


def _find_union(problem: Problem) -> int | None:
    return next((index for index in range(len(problem["loc"])) if _is_union_at(problem, index)), None)


def _is_union_at(problem: Problem, index: int) -> bool:
    loc = problem["loc"]
    return len(loc) > index and isinstance(loc[index], str) and loc[index].startswith(ALTERNATIVE)
