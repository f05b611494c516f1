"""Sinks for tests: one that remembers, and some that misbehave."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from synapse_sdk.plugins.event_encoder import EncodedEvent
from synapse_sdk.wire.event import Event


@dataclass(eq=False)
class RecordingSink:
    """Remembers every event and every line, in the order of their arrival."""

    encoded: list[EncodedEvent] = field(default_factory=list)
    is_closed: bool = False

    def write(self, batch: Sequence[EncodedEvent]) -> None:
        assert not self.is_closed, "written to after close"
        self.encoded += batch

    def close(self) -> None:
        self.is_closed = True

    @property
    def events(self) -> list[Event]:
        return [encoded.event for encoded in self.encoded]

    @property
    def lines(self) -> list[bytes]:
        return [encoded.line for encoded in self.encoded]

    def of_kind(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def contents(self) -> list[str]:
        """Return the texts of the messages."""
        return [event.body["content"] for event in self.of_kind("message") if event.body]


@dataclass(eq=False)
class FailingSink(RecordingSink):
    """Raises while `fails` says so, else remembers."""

    fails: Callable[[], bool] = lambda: True

    def write(self, batch: Sequence[EncodedEvent]) -> None:
        if self.fails():
            raise OSError("no room")
        super().write(batch)


@dataclass(eq=False)
class GatedSink(RecordingSink):
    """Takes nothing until the gate opens."""

    gate: threading.Event = field(default_factory=threading.Event)
    has_begun: threading.Event = field(default_factory=threading.Event)

    def write(self, batch: Sequence[EncodedEvent]) -> None:
        self.has_begun.set()
        assert self.gate.wait(60), "nobody opened the gate"
        super().write(batch)


def strict_json(line: bytes | str) -> Any:
    """Parse JSON as its standard has it: no NaN, no Infinity."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(line, parse_constant=refuse)
