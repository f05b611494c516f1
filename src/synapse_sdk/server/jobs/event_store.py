"""Rows of events and of those who produce them; the only SQL about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from synapse_sdk.server.jobs.bulk_insert import insert_rows
from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.tables import event_producers, events, jobs


class Producer(NamedTuple):
    """Who counts `seq` in one attempt, and how far it has come."""

    id: int
    last_seq: int


#: Workspace, job's key, cursor, producer's id, seq, kind, received_at, line: the columns of `event`.
EventRow = tuple[int, int, int, int, int, str, str, str]


class StoredEvent(NamedTuple):
    """An event as its producer wrote it, and where it stands among the job's events."""

    cursor: int
    received_at: str
    line: str


def ensure_producer(connection: sa.Connection, job: Job, attempt: int, name: str) -> Producer:
    """Return a producer of an attempt, made when this is its first event."""
    query = sa.select(event_producers.c.id, event_producers.c.last_seq).where(
        event_producers.c.job_key == job.key,
        event_producers.c.attempt == attempt,
        event_producers.c.name == name,
    )
    row = connection.execute(query).one_or_none()
    if row is not None:
        return Producer(*row)
    values = {
        "workspace_id": job.workspace_id,
        "job_key": job.key,
        "attempt": attempt,
        "name": name,
        "last_seq": 0,
    }
    key = connection.execute(sa.insert(event_producers).values(values)).inserted_primary_key
    assert key is not None
    return Producer(int(key[0]), 0)


def list_last_seqs(connection: sa.Connection, job_key: int) -> list[tuple[int, str, int]]:
    """Return (attempt, producer, its highest seq here) of a job."""
    query = sa.select(event_producers.c.attempt, event_producers.c.name, event_producers.c.last_seq).where(
        event_producers.c.job_key == job_key
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def set_last_seq(connection: sa.Connection, producer_id: int, last_seq: int) -> None:
    """Remember how far a producer has come."""
    connection.execute(
        sa.update(event_producers).where(event_producers.c.id == producer_id).values(last_seq=last_seq)
    )


def find_lines(connection: sa.Connection, producer_id: int, first_seq: int, last_seq: int) -> dict[int, str]:
    """Return seq → line of a producer's events in a range that are here."""
    query = sa.select(events.c.seq, events.c.line).where(
        events.c.producer_id == producer_id, events.c.seq.between(first_seq, last_seq)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def get_last_cursor(connection: sa.Connection, job_key: int) -> int:
    """Return the cursor of a job's latest event, 0 before the first."""
    return int(connection.execute(sa.select(jobs.c.last_cursor).where(jobs.c.key == job_key)).scalar_one())


def add_events(
    connection: sa.Connection, job_key: int, rows: Sequence[EventRow], *, last_cursor: int
) -> None:
    """Append events under cursors that were counted on from the job's last one."""
    insert_rows(connection, events, rows)
    connection.execute(sa.update(jobs).where(jobs.c.key == job_key).values(last_cursor=last_cursor))


def list_events(
    connection: sa.Connection, job_key: int, *, after: int, limit: int, kinds: Sequence[str] = ()
) -> list[StoredEvent]:
    """Return events that follow a cursor, in the order of their arrival."""
    query = (
        sa.select(events.c.cursor, events.c.received_at, events.c.line)
        .where(events.c.job_key == job_key, events.c.cursor > after)
        .order_by(events.c.cursor)
        .limit(limit)
    )
    if kinds:
        query = query.where(events.c.kind.in_(kinds))
    return [StoredEvent(*row) for row in connection.execute(query)]
