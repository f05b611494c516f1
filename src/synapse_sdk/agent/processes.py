"""Processes of this machine, as `/proc` tells them. Linux only; standard library only."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys/kernel/random/boot_id"


class Process(NamedTuple):
    """A process, told apart from a later one of the same number by when it began."""

    pid: int
    #: One letter; `Z` has ended and waits for its parent.
    state: str
    parent: int
    group: int
    session: int
    #: Clock ticks since the machine started.
    start_time: int


def find_process(pid: int) -> Process | None:
    """Return the process of that number, None when there is none."""
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may hold anything, brackets too.
    fields = text[text.rindex(b")") + 2 :].split()
    return Process(pid, fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def iter_processes() -> Iterator[Process]:
    """Iterate over all processes that can be seen."""
    for entry in os.scandir(_PROC):
        if entry.name.isdigit() and (process := find_process(int(entry.name))) is not None:
            yield process


def find_descendants(pid: int) -> list[Process]:
    """Return children of `pid`, their children, and so on; also those that have ended and were not reaped."""
    children: dict[int, list[Process]] = {}
    for process in iter_processes():
        children.setdefault(process.parent, []).append(process)
    found, waiting = [], [pid]
    while waiting:
        below = children.pop(waiting.pop(), [])
        found += below
        waiting += [process.pid for process in below]
    return found


def find_marked(marker: str, *, since: int) -> list[Process]:
    """Return this user's processes that were started with `marker`, a `NAME=value`, in their environment.

    Args:
        marker: What to look for.
        since: Only processes that began at this `start_time` or later are looked at.
    """
    wanted = marker.encode()
    return [
        process
        for process in iter_processes()
        if process.start_time >= since and wanted in _environment(process.pid)
    ]


def send_signal(process: Process, number: signal.Signals) -> bool:
    """Send a signal to this very process, never to another that got its number. False when it has ended."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        now = find_process(process.pid)
        if now is None or now.start_time != process.start_time:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def read_boot_id() -> str:
    """Return a text that differs after each start of the machine."""
    return _BOOT_ID.read_text().strip()


def _environment(pid: int) -> Collection[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ()  # ended meanwhile, or somebody else's
