"""Wait for what a running program says, never for a length of time."""

from __future__ import annotations

import os
import select
import subprocess
import time
from typing import Literal


def wait_for_output(
    process: subprocess.Popen[str],
    text: str,
    *,
    on: Literal["stdout", "stderr"] = "stdout",
    timeout_s: float = 30.0,
) -> str:
    """Read one of the program's streams until `text` is in it; return what was read."""
    stream = process.stdout if on == "stdout" else process.stderr
    assert stream is not None
    descriptor, read, deadline = stream.fileno(), b"", time.monotonic() + timeout_s
    while text.encode() not in read:
        ready, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
        piece = os.read(descriptor, 65536) if ready else b""
        if not piece:
            process.kill()
            raise AssertionError(f"{text!r} was not said on {on}: {read.decode()}\n{process.communicate()}")
        read += piece
    return read.decode()
