"""A program on a terminal, for what it does only where a person sits: ask, colour, redraw."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Sequences that move the cursor or colour, and the question where the cursor is.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>()][0-9A-B]?|\x1b\][^\x07]*\x07|\r")
#: A new session has no terminal; taking one is what makes Ctrl-C a signal. Then the program takes our place.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
_WHERE_IS_THE_CURSOR = b"\x1b[6n"


@dataclass
class TerminalSession:
    """Types and reads like a patient person: `expect` what is on the screen, then `type` the answer."""

    process: subprocess.Popen[bytes]
    descriptor: int
    raw: bytearray = field(default_factory=bytearray)
    _seen: int = 0

    @property
    def screen(self) -> str:
        """Everything shown so far, without control sequences."""
        return _CONTROL.sub("", self.raw.decode("utf-8", "replace"))

    def expect(self, text: str, *, timeout_s: float = 20.0) -> None:
        """Read on until `text` appears after what earlier calls expected."""
        deadline = time.monotonic() + timeout_s
        while (at := self.screen.find(text, self._seen)) < 0:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} did not appear. The terminal shows:\n{self.screen}")
        self._seen = at + len(text)

    def type(self, keys: str) -> None:
        """Send keys; Enter is `\\r`, Ctrl-C is `\\x03`."""
        os.write(self.descriptor, keys.encode())

    def wait(self, *, timeout_s: float = 30.0) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + timeout_s
        while self._read(deadline):
            pass
        try:
            return self.process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running. The terminal shows:\n{self.screen}") from None

    def _read(self, deadline: float) -> bool:
        """Read a piece; False at the end of the output or when the time is up."""
        ready, _, _ = select.select([self.descriptor], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            return False
        try:
            piece = os.read(self.descriptor, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            return False
        if _WHERE_IS_THE_CURSOR in piece:
            # A prompt library waits for the answer, which a real terminal gives.
            os.write(self.descriptor, b"\x1b[1;1R")
        self.raw += piece
        return bool(piece)


@contextlib.contextmanager
def open_terminal(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], columns: int = 80
) -> Iterator[TerminalSession]:
    """Start a program with a terminal of its own as stdin, stdout and stderr; end it when the block ends."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_TERMINAL, *argv],
        cwd=cwd,
        env={**env, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield TerminalSession(process, ours)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)
