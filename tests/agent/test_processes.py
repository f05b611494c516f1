from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from synapse_sdk.agent.processes import find_descendants, find_marked, find_process, send_signal
from tests.agent.small_server import is_alive, wait_for


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env={**os.environ, "MARKED": "here and now"}
    )
    yield process
    process.kill()
    process.wait()


def test_a_process_is_found_and_told_from_a_later_one(sleeper: subprocess.Popen[bytes]):
    found = find_process(sleeper.pid)

    assert found is not None
    assert (found.pid, found.parent) == (sleeper.pid, os.getpid())
    assert not send_signal(found._replace(start_time=found.start_time - 1), signal.SIGKILL)
    assert is_alive(sleeper.pid)
    assert send_signal(found, signal.SIGKILL)
    assert sleeper.wait() == -signal.SIGKILL
    assert find_process(sleeper.pid) is None
    assert not send_signal(found, signal.SIGKILL)


def test_a_name_with_brackets_misleads_nobody(tmp_path_factory: pytest.TempPathFactory):
    program = tmp_path_factory.mktemp("programs") / "a) R 1 (b"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(program), "600"])
    try:
        wait_for(lambda: find_process(process.pid) is not None)
        found = find_process(process.pid)
        assert found is not None
        assert found.parent == os.getpid()
    finally:
        process.kill()
        process.wait()


def test_descendants_are_found_through_generations():
    source = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE) as parent:
        wait_for(lambda: len(find_descendants(parent.pid)) == 1)

        descendants = find_descendants(os.getpid())

        assert parent.pid in {process.pid for process in descendants}
        assert parent.pid in {process.parent for process in descendants}
        assert parent.stdin is not None
        parent.stdin.write(b"\n")


def test_a_marker_is_matched_whole_and_not_before_its_time(sleeper: subprocess.Popen[bytes]):
    found = find_process(sleeper.pid)
    assert found is not None
    wait_for(lambda: find_marked("MARKED=here and now", since=found.start_time))

    assert find_marked("MARKED=here", since=found.start_time) == []
    assert find_marked("MARKED=here and now", since=found.start_time + 1) == []
