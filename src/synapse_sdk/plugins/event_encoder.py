"""Raw calls → numbered events → lines. Runs in the pump's thread only."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from synapse_sdk._internal.jsonable import escape_surrogates, shorten
from synapse_sdk.plugins.metric_lines import MetricLines
from synapse_sdk.wire.event import Event

#: Quotas of `docs/architecture.md`, "Quotas": an event, a line of text, all texts of one attempt.
EVENT_LIMIT_BYTES = 1024 * 1024
LINE_LIMIT_BYTES = 64 * 1024
TEXT_QUOTA_BYTES = 1024 * 1024 * 1024


class RawEvent(NamedTuple):
    """What a caller leaves in the queue."""

    kind: str
    at_s: float
    step: str | None
    level: str | None
    name: str | None
    payload: Any


class EncodedEvent:
    """An event, and its one line of JSON without the line end. Also the pair of the two."""

    __slots__ = ("_event", "line")

    def __init__(self, event: Event | None, line: bytes) -> None:
        """Keep an event with its line; None leaves it to be read from there by who wants it."""
        self._event = event
        self.line = line

    @property
    def event(self) -> Event:
        """The event."""
        if self._event is None:
            self._event = _read(self.line)
        return self._event

    def __iter__(self) -> Iterator[Any]:
        yield self.event
        yield self.line


class PartlyWrittenError(Exception):
    """Raised by a sink that took only the first events of a batch; the cause says why."""

    def __init__(self, taken_event_count: int) -> None:
        super().__init__(f"only {taken_event_count} events were taken")
        self.taken_event_count = taken_event_count


# The validator itself: a call of the class costs as much again in Python.
_validate: Callable[[dict[str, Any]], Event] = Event.__pydantic_validator__.validate_python
_read: Callable[[bytes], Event] = Event.__pydantic_validator__.validate_json


# Pydantic holds locks of its own while it calls back into Python. A process forked at that moment, by a data
# loader say, would wait for them forever; so forking waits for the event that is being built.
_no_fork_lock = threading.Lock()
os.register_at_fork(
    before=_no_fork_lock.acquire, after_in_parent=_no_fork_lock.release, after_in_child=_no_fork_lock.release
)


class EventEncoder:
    """Numbers events, counts ordinals, keeps the quotas."""

    def __init__(self, job: str, attempt: int, producer: str, *, text_quota_bytes: int | None = None) -> None:
        self._identity: dict[str, Any] = {"job": job, "attempt": attempt, "producer": producer}
        self._seq = 0
        self._metric_lines = MetricLines(job, attempt, producer)
        #: Per step: the next ordinal of each key.
        self._ordinals: dict[str | None, dict[str, int]] = {}
        #: Per step: when it was first heard of, and how far it was then.
        self._step_start: dict[str | None, tuple[float, float]] = {}
        self._text_quota_bytes = TEXT_QUOTA_BYTES if text_quota_bytes is None else text_quota_bytes
        self._text_bytes = 0
        self._cut_text_count = 0
        self._cut_text_bytes = 0

    def encode(self, raw: Sequence[RawEvent]) -> list[EncodedEvent]:
        """Build the events of one round, in order."""
        batch: list[EncodedEvent] = []
        for item, merged_count in _merge_progress(raw, self._step_start):
            # What a loop reports most takes the shortest way.
            if item.kind == "metric":
                batch.append(self._encode_metric(item))
            elif item.kind not in ("message", "log") or not self._is_over_text_quota(item):
                batch.append(self._encode_one(item, merged_count))
        return batch

    def encode_loss(self, sink: str, error: Exception) -> EncodedEvent:
        """Say that a sink lost events from here on."""
        return self._event(
            kind="loss",
            level="error",
            body={"what": "events", "sink": sink, "why": str(error)},
        )

    def encode_lost_count(self, sink: str, event_count: int) -> EncodedEvent:
        """Say how many events a sink lost in all."""
        return self._event(
            kind="loss",
            level="error",
            body={"what": "events", "sink": sink, "event_count": event_count},
        )

    def encode_cut_texts(self) -> list[EncodedEvent]:
        """Say how much text was over the quota; nothing when none was."""
        if not self._cut_text_count:
            return []
        body = {
            "what": "texts over the quota",
            "event_count": self._cut_text_count,
            "size_bytes": self._cut_text_bytes,
            "quota_bytes": self._text_quota_bytes,
        }
        self._cut_text_count = self._cut_text_bytes = 0
        return [self._event(kind="loss", level="warning", body=body)]

    def _encode_metric(self, item: RawEvent) -> EncodedEvent:
        numbers, others = item.payload
        ordinals = self._count_ordinals(item.step, numbers)
        if numbers and not others and (line := self._metric_line(item, ordinals)):
            return EncodedEvent(None, line)
        facts = {"values": numbers, "ordinals": ordinals}
        if others:
            facts["body"] = {"other": others}
        return self._event_of(item, facts)

    def _metric_line(self, item: RawEvent, ordinals: dict[str, int]) -> bytes | None:
        """Return the next line; None when the event must be built to see what is wrong with it."""
        try:
            line = self._metric_lines.write(self._seq + 1, item.at_s, item.step, item.payload[0], ordinals)
        except (UnicodeEncodeError, OverflowError):
            return None
        if len(line) > EVENT_LIMIT_BYTES:
            return None
        self._seq += 1
        return line

    def _encode_one(self, item: RawEvent, merged_count: int) -> EncodedEvent:
        body = item.payload
        if item.kind == "progress":
            body = self._progress_body(item, merged_count)
        elif item.kind == "message":
            body = _message_body(item.payload)
            if item.name:
                body["key"] = item.name
        return self._event_of(item, {"body": body})

    def _event_of(self, item: RawEvent, facts: dict[str, Any]) -> EncodedEvent:
        name = item.name if item.kind == "log" else None
        at = datetime.fromtimestamp(item.at_s, UTC)
        return self._event(kind=item.kind, at=at, step=item.step, level=item.level, name=name, **facts)

    def _event(self, *, kind: Any, at: datetime | None = None, **facts: Any) -> EncodedEvent:
        self._seq += 1
        facts |= self._identity
        facts["seq"], facts["at"], facts["kind"] = self._seq, at or datetime.now(UTC), kind
        with _no_fork_lock:
            return self._build(facts)

    def _build(self, facts: dict[str, Any]) -> EncodedEvent:
        try:
            event = _validate(facts)
            line = _to_line(event)
        except Exception as error:  # noqa: BLE001 - whatever an author passed: the other events still go out
            event = self._rescue(facts, error)
            line = _to_line(event)
        if len(line) > EVENT_LIMIT_BYTES:
            lost = {
                "what": f"an event of kind {facts['kind']}",
                "event_count": 1,
                "size_bytes": len(line),
                "limit_bytes": EVENT_LIMIT_BYTES,
            }
            event = self._build_loss(facts, lost)
            line = _to_line(event)
        return EncodedEvent(event, line)

    def _rescue(self, facts: dict[str, Any], error: Exception) -> Event:
        """Return the event with its text made writable; else one that says that it is lost."""
        try:
            event = _validate(escape_surrogates(facts))
            _to_line(event)
        except Exception:  # noqa: BLE001 - as in `_event`
            lost = {
                "what": f"an event of kind {facts['kind']} that can not be written",
                "event_count": 1,
                "why": escape_surrogates(shorten(str(error), limit=500)),
            }
            return self._build_loss(facts, lost)
        return event

    def _build_loss(self, facts: dict[str, Any], body: dict[str, Any]) -> Event:
        """Return what stands in the place of an event that is lost."""
        numbered = {name: facts[name] for name in (*self._identity, "seq", "at")}
        return _validate({**numbered, "kind": "loss", "level": "error", "body": body})

    def _count_ordinals(self, step: str | None, numbers: dict[str, float]) -> dict[str, int]:
        following = self._ordinals.get(step)
        if following is None:
            following = self._ordinals[step] = {}
        ordinals = {}
        for key in numbers:
            ordinal = ordinals[key] = following.get(key, 0)
            following[key] = ordinal + 1
        return ordinals

    def _progress_body(self, item: RawEvent, merged_count: int) -> dict[str, Any]:
        current, total = item.payload
        if current == 0:
            self._step_start.pop(item.step, None)
        started_s, started_at = self._step_start.setdefault(item.step, (item.at_s, current))
        elapsed_s, done = max(0.0, item.at_s - started_s), current - started_at
        body: dict[str, Any] = {
            "current": current,
            "total": total,
            "percent": round(100 * current / total, 2),
            "elapsed_s": round(elapsed_s, 3),
        }
        if done > 0 and elapsed_s:
            body["remaining_s"] = round(elapsed_s * (total - current) / done, 3)
        if merged_count:
            body["merged_count"] = merged_count
        return body

    def _is_over_text_quota(self, item: RawEvent) -> bool:
        if isinstance(item.payload, str):
            size_bytes = min(_size_of_text(item.payload), LINE_LIMIT_BYTES)  # the rest is cut anyway
        else:
            size_bytes = _size_of_text(repr(item.payload))
        if self._text_bytes + size_bytes > self._text_quota_bytes:
            self._cut_text_count += 1
            self._cut_text_bytes += size_bytes
            return True
        self._text_bytes += size_bytes
        return False


def _merge_progress(raw: Sequence[RawEvent], known: Container[str | None]) -> list[tuple[RawEvent, int]]:
    """Keep of each step's progress only the last call of this round, and how many came before it.

    The first call of a step and its completion always stay, so that a phase that begins and ends within one
    round is still seen to have done both.

    Args:
        raw: The calls of one round.
        known: Steps of earlier rounds.
    """
    if "progress" not in {item.kind for item in raw}:
        return [(item, 0) for item in raw]
    seen: set[str | None] = set()
    kept: list[tuple[RawEvent, int] | None] = []
    mergeable_at: dict[str | None, int] = {}  # where in `kept` each step's last call may still be merged
    for item in raw:
        merged_count = 0
        if item.kind == "progress":
            current, total = item.payload
            previous = mergeable_at.pop(item.step, None)
            if previous is not None and current != 0:
                merged_count = kept[previous][1] + 1  # type: ignore[index]
                kept[previous] = None
            if current not in (0, total) and (item.step in seen or item.step in known):
                mergeable_at[item.step] = len(kept)
            seen.add(item.step)
        kept.append((item, merged_count))
    return [entry for entry in kept if entry is not None]


def _size_of_text(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _message_body(text: str) -> dict[str, Any]:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= LINE_LIMIT_BYTES:
        return {"content": text}
    kept = encoded[:LINE_LIMIT_BYTES].decode("utf-8", "ignore")
    return {"content": kept + " … [cut]", "cut_bytes": len(encoded) - len(kept.encode())}


def _to_line(event: Event) -> bytes:
    return event.model_dump_json(exclude_none=True).encode()
