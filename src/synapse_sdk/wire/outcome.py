"""How an attempt ended."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from synapse_sdk.wire.base import Moment, WireModel

#: Terminal states. A run without an outcome is RUNNING while its process lives, and lost when it does not.
EndState = Literal["SUCCEEDED", "FAILED", "STOPPED"]
Cause = Literal["action", "environment", "signal", "timeout", "lost", "cancelled", "placement"]


class Failure(WireModel):
    """What was raised."""

    type: str
    message: str
    hint: str | None = None
    details: dict[str, Any] = Field(default={})
    traceback: str | None = Field(
        default=None, description="From the author's code on; None where none of it ran."
    )


class RunOutcome(WireModel):
    """The end of an attempt, and its result."""

    job: str
    attempt: int = 1
    state: EndState
    cause: Cause | None = None
    reason: str | None = Field(default=None, description="One sentence for a person. None for SUCCEEDED.")
    failure: Failure | None = None
    result: Any = None
    started_at: Moment
    ended_at: Moment
    event_count: int = 0
    lost_event_count: int = 0
    rehearsed: tuple[str, ...] | None = Field(
        default=None, description="What a rehearsal made up, a sentence each. None for a run in earnest."
    )
