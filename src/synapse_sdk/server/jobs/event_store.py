"""Rows of events and of those who produce them; the only SQL about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count
from typing import NamedTuple

import sqlalchemy as sa

from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.tables import event_chunks, event_producers, jobs

#: The letter that stands for an event's kind in its chunk's `kinds`. Stored: never given another meaning.
LETTERS = {"message": "m", "progress": "p", "metric": "n", "state": "s", "loss": "x", "log": "l"}

#: Most that share a row: of a page's first and last chunk the rest is read in vain.
CHUNK_EVENTS = 1_000


class Producer(NamedTuple):
    """Who counts `seq` in one attempt, and how far it has come."""

    id: int
    last_seq: int


class EventRun(NamedTuple):
    """New events of one producer, numbered without a gap: the kind of each, and its line without an end."""

    producer_id: int
    first_seq: int
    kinds: Sequence[str]
    lines: Sequence[str]


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
    query = sa.select(event_chunks.c.first_seq, event_chunks.c.lines).where(
        event_chunks.c.producer_id == producer_id,
        event_chunks.c.last_seq >= first_seq,
        event_chunks.c.first_seq <= last_seq,
    )
    found: dict[int, str] = {}
    for chunk_first_seq, lines in connection.execute(query):
        found.update(enumerate(lines.split("\n"), start=chunk_first_seq))
    return {seq: line for seq, line in found.items() if first_seq <= seq <= last_seq}


def get_last_cursor(connection: sa.Connection, job_key: int) -> int:
    """Return the cursor of a job's latest event, 0 before the first."""
    return int(connection.execute(sa.select(jobs.c.last_cursor).where(jobs.c.key == job_key)).scalar_one())


def add_events(connection: sa.Connection, job: Job, runs: Sequence[EventRun], *, received_at: str) -> int:
    """Append events, none of which is here, to a job's; return the cursor of the last one."""
    cursor = get_last_cursor(connection, job.key)
    rows = []
    for run in runs:
        for start in range(0, len(run.lines), CHUNK_EVENTS):
            lines = run.lines[start : start + CHUNK_EVENTS]
            row = {
                "workspace_id": job.workspace_id,
                "job_key": job.key,
                "first_cursor": cursor + 1,
                "last_cursor": (cursor := cursor + len(lines)),
                "producer_id": run.producer_id,
                "first_seq": run.first_seq + start,
                "last_seq": run.first_seq + start + len(lines) - 1,
                "received_at": received_at,
                "kinds": "".join([LETTERS[kind] for kind in run.kinds[start : start + CHUNK_EVENTS]]),
                "lines": "\n".join(lines),
            }
            rows.append(row)
    connection.execute(sa.insert(event_chunks), rows)
    connection.execute(sa.update(jobs).where(jobs.c.key == job.key).values(last_cursor=cursor))
    return cursor


def list_events(
    connection: sa.Connection, job_key: int, *, after: int, limit: int, kinds: Collection[str] = ()
) -> list[StoredEvent]:
    """Return events that follow a cursor, in the order of their arrival."""
    letters = {LETTERS[kind] for kind in kinds or LETTERS}
    query = (
        sa.select(
            event_chunks.c.first_cursor,
            event_chunks.c.received_at,
            event_chunks.c.kinds,
            event_chunks.c.lines,
        )
        .where(event_chunks.c.job_key == job_key, event_chunks.c.last_cursor > after)
        .order_by(event_chunks.c.last_cursor)
    )
    if kinds:
        query = query.where(sa.or_(*(event_chunks.c.kinds.contains(letter) for letter in letters)))
    found: list[StoredEvent] = []
    # Chunks are read one by one, and no more of them than are needed.
    with connection.execute(query) as chunks:
        for first_cursor, received_at, chunk_kinds, lines in chunks:
            for cursor, letter, line in zip(
                count(first_cursor), chunk_kinds, lines.split("\n"), strict=False
            ):
                if cursor > after and letter in letters:
                    found.append(StoredEvent(cursor, received_at, line))
                    if len(found) == limit:
                        return found
    return found
