"""Which events of a batch are new: each producer counts its own, and says some of them twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import sqlalchemy as sa

from synapse_sdk.server.jobs import event_store
from synapse_sdk.server.jobs.event_batch import Batch
from synapse_sdk.server.jobs.event_decoder import EventFacts
from synapse_sdk.server.jobs.event_store import EventRun, Producer
from synapse_sdk.server.jobs.models import Job


class Admission:
    """The producers of one batch, and what became of their events."""

    def __init__(self, connection: sa.Connection, job: Job, batch: Batch) -> None:
        self._connection = connection
        self._job = job
        self._batch = batch
        self._sources: dict[tuple[int, str], _Source] = {}
        #: New events, in the order of the batch.
        self.events: Sequence[EventFacts] = ()
        #: The same, as they are stored.
        self.runs: Sequence[EventRun] = ()
        self._admit()

    @property
    def accepted_count(self) -> int:
        """How many events are new."""
        return len(self.events)

    @property
    def duplicate_count(self) -> int:
        """How many events are here already."""
        return sum(source.duplicate_count for source in self._sources.values())

    @property
    def refused_count(self) -> int:
        """How many events have the identity of another one that is here."""
        return sum(source.refused_count for source in self._sources.values())

    @property
    def last_seqs(self) -> dict[str, int]:
        """Producer → the highest seq that is known of it."""
        return {producer: source.last_seq for (_, producer), source in self._sources.items()}

    def save(self) -> None:
        """Remember how far the producers have come."""
        for source in self._sources.values():
            event_store.set_last_seq(self._connection, source.id, source.last_seq)

    def _admit(self) -> None:
        events, lines = self._batch.events, self._batch.lines
        if self._is_one_run():  # nearly always: there is nothing to be looked at one by one
            source = self._find(events[0])
            if events[0].seq > source.last_seq:
                source.last_seq = events[-1].seq
                self.events, self.runs = events, [_run(source.id, events, lines)]
                return
        fresh = []
        for event, line in zip(events, lines, strict=True):
            source = self._find(event)
            if source.admit(event.seq, line):
                fresh.append((source.id, event, line))
        self.events = [event for _, event, _ in fresh]
        self.runs = list(_split(fresh))

    def _is_one_run(self) -> bool:
        """Do all events come from one producer, without a gap?"""
        seqs = [event.seq for event in self._batch.events]
        return len(self._batch.sources) == 1 and seqs == list(range(seqs[0], seqs[0] + len(seqs)))

    def _find(self, event: EventFacts) -> _Source:
        """Return the producer of an event; made when this is its first."""
        identity = (event.attempt, event.producer)
        return self._sources.get(identity) or self._add(identity)

    def _add(self, identity: tuple[int, str]) -> _Source:
        producer = event_store.ensure_producer(self._connection, self._job, *identity)

        def list_lines() -> dict[int, str]:
            events = self._batch.events
            seqs = [event.seq for event in events if (event.attempt, event.producer) == identity]
            return event_store.find_lines(self._connection, producer.id, min(seqs), max(seqs))

        source = self._sources[identity] = _Source(producer, list_lines)
        return source


class _Source:
    """A producer of one batch, and which of its events are here already."""

    def __init__(self, producer: Producer, list_lines: Callable[[], dict[int, str]]) -> None:
        self.id = producer.id
        self.last_seq = self._stored_seq = producer.last_seq
        self.duplicate_count = self.refused_count = 0
        self._list_lines: Callable[[], dict[int, str]] | None = list_lines
        self._lines: dict[int, str] = {}

    def admit(self, seq: int, line: str) -> bool:
        """Is it new? One that is here is counted."""
        # Nearly always everything is new, and nothing need be looked up.
        if seq <= self._stored_seq and self._list_lines is not None:
            self._lines = self._list_lines() | self._lines
            self._list_lines = None
        known = self._lines.get(seq)
        if known is None:
            self._lines[seq] = line
            self.last_seq = max(self.last_seq, seq)
            return True
        if known == line:
            self.duplicate_count += 1
        else:
            self.refused_count += 1
        return False


def _split(fresh: Sequence[tuple[int, EventFacts, str]]) -> Iterator[EventRun]:
    """Yield what may be stored together: events of one producer without a gap between them."""
    ends = [
        index
        for index, (one, following) in enumerate(pairwise(fresh), start=1)
        if (following[0], following[1].seq) != (one[0], one[1].seq + 1)
    ]
    for start, end in pairwise([0, *ends, len(fresh)]):
        if start < end:
            producer_ids, events, lines = zip(*fresh[start:end], strict=True)
            yield _run(producer_ids[0], events, lines)


def _run(producer_id: int, events: Sequence[EventFacts], lines: Sequence[str]) -> EventRun:
    return EventRun(producer_id, events[0].seq, [event.kind for event in events], lines)
