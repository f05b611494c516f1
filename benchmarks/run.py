"""Measure everything and print the table: `make bench`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import discovery
import processes
import server_sink
from figures import Figure, print_table

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="counted runs of each command (default: 15)")
    rounds = parser.parse_args().rounds
    scratch = ROOT / ".bench"
    python = install(scratch)
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} CPUs")
    print(f"load before: {_load()}; medians of {rounds} interleaved runs, CPU time\n")
    figures = [
        *processes.measure(python, scratch, rounds=rounds),
        *discovery.measure(python, scratch, rounds=rounds),
        *measure_calls(python, scratch, rounds=rounds),
        *server_sink.measure(python, rounds=rounds),
    ]
    print_table(figures)
    print(f"\nload after: {_load()}")
    return 0 if all(figure.is_met for figure in figures) else 1


def install(scratch: Path) -> Path:
    """Install the SDK from its wheel into a fresh environment; return its interpreter.

    Not the checkout's own environment: that one is editable, without compiled bytecode for `src/`.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    python = scratch / "venv/bin/python"
    uv = Path(sys.executable).with_name("uv")
    constraints = ROOT / "constraints.txt"
    for command in (
        [sys.executable, "-m", "venv", "--without-pip", scratch / "venv"],
        [uv, "pip", "install", "-q", "--compile-bytecode", "--python", python, "-c", constraints, ROOT],
    ):
        subprocess.run(command, check=True, cwd=ROOT)
    return python


def measure_calls(python: Path, scratch: Path, *, rounds: int) -> list[Figure]:
    """Measure single calls in a process of the installed SDK."""
    answer = subprocess.run(
        [python, ROOT / "benchmarks/calls.py", str(rounds), scratch / "noop"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    times = json.loads(answer.stdout)
    return [
        Figure(
            "LocalExecutor.execute no-op / validate, call, print JSON", times["execute"], times["floor"], 1.5
        ),
        Figure("one set_progress, caller's cost, run record on", times["progress"], None, 5),
        Figure("one set_metrics of 3, caller's cost, run record on", times["metrics"], None, 5),
        Figure("one in-memory step of a workflow", times["step"], None, 3),
        Figure("one action of a pipeline", times["action"], None, 6),
    ]


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
