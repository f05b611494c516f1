"""Rules of events: who may tell what, that resending is harmless, and what is drawn from them."""

from __future__ import annotations

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
from synapse_sdk.server.jobs.event_admission import Admission
from synapse_sdk.server.jobs.event_batch import Batch, parse_batch, require_source
from synapse_sdk.server.jobs.event_decoder import EventFacts
from synapse_sdk.server.jobs.event_store import StoredEvent
from synapse_sdk.server.jobs.job_service import require_job
from synapse_sdk.server.jobs.metric_points import collect_points
from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.notifier import Notifier, events_topic
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
            events = []
            for seq, entry in enumerate(entries, start=source.last_seq + 1):
                events.append(build_event(entry, job=job.id, attempt=attempt, seq=seq, now=self._now()))
            lines = [event.model_dump_json(exclude_none=True) for event in events]
            self._record(connection, job, Batch([EventFacts.of(event) for event in events], lines))
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
        self, connection: sa.Connection, principal: Principal, job: Job, batch: Batch
    ) -> None:
        attempts = frozenset(attempt for _, attempt, _ in batch.sources)
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

    def _record(self, connection: sa.Connection, job: Job, batch: Batch) -> Taken:
        if not batch.events:
            return Taken()
        admission = Admission(connection, job, batch)
        if admission.events:
            event_store.add_events(connection, job, admission.runs, received_at=iso_z(self._now()))
            admission.save()
            metric_store.add_points(connection, job, collect_points(admission.events))
            _record_progress(connection, job.key, admission.events)
        return Taken(
            admission.accepted_count, admission.duplicate_count, admission.refused_count, admission.last_seqs
        )


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
