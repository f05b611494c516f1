"""What a server and its agent cost when nothing happens: processor time and memory.

A real server with its agent runs one job to its end; then both are left alone. Processor time is what the
kernel counted for both while they idled. Memory is their proportional share (PSS): pages that both have
mapped count once; where the kernel does not tell it, all that is resident.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from figures import Figure

IDLE_S = 40.0
#: After the job's end, until logs are shipped and everybody waits.
SETTLE_S = 8.0
CPU_GOAL_PERCENT = 1.0
MEMORY_GOAL_MB = 150.0


def measure(*, idle_s: float = IDLE_S) -> list[Figure]:
    """Measure with the environment that runs this, which has the server's extra."""
    from figures import Figure
    from real_server import real_server
    from remote_noop import publish_noop, run_noop

    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as scratch:
        folder = Path(scratch)
        with real_server(folder) as server:
            with server.open_api() as api:
                publish_noop(server, folder / "plugin")
                run_noop(api)
            time.sleep(SETTLE_S)
            pids = find_tree(server.process.pid)
            names = {pid: _command(pid) for pid in pids}
            before = {pid: _cpu_s(pid) for pid in pids}
            begun = time.monotonic()
            time.sleep(idle_s)
            elapsed_s = time.monotonic() - begun
            percents = {pid: (_cpu_s(pid) - before[pid]) / elapsed_s * 100 for pid in pids}
            memory = {pid: _memory_mb(pid) for pid in pids}
    for pid in pids:
        print(f"  idle: {names[pid]:8} {percents[pid]:.2f} % of a core, {memory[pid]:.1f} MB")
    return [
        Figure(
            "idle server and agent, of a core", [sum(percents.values())], None, CPU_GOAL_PERCENT, unit="%"
        ),
        Figure("idle server and agent, memory", [sum(memory.values())], None, MEMORY_GOAL_MB, unit="MB"),
    ]


def find_tree(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int(_stat_fields(int(folder.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _stat_fields(pid: int) -> list[str]:
    # What follows the command's name, which may hold anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_s(pid: int) -> float:
    fields = _stat_fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kib = next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:"))
    except (OSError, StopIteration):
        text = Path(f"/proc/{pid}/status").read_text()
        kib = next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:"))
    return int(kib) * 1024 / 1e6


def _command(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return "agent" if "synapse_sdk.agent" in words else "server" if "start" in words else words[0]


if __name__ == "__main__":
    from figures import print_table

    print_table(measure())
