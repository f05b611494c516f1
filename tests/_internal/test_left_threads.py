"""A process whose work is done ends, whatever threads that work left behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = (
    "import sys, threading, time\nfrom synapse_sdk._internal.left_threads import end_without_left_threads\n"
)
END = "end_without_left_threads(3, print, grace_s=0.2)\nsys.exit(3)\n"


def run(body: str) -> subprocess.CompletedProcess[str]:
    source = f"{START}{body}\n{END}"
    return subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_thread_that_does_not_end_is_told_and_not_waited_for():
    finished = run("threading.Thread(target=time.sleep, args=(600,), name='slow one').start()")

    assert finished.returncode == 3
    assert finished.stdout == (
        "Threads of the action did not end within 0.2 s: slow one. The process ends without them.\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        "threading.Thread(target=time.sleep, args=(0.05,)).start()",
        "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(print, end='')",
    ],
    ids=["none", "a daemon", "one that ends", "a pool"],
)
def test_what_ends_by_itself_is_left_to(body: str):
    finished = run(body)

    assert (finished.returncode, finished.stdout, finished.stderr) == (3, "", "")
