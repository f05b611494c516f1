"""Threads of foreign code that outlive their work, and would keep the process waiting for them."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable

#: How long threads that were left running are given, from the end of what started them.
GRACE_S = 10.0


def find_left_threads() -> list[str]:
    """Return the names of the threads that Python would wait for at the end of the process."""
    own = threading.main_thread(), threading.current_thread()
    return [thread.name for thread in threading.enumerate() if not thread.daemon and thread not in own]


def end_without_left_threads(code: int, tell: Callable[[str], object], *, grace_s: float = GRACE_S) -> None:
    """See to it that this process ends soon, with `code`, even if threads were left running.

    Nothing happens if there are none; threads that end on being asked to, as those of a pool do at the end of
    a process, are left to end. To be called last: the caller returns, and Python waits for them meanwhile.

    Args:
        code: The exit code.
        tell: Called with a sentence when they are not waited for any longer.
        grace_s: Seconds that they are given.
    """
    if not (names := find_left_threads()):
        return
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")

    def watch() -> None:
        time.sleep(grace_s)
        tell(
            f"Threads of the action did not end within {grace_s:g} s: {shown}. The process ends without them."
        )
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)

    threading.Thread(target=watch, name="synapse-end", daemon=True).start()
