"""The one event: everything that an attempt tells the world while it runs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from synapse_sdk.wire.base import Moment, WireModel

#: `message` text for a person · `progress` of a step · `metric` numbers of a step · `state` of the attempt ·
#: `loss` counts what was cut or dropped · `log` any other event that an author named, its name in `name`.
EventKind = Literal["message", "progress", "metric", "state", "loss", "log"]


class Event(WireModel):
    """Something that happened in one attempt of a job.

    Identity is (job, attempt, producer, seq): sending an event twice is harmless.
    """

    job: str = Field(description="UUIDv7 of the job or local run.")
    attempt: int = 1
    producer: str = Field(description='Who counted `seq`: "worker", "agent", "server", "worker/rank3".')
    seq: int = Field(description="Counted by the producer from 1, without gaps.")
    at: Moment = Field(description="When it happened at its producer.")
    kind: EventKind
    name: str | None = Field(default=None, description="The author's own name of a `log` event.")
    step: str | None = Field(default=None, description="The step that it belongs to.")
    level: str | None = Field(
        default=None, description="debug, info, success, warning, danger, error, critical."
    )
    values: dict[str, float] | None = Field(default=None, description="Numbers of a metric event, by key.")
    ordinals: dict[str, int] | None = Field(
        default=None, description="Position of each value in its (step, key) series, counted from 0."
    )
    body: dict[str, Any] | None = Field(default=None, description="What else the kind needs, as plain JSON.")
