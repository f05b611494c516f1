"""Rules of events: who may tell what, that resending is harmless, and what is drawn from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk.server.accounts.service import AccountService
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import InvalidError, Principal
from synapse_sdk.server.jobs import event_store, metric_store, store
from synapse_sdk.server.jobs.attempt_service import require_holder
from synapse_sdk.server.jobs.event_batch import CheckedEvent, parse_batch, require_source
from synapse_sdk.server.jobs.event_decoder import EventFacts
from synapse_sdk.server.jobs.event_store import NewEvent, StoredEvent
from synapse_sdk.server.jobs.job_service import require_job
from synapse_sdk.server.jobs.metric_store import SeriesKey
from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.notifier import Notifier, events_topic
from synapse_sdk.server.jobs.point_columns import RawPoint
from synapse_sdk.server.jobs.states import END_STATES
from synapse_sdk.wire.event import Event

#: Who counts what an attempt's own process tells, and what its agent does.
_WORKERS = ("worker",)
_AGENTS = ("worker", "agent")
#: Foreign workers too, which people's tokens speak for.
_PEOPLE = ("worker", "agent", "vendor")


class Taken(NamedTuple):
    """What became of a batch."""

    accepted: int = 0
    duplicate: int = 0
    #: Equal identity, other content.
    refused: int = 0
    #: Producer → its highest seq here, of the producers in the batch.
    last_seq: dict[str, int] = {}  # noqa: RUF012 - never changed


class EventService:
    """Events of jobs."""

    def __init__(
        self,
        database: Database,
        accounts: AccountService,
        notifier: Notifier,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._notifier = notifier
        self._now = now

    def ingest(self, principal: Principal, lookup: str, body: bytes) -> Taken:
        """Keep a batch of events; those that are here already stay as they are.

        Args:
            principal: The job itself, the agent that holds the attempt, or somebody who may write jobs.
            lookup: Id or number of the job.
            body: Events, one a line.

        Raises:
            InvalidError: A line is no event of this job and sender. Nothing of the batch is kept.
            TooLargeError: It is too much at once.
        """
        batch = parse_batch(body)
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            self._require_may_tell(connection, principal, job, batch)
        with self._database.write() as connection:
            taken = self._record(connection, job, batch)
        self._notifier.notify(events_topic(job.key))
        if taken.refused:
            self._accounts.record_refusal(
                principal,
                f"POST /jobs/{job.id}/events/",
                f"{taken.refused} events had the identity of others that are here, and other content.",
            )
        return taken

    def record_vendor(self, principal: Principal, lookup: str, entries: Sequence[dict[str, Any]]) -> None:
        """Append log entries of a client that numbers none; see `vendor_logs`."""
        from synapse_sdk.server.jobs.vendor_logs import build_event

        with self._database.write() as connection:
            job = require_job(connection, principal, lookup)
            if principal.job_id is None:
                principal.require("jobs:write")
            attempt = principal.attempt or max(job.attempt_count, 1)
            source = event_store.ensure_producer(connection, job, attempt, "vendor")
            batch = []
            for seq, entry in enumerate(entries, start=source.last_seq + 1):
                event = build_event(entry, job=job.id, attempt=attempt, seq=seq, now=self._now())
                batch.append(CheckedEvent(EventFacts.of(event), event.model_dump_json(exclude_none=True)))
            self._record(connection, job, batch)
        self._notifier.notify(events_topic(job.key))

    def read(
        self, principal: Principal, lookup: str, *, after: int, limit: int, kinds: Sequence[str] = ()
    ) -> tuple[Job, list[StoredEvent]]:
        """Return a job and its events after a cursor, in the order of their arrival."""
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            return job, event_store.list_events(connection, job.key, after=after, limit=limit, kinds=kinds)

    def read_on(self, job_key: int, *, after: int, limit: int) -> tuple[list[StoredEvent], bool]:
        """Return what follows a cursor for whoever has been let in, and whether nothing more can come."""
        with self._database.read() as connection:
            job = store.get_job(connection, job_key)
            found = event_store.list_events(connection, job_key, after=after, limit=limit)
        return found, job.state in END_STATES and len(found) < limit

    def _require_may_tell(
        self, connection: sa.Connection, principal: Principal, job: Job, batch: Sequence[CheckedEvent]
    ) -> None:
        attempts = frozenset(item.event.attempt for item in batch)
        if principal.job_id is not None:
            own = frozenset({principal.attempt or 1})
            require_source(batch, job=job.id, attempts=own, producers=_WORKERS)
            return
        if principal.kind == "agent":
            for number in attempts:
                require_holder(connection, principal, job, number)
            require_source(batch, job=job.id, attempts=attempts, producers=_AGENTS)
            return
        principal.require("jobs:write")
        known = frozenset(range(1, max(job.attempt_count, 1) + 1))
        require_source(batch, job=job.id, attempts=known, producers=_PEOPLE)

    def _record(self, connection: sa.Connection, job: Job, batch: Sequence[CheckedEvent]) -> Taken:
        sources = _Sources(connection, job, batch)
        rows: list[NewEvent] = []
        fresh: list[EventFacts] = []
        for event, line in batch:
            producer_id = sources.admit(event, line)
            if producer_id is not None:
                rows.append(NewEvent(producer_id, event.seq, event.kind, line))
                fresh.append(event)
        if rows:
            event_store.add_events(connection, job, rows, received_at=iso_z(self._now()))
            sources.save()
            metric_store.add_points(connection, job, _collect_points(fresh))
            _record_progress(connection, job.key, fresh)
        return Taken(len(rows), sources.duplicate, sources.refused, sources.last_seqs())


class _Sources:
    """The producers of one batch, and which of their events are here already."""

    def __init__(self, connection: sa.Connection, job: Job, batch: Sequence[CheckedEvent]) -> None:
        self._connection = connection
        self.duplicate = self.refused = 0
        seqs: dict[tuple[int, str], list[int]] = {}
        for event, _ in batch:
            seqs.setdefault((event.attempt, event.producer), []).append(event.seq)
        self._id: dict[tuple[int, str], int] = {}
        self._last_seq: dict[tuple[int, str], int] = {}
        self._lines: dict[tuple[int, str], dict[int, str]] = {}
        for identity, found in seqs.items():
            low, high = min(found), max(found)
            producer = event_store.ensure_producer(connection, job, *identity)
            self._id[identity], self._last_seq[identity] = producer
            # Nearly always everything is new, and nothing need be looked up.
            is_new = low > producer.last_seq
            self._lines[identity] = (
                {} if is_new else event_store.find_lines(connection, producer.id, low, high)
            )

    def admit(self, event: EventFacts, line: str) -> int | None:
        """Return the producer's id for a new event; None, counted, for one that is here."""
        identity = (event.attempt, event.producer)
        known = self._lines[identity]
        if event.seq in known:
            if known[event.seq] == line:
                self.duplicate += 1
            else:
                self.refused += 1
            return None
        known[event.seq] = line
        if event.seq > self._last_seq[identity]:
            self._last_seq[identity] = event.seq
        return self._id[identity]

    def save(self) -> None:
        """Remember how far the producers have come."""
        for identity, last_seq in self._last_seq.items():
            event_store.set_last_seq(self._connection, self._id[identity], last_seq)

    def last_seqs(self) -> dict[str, int]:
        """Return producer → its highest seq."""
        return {producer: last_seq for (_, producer), last_seq in self._last_seq.items()}


def _collect_points(events: Sequence[EventFacts]) -> dict[SeriesKey, list[RawPoint]]:
    points: dict[tuple[int, str, str], dict[str, list[RawPoint]]] = {}
    for event in events:
        values = event.values
        if event.kind != "metric" or not values:
            continue
        ordinals, seq = event.ordinals or {}, event.seq
        epoch, global_step = values.get("epoch", math.nan), values.get("global_step", math.nan)
        by_name = points.setdefault((event.attempt, event.producer, event.step or ""), {})
        for name, value in values.items():
            # Who counts no ordinals sends points in their order.
            point = (ordinals.get(name, seq), value, epoch, global_step)
            if name in by_name:
                by_name[name].append(point)
            else:
                by_name[name] = [point]
    return {
        SeriesKey(*source, name): found
        for source, by_name in points.items()
        for name, found in by_name.items()
    }


def _record_progress(connection: sa.Connection, job_key: int, events: Sequence[EventFacts]) -> None:
    latest = {
        event.step or "": {**(event.body or {}), "at": iso_z(event.at)}
        for event in events
        if event.kind == "progress"
    }
    if latest:
        known = store.get_progress(connection, job_key)
        for step in latest:
            known.pop(step, None)  # the step that moved last stands last
        store.set_progress(connection, job_key, {**known, **latest})


def require_kinds(kinds: Sequence[str]) -> None:
    """Refuse kinds that no event has.

    Raises:
        InvalidError: Names the unknown kind and the known ones.
    """
    known = Event.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
    for kind in kinds:
        if kind not in known:
            said = f"{kind!r} is unknown; known are {', '.join(known)}"
            raise InvalidError.of_fields([{"loc": ["kind"], "msg": said, "type": "enum", "input": kind}])
