"""How far reading or sending has come: a live line on a terminal, elsewhere one line if it takes a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from synapse_sdk._internal.terminal import is_terminal
from synapse_sdk._internal.units import format_size
from synapse_sdk.cli.output import Output

#: Seconds between two states of the live line, and before a line says that it takes a while.
_REDRAW_S = 0.1
_WHILE_S = 2.0

#: Called with the bytes that are done and the bytes that there are.
OnProgress = Callable[[int, int], None]


@contextmanager
def transfer_line(output: Output, verb: str) -> Iterator[OnProgress]:
    """Show progress as `verb`, such as "reading", while in the block; nothing of the live line stays."""
    stream, is_live, started = output.err, is_terminal(output.err), time.monotonic()
    due, shown = started + (_REDRAW_S if is_live else _WHILE_S), False

    def on_progress(done_bytes: int, total_bytes: int) -> None:
        nonlocal due, shown
        if time.monotonic() < due or (shown and not is_live):
            return
        due, shown = time.monotonic() + _REDRAW_S, True
        if is_live:
            share = done_bytes / (total_bytes or 1)
            sizes = f"{format_size(done_bytes)} of {format_size(total_bytes)}"
            stream.write(f"\r\x1b[K  {verb}  {share:4.0%}  {sizes}")
            stream.flush()
        else:
            output.say(f"{verb.capitalize()} {format_size(total_bytes)} …")

    try:
        yield on_progress
    finally:
        if shown and is_live:
            stream.write("\r\x1b[K")
            stream.flush()
