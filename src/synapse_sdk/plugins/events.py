"""From a call in the author's loop to sinks, without making the loop wait.

```text
set_metrics ──append──▶ deque ──one daemon thread──▶ Event ──▶ line ──▶ every sink, in batches
```

The caller pays for an append. The thread numbers, builds and encodes events; it merges progress of one step
that arrives faster than anybody can look, and says how many calls it merged.
"""

from __future__ import annotations

import atexit
import math
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

from synapse_sdk._internal.jsonable import describe_json
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.plugins.event_encoder import EncodedEvent, EventEncoder, PartlyWrittenError, RawEvent

#: Seconds between two rounds of the pump: sinks are fed, and a terminal redrawn, at most 10 times a second.
ROUND_S = 0.1
#: Calls that may wait in the queue. At this length callers wait too: back-pressure comes before loss.
QUEUE_LIMIT = 50_000
#: Whole numbers beyond this do not fit the floats of a series.
_LARGEST = int(sys.float_info.max)
#: Whole numbers below this are compared in one machine instruction.
_SMALL = 2**62
#: Past the Python function that makes a named tuple.
_new_raw = tuple.__new__


class Sink(Protocol):
    """Where events go. Called by one thread at a time, with events in order."""

    def write(self, batch: Sequence[EncodedEvent]) -> None:
        """Take a batch. An exception counts the batch as lost to this sink, and is reported at the end.

        Who took the beginning of the batch raises an error with `taken_event_count`, such as
        `PartlyWrittenError` from the reason.
        """

    def close(self) -> None:
        """Finish; nothing is written afterwards. An error with `lost_event_count` says how many it lost."""


class EventTarget(Protocol):
    """What a `RuntimeContext` reports to: a run's stream, or what stands before one. See `EventStream`."""

    def progress(self, step: str | None, current: float, total: float) -> None: ...

    def metrics(self, step: str | None, values: Mapping[str, Any]) -> None: ...

    def metric(self, category: str, key: str, value: float, others: Mapping[str, Any]) -> None: ...

    def message(self, text: str, *, level: str, step: str | None = None, key: str | None = None) -> None: ...

    def log(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        level: str,
        step: str | None = None,
        file: str | None = None,
    ) -> None: ...

    def flush(self) -> None: ...


class SinkFailure(NamedTuple):
    """A sink that could not take everything."""

    sink: Sink
    lost_event_count: int
    error: Exception


class EventStream:
    """One producer's events, numbered from 1, on their way to sinks.

    The thread starts with the first event and dies with `close()`; an attempt that reports nothing costs
    nothing. A child process, forked or handed this stream by pickling, continues as a producer of its own,
    `<producer>/<pid>`, into those sinks that say `is_shared_with_children`.
    """

    def __init__(
        self,
        sinks: Sequence[Sink] = (),
        *,
        job: str | None = None,
        attempt: int = 1,
        producer: str = "worker",
        text_quota_bytes: int | None = None,
        round_s: float = ROUND_S,
    ) -> None:
        """Prepare; nothing is started, and nothing is made, until the first event.

        Args:
            sinks: Where events go; nowhere unless given.
            job: Id that events carry; made with the first event unless given.
            attempt: Which try of the job this is, from 1.
            producer: Who counts the events.
            text_quota_bytes: How much text is kept, instead of the usual quota.
            round_s: Seconds between two rounds.
        """
        self.job = job
        self.attempt = attempt
        self.producer = producer
        self.event_count = 0
        self.failures: list[SinkFailure] = []
        self._sinks = sinks
        self._text_quota_bytes = text_quota_bytes
        self._round_s = round_s
        self._append: Callable[[RawEvent], None] = self._append_first
        self._is_started = False
        self._is_awake = False
        self._is_closed = False
        self._is_of_child = False
        self._forks = _forks

    def __reduce__(self) -> tuple[Callable[..., EventStream], tuple[Any, ...]]:
        self.job = self.job or uuid7()
        return _continue_in_other_process, (self._shared_sinks(), self.job, self.attempt, self.producer)

    def progress(self, step: str | None, current: float, total: float) -> None:
        """Say how far a step has come: `current` of `total`.

        Raises:
            ValueError: `total` is not positive, or `current` lies outside 0..total.
            TypeError: One of them is not a number.
        """
        if type(current) is not int and type(current) is not float:
            current = _require_number(current)
        if type(total) is not int and type(total) is not float:
            total = _require_number(total)
        if not 0 <= current <= total <= _LARGEST or total <= 0:
            raise ValueError(
                f"progress must be 0 <= current <= total with total > 0, not {current} of {total}"
            )
        if step is not None and type(step) is not str:
            step = _as_name(step)
        item = _new_raw(RawEvent, ("progress", time.time(), step, None, None, (current, total)))
        self._append(item)
        if not self._is_awake or len(self._queue) >= QUEUE_LIMIT:
            self._notify(item)

    def metrics(self, step: str | None, values: Mapping[str, Any]) -> None:
        """Record numbers of a step. What is not a number is kept beside them, as a fact without a series."""
        numbers: dict[str, float] = {}
        others: dict[str, Any] | None = None
        for given, value in values.items():
            key = given if type(given) is str else _as_name(given) or "None"
            kind = type(value)
            if kind is float or (kind is int and -_SMALL < value < _SMALL):
                numbers[key] = value
            elif (number := as_number(value)) is not None:
                numbers[key] = number
            else:
                others = {**(others or {}), key: describe_json(value)}
        if type(step) is not str:
            step = _as_name(step)
        item = _new_raw(RawEvent, ("metric", time.time(), step, None, None, (numbers, others)))
        self._append(item)
        if not self._is_awake or len(self._queue) >= QUEUE_LIMIT:
            self._notify(item)

    def message(self, text: str, *, level: str, step: str | None = None, key: str | None = None) -> None:
        """Tell a person something."""
        item = RawEvent("message", time.time(), _as_name(step), level, key, str(text))
        self._append(item)
        self._notify(item)

    def metric(self, category: str, key: str, value: float, others: Mapping[str, Any]) -> None:
        """Record one number of `category`, and others that were measured with it."""
        self.metrics(category, {key: value, **others})

    def log(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        level: str,
        step: str | None = None,
        file: str | None = None,
    ) -> None:
        """Record an event of the author's own. What JSON can not say in `body` is kept as its `repr`.

        Args:
            name: The event's name.
            body: Its data.
            level: How it wants to be read.
            step: The step that it belongs to.
            file: Path of a file that belongs to it, kept as `file` of its data.
        """
        facts = dict(body) if file is None else {**body, "file": str(file)}
        item = RawEvent("log", time.time(), _as_name(step), level, _as_name(name), describe_json(facts))
        self._append(item)
        self._notify(item)

    def state(self, state: str, **facts: Any) -> None:
        """Record that the attempt moved to `state`."""
        item = RawEvent("state", time.time(), None, None, None, {"state": state, **facts})
        self._append(item)
        self._notify(item)

    def flush(self) -> None:
        """Return when everything that was reported before this call has been handed to the sinks."""
        if self._is_started:
            self._drain()

    def close(self) -> None:
        """Hand over what is left, close the sinks. Reporting afterwards raises `RuntimeError`."""
        if self._forks != _forks:
            self._notice_fork()
        with _start_lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._append = _refuse_after_close
        if not self._is_started:
            for sink in self._sinks:
                self._close_sink(sink)
            return
        self._stop.set()
        self._wake.set()
        self._thread.join()
        # From here on, whoever still got to the queue comes to `_notify` and learns whether it was in time.
        self._wake.clear()
        self._drain()
        with self._pump_lock:
            self._deliver(self._encoder.encode_cut_texts())
            for failure in list(self.failures):
                name = type(failure.sink).__name__
                self._deliver([self._encoder.encode_lost_count(name, failure.lost_event_count)])
            for sink in self._sinks:
                self._close_sink(sink)

    @property
    def lost_event_count(self) -> int:
        """Events that some sink could not take."""
        return max((failure.lost_event_count for failure in self.failures), default=0)

    def _append_first(self, item: RawEvent) -> None:
        self._notice_fork()
        with _start_lock:
            if not self._is_started and not self._is_closed:
                self._start()
        self._append(item)

    def _start(self) -> None:
        self.job = self.job or uuid7()
        self._encoder = EventEncoder(
            self.job, self.attempt, self.producer, text_quota_bytes=self._text_quota_bytes
        )
        self._queue: deque[RawEvent] = deque()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._pump_lock = threading.Lock()  # one drain at a time: the thread's, or flush()'s
        self._thread = threading.Thread(target=self._pump, name="synapse-events", daemon=True)
        self._thread.start()
        if self._is_of_child:
            atexit.register(self.close)
            if (util := sys.modules.get("multiprocessing.util")) is not None:
                # Children of multiprocessing leave without atexit; this is what they do run.
                util.Finalize(None, self.close, exitpriority=100)
        self._is_started = True
        self._append = self._queue.append
        _started_streams.add(self)

    def _notify(self, item: RawEvent) -> None:
        if self._is_closed:
            self._refuse_if_late(item)
            return
        self._is_awake = True
        self._wake.set()
        while len(self._queue) >= QUEUE_LIMIT:  # back-pressure: this caller does a round itself
            self._drain()

    def _refuse_if_late(self, item: RawEvent) -> None:
        with self._pump_lock:
            if any(left is item for left in self._queue):
                _refuse_after_close(item)

    def _pump(self) -> None:
        while not self._is_closed:
            self._wake.wait()
            self._wake.clear()
            # In this order: whoever still sees True has appended before the round that now begins.
            self._is_awake = False
            self._drain()
            self._stop.wait(self._round_s)

    def _drain(self) -> None:
        with self._pump_lock:
            # No more than is there now: others go on appending, and a round must end.
            raw = [self._queue.popleft() for _ in range(len(self._queue))]
            if raw:
                self._deliver(self._encoder.encode(raw))

    def _deliver(self, batch: list[EncodedEvent]) -> None:
        waiting = [(batch, list(self._sinks))] if batch else []
        while waiting:
            events, sinks = waiting.pop(0)
            self.event_count += len(events)
            for sink in sinks:
                try:
                    sink.write(events)
                except Exception as error:  # noqa: BLE001 - border of foreign code: the run goes on, the loss is counted
                    # By what it says, not by its class: sinks of other rooms have errors of their own.
                    lost = len(events) - getattr(error, "taken_event_count", 0)
                    if not self._count_loss(sink, lost, error):
                        continue
                    # Told to the others after what they are still to get of this round, so order is kept.
                    notice = self._encoder.encode_loss(type(sink).__name__, self.failures[-1].error)
                    self._count_loss(sink, 1, self.failures[-1].error)
                    waiting.append(([notice], [other for other in self._sinks if other is not sink]))

    def _count_loss(self, sink: Sink, event_count: int, error: Exception) -> bool:
        """Count events that `sink` did not take. True when they are its first."""
        if isinstance(error, PartlyWrittenError) and isinstance(error.__cause__, Exception):
            error = error.__cause__
        for index, failure in enumerate(self.failures):
            if failure.sink is sink:
                lost = failure.lost_event_count + event_count
                self.failures[index] = failure._replace(lost_event_count=lost)
                return False
        self.failures.append(SinkFailure(sink, event_count, error))
        return True

    def _close_sink(self, sink: Sink) -> None:
        try:
            sink.close()
        except Exception as error:  # noqa: BLE001 - border of foreign code: reported, others still close
            self._count_loss(sink, getattr(error, "lost_event_count", 0), error)

    def _shared_sinks(self) -> list[Sink]:
        return [sink for sink in self._sinks if getattr(sink, "is_shared_with_children", False)]

    def _notice_fork(self) -> None:
        # A stream that has not started is in no list, which takes longer than a whole execution may.
        if self._forks != _forks and not self._is_closed:
            self._continue_in_forked_child()

    def _continue_in_forked_child(self) -> None:
        # Locks and the thread of the parent did not come along; what was queued is the parent's to tell.
        self._forks = _forks
        self.producer = f"{self.producer}/{os.getpid()}"
        self.event_count, self.failures = 0, []
        self._sinks = self._shared_sinks()
        self._is_started = False
        self._is_of_child = True
        self._append = self._append_first


def as_number(value: object) -> float | int | None:
    """Return `value` as a plain number, or None. Takes booleans and scalars of array libraries."""
    if isinstance(value, bool | int):
        return int(value) if -_LARGEST <= value <= _LARGEST else None
    if isinstance(value, float):
        return float(value)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and math.prod(shape) == 1 and hasattr(value, "item"):
        return as_number(value.item())
    return None


def _require_number(value: object) -> float | int:
    number = as_number(value)
    if number is None:
        raise TypeError(f"progress must be given in numbers, not in {type(value).__name__}")
    return number


def _as_name(value: object) -> str | None:
    if value is None or type(value) is str:
        return value
    return str(value.value if isinstance(value, Enum) else value)


def _refuse_after_close(_: RawEvent) -> None:
    raise RuntimeError("this run has ended; nothing more can be reported for it")


def _continue_in_other_process(sinks: list[Sink], job: str, attempt: int, producer: str) -> EventStream:
    """Give a process that was handed a stream its own; the same one however often it is handed."""
    identity = (job, attempt, f"{producer}/{os.getpid()}")
    with _start_lock:
        stream = _continued.get(identity)
        if stream is None:
            stream = _continued[identity] = EventStream(sinks, job=job, attempt=attempt, producer=identity[2])
            stream._is_of_child = True  # noqa: SLF001 - same module, one subject
    return stream


_start_lock = threading.Lock()
#: How many forks lie between the first process and this one: cheaper to compare than process ids.
_forks = 0
_started_streams: weakref.WeakSet[EventStream] = weakref.WeakSet()
_continued: dict[tuple[str, int, str], EventStream] = {}


def _continue_streams_in_child() -> None:
    global _forks, _start_lock
    _forks += 1
    _start_lock = threading.Lock()
    for stream in list(_started_streams):
        if not stream._is_closed:  # noqa: SLF001 - same module, one subject
            stream._continue_in_forked_child()  # noqa: SLF001


os.register_at_fork(after_in_child=_continue_streams_in_child)
