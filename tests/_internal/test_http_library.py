"""httpx as the SDK loads it."""

from __future__ import annotations

import subprocess
import sys

FROM_MANY_THREADS = """
import sys, threading
from synapse_sdk._internal.http_library import load_httpx

sys.setswitchinterval(1e-6)
failures = []
begin = threading.Barrier(8)


def load():
    begin.wait()
    try:
        load_httpx()
        import httpx
        httpx.Client
    except BaseException as error:
        failures.append(error)


threads = [threading.Thread(target=load) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failures, failures
print(*sorted({"rich", "pygments", "httpx._main"} & sys.modules.keys()))
"""


def test_threads_that_load_it_at_the_same_time_all_have_it_without_its_command():
    done = subprocess.run(
        [sys.executable, "-c", FROM_MANY_THREADS], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
