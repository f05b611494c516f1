"""From a call in the author's loop to sinks, without making the loop wait.

```text
set_metrics ──append──▶ deque ──one daemon thread──▶ Event ──▶ line ──▶ every sink, in batches
```

The caller pays for an append. The thread numbers, builds and encodes events; it merges progress of one step
that arrives faster than anybody can look, and says how many calls it merged.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from synapse_sdk._internal.jsonable import describe_json
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.plugins.event_encoder import EncodedEvent, EventEncoder, RawEvent

#: Seconds between two rounds of the pump: sinks are fed, and a terminal redrawn, at most 10 times a second.
ROUND_S = 0.1
#: Calls that may wait in the queue. At this length callers wait too: back-pressure comes before loss.
QUEUE_LIMIT = 50_000


class Sink(Protocol):
    """Where events go. Called by one thread at a time, with events in order."""

    def write(self, batch: Sequence[EncodedEvent]) -> None:
        """Take a batch. An exception counts the batch as lost to this sink, and is reported at the end."""

    def close(self) -> None:
        """Finish; nothing is written afterwards."""


class SinkFailure(NamedTuple):
    """A sink that could not take everything."""

    sink: Sink
    lost_event_count: int
    error: Exception


class EventStream:
    """One producer's events, numbered from 1, on their way to sinks.

    The thread starts with the first event and dies with `close()`; an attempt that reports nothing costs
    nothing. A forked child of the process continues as a producer of its own, `<producer>/<pid>`.
    """

    def __init__(
        self,
        sinks: Sequence[Sink] = (),
        *,
        job: str | None = None,
        attempt: int = 1,
        producer: str = "worker",
        text_quota_bytes: int | None = None,
    ) -> None:
        """Prepare; nothing is started, and nothing is made, until the first event.

        Args:
            sinks: Where events go; nowhere unless given.
            job: Id that events carry; made with the first event unless given.
            attempt: Which try of the job this is, from 1.
            producer: Who counts the events.
            text_quota_bytes: How much text is kept, instead of the usual quota.
        """
        self.job = job
        self.attempt = attempt
        self.producer = producer
        self.event_count = 0
        self.failures: list[SinkFailure] = []
        self._sinks = sinks
        self._text_quota_bytes = text_quota_bytes
        self._append: Callable[[RawEvent], None] = self._append_first
        self._is_started = False
        self._is_closed = False

    def progress(self, step: str | None, current: float, total: float) -> None:
        """Say how far a step has come: `current` of `total`.

        Raises:
            ValueError: `total` is not positive, or `current` lies outside 0..total.
        """
        if not 0 <= current <= total or total <= 0:
            raise ValueError(
                f"progress must be 0 <= current <= total with total > 0, not {current} of {total}"
            )
        self._append(RawEvent("progress", time.time(), step, None, None, (current, total)))
        if not self._wake.is_set() or len(self._queue) >= QUEUE_LIMIT:
            self._notify()

    def metrics(self, step: str | None, values: Mapping[str, Any]) -> None:
        """Record numbers of a step. What is not a number is kept beside them, as a fact without a series."""
        numbers: dict[str, float] = {}
        others: dict[str, Any] | None = None
        for key, value in values.items():
            kind = type(value)
            if kind is float or kind is int:
                numbers[key] = value
            elif (number := as_number(value)) is not None:
                numbers[str(key)] = number
            else:
                others = {**(others or {}), str(key): describe_json(value)}
        self._append(RawEvent("metric", time.time(), step, None, None, (numbers, others)))
        if not self._wake.is_set() or len(self._queue) >= QUEUE_LIMIT:
            self._notify()

    def message(self, text: str, *, level: str, step: str | None = None, key: str | None = None) -> None:
        """Tell a person something."""
        self._append(RawEvent("message", time.time(), step, level, key, text))
        self._notify()

    def log(self, name: str, body: Mapping[str, Any], *, level: str, step: str | None = None) -> None:
        """Record an event of the author's own. What JSON can not say in `body` is kept as its `repr`."""
        self._append(RawEvent("log", time.time(), step, level, name, describe_json(dict(body))))
        self._notify()

    def state(self, state: str, **facts: Any) -> None:
        """Record that the attempt moved to `state`."""
        self._append(RawEvent("state", time.time(), None, None, None, {"state": state, **facts}))
        self._notify()

    def flush(self) -> None:
        """Return when everything that was reported before this call has been handed to the sinks."""
        if self._is_started:
            self._drain()

    def close(self) -> None:
        """Hand over what is left, close the sinks. Reporting afterwards raises `RuntimeError`."""
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
        self._drain()
        with self._pump_lock:
            if closing := self._encoder.encode_cut_texts():
                self._deliver(closing)
            for sink in self._sinks:
                self._close_sink(sink)

    @property
    def lost_event_count(self) -> int:
        """Events that some sink could not take."""
        return max((failure.lost_event_count for failure in self.failures), default=0)

    def _append_first(self, item: RawEvent) -> None:
        with _start_lock:
            if not self._is_started:
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
        _open_streams.add(self)
        self._is_started = True
        self._append = self._queue.append

    def _notify(self) -> None:
        self._wake.set()
        while len(self._queue) >= QUEUE_LIMIT:  # back-pressure: this caller does a round itself
            self._drain()

    def _pump(self) -> None:
        while not self._is_closed:
            self._wake.wait()
            self._wake.clear()
            self._drain()
            self._stop.wait(ROUND_S)

    def _drain(self) -> None:
        with self._pump_lock:
            raw: list[RawEvent] = []
            popleft = self._queue.popleft
            while self._queue:
                raw.append(popleft())
            if not raw:
                return
            self._deliver(self._encoder.encode(raw))

    def _deliver(self, batch: list[EncodedEvent]) -> None:
        self.event_count += len(batch)
        for sink in self._sinks:
            try:
                sink.write(batch)
            except Exception as error:  # noqa: BLE001 - border of foreign code: the run goes on, the loss is counted
                self._record_failure(sink, len(batch), error)

    def _record_failure(self, sink: Sink, lost: int, error: Exception) -> None:
        for index, failure in enumerate(self.failures):
            if failure.sink is sink:
                self.failures[index] = failure._replace(lost_event_count=failure.lost_event_count + lost)
                return
        self.failures.append(SinkFailure(sink, lost, error))
        notice = self._encoder.encode_loss(type(sink).__name__, error)
        others = [other for other in self._sinks if other is not sink]
        self.event_count += 1
        for other in others:
            try:
                other.write([notice])
            except Exception as second:  # noqa: BLE001 - as above
                self.failures.append(SinkFailure(other, 1, second))

    def _close_sink(self, sink: Sink) -> None:
        try:
            sink.close()
        except Exception as error:  # noqa: BLE001 - border of foreign code: reported, others still close
            self.failures.append(SinkFailure(sink, 0, error))

    def _continue_in_forked_child(self) -> None:
        # Locks and the thread of the parent did not come along; what was queued is the parent's to tell.
        self.producer = f"{self.producer}/{os.getpid()}"
        self.event_count, self.failures = 0, []
        self._sinks = [sink for sink in self._sinks if getattr(sink, "is_shared_with_children", False)]
        self._is_started = False
        self._append = self._append_first
        if (util := sys.modules.get("multiprocessing.util")) is not None:
            # Children of multiprocessing leave without atexit; this is what they do run.
            util.Finalize(None, self.close, exitpriority=100)


def as_number(value: object) -> float | int | None:
    """Return `value` as a plain number, or None. Takes booleans and scalars of array libraries."""
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    shape = getattr(value, "shape", None)
    if shape is not None and math.prod(shape) == 1 and hasattr(value, "item"):
        return as_number(value.item())
    return None


def _refuse_after_close(_: RawEvent) -> None:
    raise RuntimeError("this run has ended; nothing more can be reported for it")


_start_lock = threading.Lock()
_open_streams: weakref.WeakSet[EventStream] = weakref.WeakSet()


def _continue_streams_in_child() -> None:
    global _start_lock
    _start_lock = threading.Lock()
    for stream in list(_open_streams):
        stream._continue_in_forked_child()  # noqa: SLF001 - same module, one subject


os.register_at_fork(after_in_child=_continue_streams_in_child)
