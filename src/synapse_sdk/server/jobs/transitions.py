"""Moves jobs: the one place where a job's state is written, together with the event that tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk._internal.clock import iso_z
from synapse_sdk.server.jobs import event_store, store
from synapse_sdk.server.jobs.models import Attempt, Job
from synapse_sdk.server.jobs.secret_store import forget_secrets
from synapse_sdk.server.jobs.states import (
    END_STATES,
    AttemptEnding,
    AttemptFacts,
    Decision,
    JobState,
    Placement,
    decide_state,
    may_move,
)
from synapse_sdk.wire.event import Event

SERVER = "server"


def refresh_state(
    connection: sa.Connection,
    key: int,
    *,
    who: str,
    now: datetime,
    claim: JobState | None = None,
    placement: Placement | None = None,
) -> Job:
    """Give a job the state that its attempts and requests make; record the move as an event.

    Args:
        connection: The writing transaction in which something about the job was changed.
        key: The job.
        who: Who caused it, for the record.
        now: The server's clock.
        claim: State that a foreign worker claims.
        placement: What the job waits for; as it is known unless given.
    """
    job = store.get_job(connection, key)
    attempts = store.list_attempts(connection, key)
    decision = decide_state(
        [_facts(attempt) for attempt in attempts],
        is_stop_requested=job.stop_requested_at is not None,
        claim=claim or _known_claim(job, attempts),
        placement=placement or Placement(job.reason if job.cause == "placement" else None),
    )
    if decision == (job.state, job.cause, job.reason):
        return job
    waits_on = decision.state == job.state == "PENDING"  # for something else than before
    if not waits_on and not may_move(job.state, job.cause, decision.state):
        return job
    store.update_job(connection, key, _changes(job, decision, now))
    if decision.state in END_STATES:
        forget_secrets(connection, key)
    record_state(connection, job, decision, attempts, who=who, now=now)
    return store.get_job(connection, key)


def record_state(
    connection: sa.Connection,
    job: Job,
    decision: Decision,
    attempts: Sequence[Attempt],
    *,
    who: str,
    now: datetime,
) -> None:
    """Append the event that tells of a state."""
    body: dict[str, Any] = {"state": decision.state, "by": who}
    if decision.state == "RUNNING" and job.agent_name:
        body["agent"] = job.agent_name
    for name in ("cause", "reason"):
        if (value := getattr(decision, name)) is not None:
            body[name] = value
    number = attempts[-1].number if attempts else 1
    append_event(connection, job, attempt=number, kind="state", body=body, now=now)


def append_event(
    connection: sa.Connection,
    job: Job,
    *,
    attempt: int,
    kind: Any,
    body: dict[str, Any],
    now: datetime,
    producer: str = SERVER,
    level: str | None = None,
    step: str | None = None,
    name: str | None = None,
) -> None:
    """Append an event that this server counts itself."""
    source = event_store.ensure_producer(connection, job, attempt, producer)
    seq = source.last_seq + 1
    event = Event(
        job=job.id,
        attempt=attempt,
        producer=producer,
        seq=seq,
        at=now,
        kind=kind,
        body=body,
        level=level,
        step=step,
        name=name,
    )
    run = event_store.EventRun(source.id, seq, [kind], [event.model_dump_json(exclude_none=True)])
    event_store.add_events(connection, job, [run], received_at=iso_z(now))
    event_store.set_last_seq(connection, source.id, seq)


def _changes(job: Job, decision: Decision, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "state": decision.state,
        "cause": decision.cause,
        "reason": decision.reason,
        "ended_at": now if decision.state in END_STATES else None,
    }
    if decision.state == "RUNNING" and job.started_at is None:
        changes["started_at"] = now
    return changes


def _facts(attempt: Attempt) -> AttemptFacts:
    ending = None
    if attempt.end_state is not None:
        ending = AttemptEnding(attempt.end_state, attempt.cause, attempt.reason)  # type: ignore[arg-type]
    was_only_offered = attempt.phase == "ended" and not attempt.is_confirmed
    return AttemptFacts(attempt.phase, ending, was_only_offered=was_only_offered)


def _known_claim(job: Job, attempts: Sequence[Attempt]) -> JobState | None:
    return None if attempts else job.state
