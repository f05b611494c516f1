"""What an action prints, put above the live line instead of into it."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, TextIO

from synapse_sdk._internal.terminal import is_terminal

if TYPE_CHECKING:
    from synapse_sdk.plugins.terminal import TerminalSink


@contextmanager
def printed_above(sink: TerminalSink) -> Iterator[None]:
    """While in the block, let whole lines of stdout push the sink's live line down. Elsewhere than on a
    terminal there is no live line, and nothing is changed."""
    if not (sink.is_live and is_terminal(sys.stdout)):
        yield
        return
    stream = _AboveLiveLine(sys.stdout, sink)
    try:
        with redirect_stdout(stream):
            yield
    finally:
        stream.finish()


class _AboveLiveLine(io.TextIOBase):
    def __init__(self, stream: TextIO, sink: TerminalSink) -> None:
        self._stream = stream
        self._sink = sink
        self._begun = ""  # a line without its end yet

    def write(self, text: str) -> int:
        whole, newline, rest = (self._begun + text).rpartition("\n")
        self._begun = rest
        if newline:
            with self._sink.paused():
                self._stream.write(whole + newline)
                self._stream.flush()
        return len(text)

    def finish(self) -> None:
        """Print a last line that never ended."""
        if self._begun:
            with self._sink.paused():
                self._stream.write(self._begun + "\n")
                self._stream.flush()
            self._begun = ""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding
