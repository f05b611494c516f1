"""Server-sent events, read as they come. Source: HTML standard, "Server-sent events"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class ServerMessage(NamedTuple):
    """One message of a stream."""

    event: str
    data: str
    #: Where to go on after a broken connection; None when the server named no place.
    id: str | None


def read_messages(lines: Iterable[str]) -> Iterator[ServerMessage]:
    """Yield the messages in a stream's lines. Comments, which keep a connection alive, are passed over."""
    event, last_id = "message", None
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield ServerMessage(event, "\n".join(data), last_id)
            event, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            last_id = value
