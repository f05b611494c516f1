"""What is known of whether one place takes all that comes out of another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from synapse_sdk.plugins.composition.samples import Sample


@dataclass(frozen=True, slots=True)
class Taken:
    """All of it, and that is proven."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not all of it: not this value."""

    sample: Sample


@dataclass(frozen=True, slots=True)
class Unproven:
    """Neither is proven: at this place (names and indices), for this reason."""

    why: str
    path: tuple[str, ...] = ()


Answer = Taken | Refused | Unproven
TAKEN = Taken()


def join_answers(answers: Iterable[Answer]) -> Answer:
    """Return the answer for what holds only if all of these do."""
    found: Answer = TAKEN
    for answer in answers:
        if isinstance(answer, Refused):
            return answer
        if isinstance(found, Taken):
            found = answer
    return found


def put_into(answer: Answer, hold: Callable[[Sample], Sample | None], *, place: str | None = None) -> Answer:
    """Return the answer for a whole whose part at `place` has this one.

    Args:
        answer: The part's.
        hold: Makes a value of the whole from one of the part; None where it can not be made.
        place: The part's name in paths.
    """
    if isinstance(answer, Refused):
        whole = hold(answer.sample)
        if whole is not None:
            return Refused(whole)
        answer = Unproven("no value could be made up that holds one which is refused")
    if isinstance(answer, Unproven) and place is not None:
        return Unproven(answer.why, (place, *answer.path))
    return answer
