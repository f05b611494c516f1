"""A run's story for whoever watches: one live line on a terminal, one plain line per phase elsewhere."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from synapse_sdk._internal.columns import clip, display_width, pad
from synapse_sdk._internal.terminal import is_terminal, supports_colour

if TYPE_CHECKING:
    from synapse_sdk.plugins.event_encoder import EncodedEvent
    from synapse_sdk.wire.event import Event

#: ANSI colour of a message's first word, by level. Levels that are not here are quiet.
_COLOURS = {"success": 32, "warning": 33, "danger": 31, "error": 31, "critical": 31}
#: Back to the line's start, and clear it.
_CLEAR_LINE = "\r\x1b[2K"
_UNNAMED_STEP = "progress"
_NAME_WIDTH = 12
_LONGEST_NAME_WIDTH = 32
#: Numbers that say where others were measured; the phase has said so already.
_POSITIONS = frozenset({"epoch", "global_step"})


@dataclass(slots=True)
class _Phase:
    """What is known of the step that is going on."""

    step: str
    percent: float | None = None
    remaining_s: float | None = None
    elapsed_s: float = 0.0
    values: dict[str, float] = field(default_factory=dict)


class TerminalSink:
    """Writes events as text for people.

    Args:
        stream: Where to; this process's stderr unless given.
        show_debug: Also show messages of level debug.
    """

    #: Columns of the steps' names: as many as the longest one so far takes.
    _name_width = _NAME_WIDTH

    def __init__(self, stream: TextIO | None = None, *, show_debug: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._show_debug = show_debug
        self._is_live: bool | None = None
        self._phase: _Phase | None = None
        #: How far a workflow has come, while one of its steps is the phase.
        self._overall_percent: float | None = None
        self._lock = threading.RLock()  # the pump draws, others may print in between

    @property
    def is_live(self) -> bool:
        """Is a person watching a terminal? Asked only when there is something to show."""
        if self._is_live is None:
            self._is_live = is_terminal(self._stream)
        return self._is_live

    def write(self, batch: Sequence[EncodedEvent]) -> None:
        """Show a batch; on a terminal the live line is drawn once for all of it."""
        with self.paused():
            for encoded in batch:
                self._take(encoded.event)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the live line away while in the block, so that something else can be written."""
        with self._lock:
            if self.is_live:
                self._put(_CLEAR_LINE)
                self._stream.flush()
            yield
            if self.is_live and self._phase is not None:
                self._put(self._fit(self._describe(self._phase)))
            self._stream.flush()

    def close(self) -> None:
        """Leave the last phase as an ordinary line."""
        if self._phase is not None:  # most executions report nothing, and should cost nothing
            with self.paused():
                self._end_phase()

    def _take(self, event: Event) -> None:
        body: Mapping[str, Any] = event.body or {}
        if event.kind == "progress" and event.step is None and self._is_in_step():
            self._overall_percent = body["percent"]
        elif event.kind == "progress":
            if self._phase is not None and self._phase.percent == 100 and body["percent"] < 100:
                self._end_phase()  # the same step once more
            phase = self._enter(event.step)
            phase.percent, phase.remaining_s = body["percent"], body.get("remaining_s")
            phase.elapsed_s = body["elapsed_s"]
        elif event.kind == "metric":
            self._take_values(event)
        elif event.kind == "message":
            if event.level != "debug" or self._show_debug:
                self._say(body["content"], event.level)
        elif event.name == "dev_event" and self._show_debug:
            self._say(f"debug: {body.get('message', '')}", event.level)
        elif event.kind == "loss" and (text := _describe_loss(body)):
            self._say(text, "warning")

    def _is_in_step(self) -> bool:
        return self._phase is not None and self._phase.step != _UNNAMED_STEP

    def _take_values(self, event: Event) -> None:
        values = event.values or {}
        phase, step = self._phase, event.step or _UNNAMED_STEP
        if phase is not None and phase.step != step:
            # Numbers of a second step, measured along the way: shown beside, not as a phase of their own.
            # In a search a trial's numbers take the place of those of the trial before.
            short = step.rpartition("/")[2]
            beside = {f"{short} {key}": value for key, value in values.items() if key not in _POSITIONS}
            if phase.percent != 100 or phase.values.keys() & beside:
                phase.values |= beside
                return
        self._enter(event.step).values |= values

    def _enter(self, step: str | None) -> _Phase:
        name = step or _UNNAMED_STEP
        if self._phase is None or self._phase.step != name:
            self._end_phase()
            self._phase = _Phase(name)
        return self._phase

    def _end_phase(self) -> None:
        if self._phase is not None:
            self._put(self._describe(self._phase, is_over=True) + "\n")
            self._phase = None

    def _say(self, text: str, level: str | None) -> None:
        if self._phase is not None and self._phase.percent == 100:
            self._end_phase()  # what is said after a phase stands after it
        label = f"{level}: " if level in ("warning", "danger", "error", "critical") else ""
        if label and level in _COLOURS and supports_colour(self._stream):
            label = f"\x1b[{_COLOURS[level]}m{label}\x1b[0m"
        self._put(f"  {label}{_printable(text)}\n")

    def _describe(self, phase: _Phase, *, is_over: bool = False) -> str:
        percent = "     " if phase.percent is None else f"{phase.percent:4.0f}%"
        name = clip(_printable(phase.step), _LONGEST_NAME_WIDTH)
        self._name_width = max(self._name_width, display_width(name))
        parts = [f"  {pad(name, self._name_width)}{percent}"]
        parts += [f"{_printable(key)} {format_number(value)}" for key, value in phase.values.items()]
        if is_over and phase.elapsed_s >= 1:
            parts.append(f"{phase.elapsed_s:.0f} s")
        elif not is_over and phase.remaining_s is not None and phase.remaining_s >= 1:
            parts.append(f"{phase.remaining_s:.0f} s left")
        if not is_over and self._overall_percent is not None and phase.step != _UNNAMED_STEP:
            parts.append(f"overall {self._overall_percent:.0f}%")
        return "  ".join(parts).rstrip()

    def _fit(self, line: str) -> str:
        # A live line that wraps can not be cleared again.
        return clip(line, _columns(self._stream) - 1)

    def _put(self, text: str) -> None:
        self._stream.write(text)


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def format_number(value: float) -> str:
    """Write a number with as many digits as a glance needs: 12, 0.412, 1.2e-05."""
    if isinstance(value, int) or (abs(value) < 1e15 and value == int(value)):
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1e-3 or abs(value) >= 1e4 else f"{value:.3f}"


def _printable(text: str) -> str:
    # Control characters of an author's text must not move the reader's cursor.
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)


def _describe_loss(body: Mapping[str, Any]) -> str | None:
    if "sink" in body:  # how many in all is said by whoever shows the outcome
        return f"{body['sink']} lost events: {body['why']}" if "why" in body else None
    if "why" in body:
        return f"lost {body['what']}: {body['why']}"
    if "kept_bytes" in body:
        return f"left out {body['what']}: what comes after {body['kept_bytes']:,} bytes"
    if "event_count" in body and "size_bytes" in body:
        return f"left out {body['what']}: {body['event_count']} of {body['size_bytes']:,} bytes"
    return f"lost: {dict(body)}"  # told by a newer sender, in its own words
