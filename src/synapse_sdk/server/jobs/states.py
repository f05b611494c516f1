"""The state of a job: a function of its attempts and requests, and the moves that are allowed.

```text
           started            exit: code 0
 PENDING ──────────▶ RUNNING ──────────────▶ SUCCEEDED
    │                   │ ╲──── otherwise ──▶ FAILED
    │                   └────── stop ───────▶ STOPPED
    ├── could not be prepared, lost ────────▶ FAILED ┄┄ only if lost: heard of again ┄┄▶ RUNNING, any end
    ├── no agent could ever run it ─────────▶ FAILED
    └── stop ───────────────────────────────▶ STOPPED
```
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from synapse_sdk.wire.assignment import ExitRecord
from synapse_sdk.wire.outcome import Cause, EndState, RunOutcome

JobState = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "STOPPED"]
#: `offered` handed out, not confirmed yet · `preparing` in an agent's hands · `running` has a supervisor ·
#: `ended` has an exit record, or was given up.
AttemptPhase = Literal["offered", "preparing", "running", "ended"]

STATES: tuple[JobState, ...] = get_args(JobState)
END_STATES: frozenset[JobState] = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})
#: How often an attempt is handed out that no agent ever confirms.
OFFER_LIMIT = 3

_MOVES: dict[JobState, frozenset[JobState]] = {
    "PENDING": frozenset({"RUNNING", "SUCCEEDED", "FAILED", "STOPPED"}),
    "RUNNING": frozenset({"SUCCEEDED", "FAILED", "STOPPED"}),
    "SUCCEEDED": frozenset(),
    "FAILED": frozenset(),
    "STOPPED": frozenset(),
}
#: A job that was given up for lost, and of which the truth becomes known.
_MOVES_FROM_LOST: frozenset[JobState] = frozenset({"RUNNING", "SUCCEEDED", "FAILED", "STOPPED"})


class AttemptEnding(NamedTuple):
    """How an attempt ended, as the server sees it."""

    state: EndState
    cause: Cause | None = None
    reason: str | None = None


class AttemptFacts(NamedTuple):
    """What of an attempt decides its job's state."""

    phase: AttemptPhase
    ending: AttemptEnding | None = None  # of an ended one
    #: It ended without any agent having confirmed it: the next one may try.
    was_only_offered: bool = False


class Placement(NamedTuple):
    """What a job waits for that no agent has; without a reason, only for its turn."""

    reason: str | None = None
    #: There is no sense in waiting any longer.
    is_hopeless: bool = False


PLACEABLE = Placement()


class Decision(NamedTuple):
    """The state that a job has, and why."""

    state: JobState
    cause: Cause | None = None
    reason: str | None = None


def decide_state(
    attempts: Sequence[AttemptFacts],
    *,
    is_stop_requested: bool,
    claim: JobState | None = None,
    placement: Placement = PLACEABLE,
) -> Decision:
    """Return the state of a job.

    Args:
        attempts: Its attempts, oldest first.
        is_stop_requested: Somebody asked for its end.
        claim: What a foreign worker said of it; counts only where there is no attempt of ours.
        placement: What it waits for; counts only while nobody has it.
    """
    if not attempts:
        if claim is not None and claim != "PENDING":
            return Decision(claim, "cancelled" if claim == "STOPPED" else None)
        return _stopped("before it began") if is_stop_requested else _waiting(placement)
    last = attempts[-1]
    if last.phase == "running":
        return Decision("RUNNING")
    if last.phase != "ended" or last.ending is None:
        return Decision("PENDING")
    if last.was_only_offered:
        if is_stop_requested:
            return _stopped("before it began")
        if len(attempts) < OFFER_LIMIT:
            return _waiting(placement)
    return Decision(*last.ending)


def may_move(state: JobState, cause: str | None, to: JobState) -> bool:
    """May a job go from `state` (which it has for `cause`) to another?"""
    if state == "FAILED" and cause == "lost":
        return to in _MOVES_FROM_LOST
    return to in _MOVES[state]


def judge_exit(record: ExitRecord, outcome: RunOutcome | None, *, is_stop_requested: bool) -> AttemptEnding:
    """Say how an attempt ended. The supervisor's record decides; the worker's own words give the reason."""
    if record.exit_code == 0 and record.signal is None and record.cause is None:
        if outcome is None:
            return AttemptEnding("FAILED", "action", f"{_reason(record, None)} What it came to is not known.")
        if outcome.state == "SUCCEEDED":
            return AttemptEnding("SUCCEEDED")
        return AttemptEnding(outcome.state, outcome.cause or "action", _reason(record, outcome))
    if record.cause == "cancelled" or is_stop_requested:
        return AttemptEnding("STOPPED", "cancelled", record.reason or "stopped on request")
    cause = record.cause or ("signal" if record.signal is not None else "action")
    return AttemptEnding("FAILED", cause, _reason(record, outcome if cause == "action" else None))


def lost(reason: str) -> AttemptEnding:
    """Build the end of an attempt of which nothing was heard."""
    return AttemptEnding("FAILED", "lost", reason)


def _waiting(placement: Placement) -> Decision:
    if placement.reason is None:
        return Decision("PENDING")
    return Decision("FAILED" if placement.is_hopeless else "PENDING", "placement", placement.reason)


def _stopped(when: str) -> Decision:
    return Decision("STOPPED", "cancelled", f"stopped on request {when}")


def _reason(record: ExitRecord, outcome: RunOutcome | None) -> str:
    if outcome is not None and outcome.failure is not None:
        return outcome.failure.message
    if outcome is not None and outcome.reason:
        return outcome.reason
    if record.reason:
        return record.reason
    if record.signal is not None:
        return f"The worker was ended by signal {record.signal}."
    if record.exit_code is None:
        return "The worker never began."
    return f"The worker ended with exit code {record.exit_code}."
