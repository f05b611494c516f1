"""Lines of a request → checked events. The hot path: as little Python per event as possible."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import ValidationError

from synapse_sdk.server.http import InvalidError, TooLargeError
from synapse_sdk.server.jobs.event_decoder import INTEGER_LIMIT, PRODUCER_LIMIT, EventFacts, decode_batch
from synapse_sdk.wire.event import Event

LINES_LIMIT = 10_000
BATCH_LIMIT_BYTES = 8 * 1024 * 1024
#: One event; `docs/architecture.md`, "Quotas". The line may be longer by what escapes take.
EVENT_LIMIT_BYTES = 1024 * 1024
_LINE_LIMIT_BYTES = EVENT_LIMIT_BYTES + 1024
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Batch:
    """Events of one request, and the line that each came as."""

    events: Sequence[EventFacts]
    lines: Sequence[str]

    @cached_property
    def sources(self) -> frozenset[tuple[str, int, str]]:
        """Job, attempt and producer of the events: nearly always one for them all."""
        return frozenset([(event.job, event.attempt, event.producer) for event in self.events])


def parse_batch(body: bytes) -> Batch:
    """Turn a request's body into events, each a line of JSON.

    Raises:
        InvalidError: A line is no event; it names the first such line, counted from 1. Nothing is kept.
        TooLargeError: More lines or bytes than are taken at once.
    """
    if len(body) > BATCH_LIMIT_BYTES:
        raise TooLargeError(
            f"A batch has at most {BATCH_LIMIT_BYTES:,} bytes.", {"limit_bytes": BATCH_LIMIT_BYTES}
        )
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _refuse(body.count(b"\n", 0, error.start) + 1, "is not UTF-8") from None
    # Line ends of another kind are spaces between values here, and would end a line of an event stream.
    lines = [line for line in text.replace("\r", " ").split("\n") if line and not line.isspace()]
    if len(lines) > LINES_LIMIT:
        raise TooLargeError(
            f"A batch has at most {LINES_LIMIT:,} events, not {len(lines):,}.", {"limit": LINES_LIMIT}
        )
    events = decode_batch(body)
    if events is None:  # damaged, or unusual: numbers that are none, a line end of another system
        events = [_validate(number, line) for number, line in enumerate(lines, start=1)]
    # A character is at most four bytes.
    if lines and max(map(len, lines)) > _LINE_LIMIT_BYTES // 4:
        _require_short(lines)
    return Batch(events, lines)


def decompress(chunks: Iterable[bytes]) -> bytes:
    """Return a gzip body, unpacked.

    Raises:
        InvalidError: It is no gzip.
        TooLargeError: It is more than a batch may be, unpacked.
    """
    unpacker = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    room = BATCH_LIMIT_BYTES + 1
    try:
        for chunk in chunks:
            part = unpacker.decompress(chunk, room)
            parts.append(part)
            room -= len(part)
            if room <= 0:
                raise TooLargeError(f"A batch has at most {BATCH_LIMIT_BYTES:,} bytes, unpacked.")
    except zlib.error as error:
        raise InvalidError(f"The body is not gzip, as Content-Encoding says: {error}.") from None
    if not unpacker.eof:
        raise InvalidError("The gzip body ends too early.")
    return b"".join(parts)


def require_source(batch: Batch, *, job: str, attempts: frozenset[int], producers: tuple[str, ...]) -> None:
    """Refuse events that their sender may not tell.

    Args:
        batch: The events.
        job: The job that they must belong to.
        attempts: The attempts that they may belong to.
        producers: First parts of names that they may be counted under, such as `worker` for `worker/rank3`.

    Raises:
        InvalidError: Names the first such line.
    """
    if all(
        (of, attempt in attempts, name.partition("/")[0] in producers) == (job, True, True)
        for of, attempt, name in batch.sources
    ):
        return
    for number, event in enumerate(batch.events, start=1):
        if event.job != job:
            raise _refuse(number, f"belongs to the job {event.job[:_SHOWN_CHARACTERS]!r}, not to {job!r}")
        if event.attempt not in attempts:
            raise _refuse(number, f"belongs to the attempt {event.attempt}, which is not yours to report")
        if event.producer.partition("/")[0] not in producers:
            shown = event.producer[:_SHOWN_CHARACTERS]
            raise _refuse(number, f"is counted by {shown!r}; yours are {', '.join(producers)}")


def _require_short(lines: Iterable[str]) -> None:
    for number, line in enumerate(lines, start=1):
        if len(line.encode()) > _LINE_LIMIT_BYTES:
            raise _refuse(number, f"is larger than {EVENT_LIMIT_BYTES:,} bytes")


def _validate(number: int, line: str) -> EventFacts:
    """Return the event of a line; pydantic says what is wrong with it."""
    try:
        event = Event.model_validate_json(line)
    except ValidationError as error:
        raise _refuse(number, _explain(error)) from None
    if not (0 < event.seq < INTEGER_LIMIT and 0 < event.attempt < INTEGER_LIMIT):
        raise _refuse(number, "has a seq or attempt that does not count from 1")
    if not 0 < len(event.producer) <= PRODUCER_LIMIT:
        raise _refuse(number, "has a producer without a name, or with a very long one")
    if event.ordinals and not all(0 <= ordinal < INTEGER_LIMIT for ordinal in event.ordinals.values()):
        raise _refuse(number, "has an ordinal that does not count from 0")
    return EventFacts.of(event)


def _refuse(line: int, what: str) -> InvalidError:
    problem = {"loc": ["line", line], "msg": what, "type": "event", "input": None}
    return InvalidError(
        f"Line {line} {what}. Nothing of this batch was kept.", {"line": line, "errors": [problem]}
    )


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"is no event: {where + ': ' if where else ''}{first['msg']}"
