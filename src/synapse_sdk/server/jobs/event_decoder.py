"""Lines of JSON → what the server needs of their events, a whole batch in one call of C.

`wire.Event` says what an event is, and decides in every doubt: `decode_batch` answers None for whatever it
does not know well, and its caller asks pydantic about each line. The two must never disagree about a line
that both take; `tests/server/jobs/test_event_decoder.py` holds them to it. (But for the seventh digit of a
second's fraction, which no clock of ours writes: one rounds, the other cuts.)
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any

import msgspec

from synapse_sdk.wire.event import Event, EventKind

#: Numbers that the database's integers hold.
INTEGER_LIMIT = 2**63
PRODUCER_LIMIT = 200

_FromOne = Annotated[int, msgspec.Meta(ge=1, le=INTEGER_LIMIT - 1)]
_FromZero = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_LIMIT - 1)]


# Without the garbage collector's book-keeping: events are trees, and there are thousands of them.
class EventFacts(msgspec.Struct, frozen=True, gc=False):
    """An event as the server works with it, within the limits of numbers and names."""

    job: str
    producer: Annotated[str, msgspec.Meta(min_length=1, max_length=PRODUCER_LIMIT)]
    seq: _FromOne
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: EventKind
    attempt: _FromOne = 1
    name: str | None = None
    step: str | None = None
    level: str | None = None
    values: dict[str, float] | None = None
    ordinals: dict[str, _FromZero] | None = None
    body: dict[str, Any] | None = None
    schema_version: int = 1

    @classmethod
    def of(cls, event: Event) -> EventFacts:
        """Return the facts of an event; its limits are the caller's to check."""
        return cls(**{name: getattr(event, name) for name in cls.__struct_fields__})


def decode_batch(body: bytes) -> list[EventFacts] | None:
    r"""Return the events of lines that each end in `\n`; None when a slower look is needed.

    The decoder finds values one after another and minds no line ends. That each line is one event follows
    from two things: between `}` and `{` no value can go on, as that takes a comma or a colon, so none spans
    two lines; and there are as many values as lines.
    """
    line_count = body.count(b"\n")
    if not (body.startswith(b"{") and body.endswith(b"}\n") and body.count(b"}\n{") == line_count - 1):
        return None
    try:
        events = _decoder().decode_lines(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return events if len(events) == line_count else None


@cache
def _decoder() -> msgspec.json.Decoder[EventFacts]:
    return msgspec.json.Decoder(EventFacts)
