"""Real supervisors over real workers."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synapse_sdk.agent.attempts import AttemptFolder
from synapse_sdk.agent.processes import find_process
from synapse_sdk.wire.assignment import ExitRecord
from tests.agent.conftest import end_attempts
from tests.agent.make_attempt import make_attempt, order_python
from tests.agent.small_server import is_alive, wait_for


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[AttemptFolder]:
    yield make_attempt(tmp_path / "attempts")
    end_attempts(tmp_path)


def run(attempt: AttemptFolder, source: str, **changes: Any) -> ExitRecord:
    attempt.start_supervisor(order_python(attempt, source, **changes))
    wait_for(lambda: attempt.has_ended)
    return attempt.read_exit()


def start(attempt: AttemptFolder, source: str, **changes: Any) -> list[int]:
    """Start a worker that prints a line of pids once it is ready; return them."""
    attempt.start_supervisor(order_python(attempt, source, **changes))
    log = attempt.log_files["stdout"]
    wait_for(lambda: log.exists() and "\n" in log.read_text())
    return [int(word) for word in log.read_text().split()]


def test_a_worker_that_ends_well_has_no_cause(attempt: AttemptFolder):
    outcome = attempt.path / "outcome.json"
    record = run(attempt, f"print('hello'); open({str(outcome)!r}, 'w').close()")

    assert (record.exit_code, record.signal, record.cause, record.reason) == (0, None, None, None)
    assert (record.job, record.attempt) == ("job-1", 1)
    assert record.started_at is not None
    assert record.started_at <= record.ended_at
    assert attempt.log_files["stdout"].read_text() == "hello\n"


def test_a_worker_that_ends_without_a_word_has_not_ended_well(attempt: AttemptFolder):
    record = run(attempt, "import os; os._exit(0)")

    assert (record.exit_code, record.cause) == (0, "action")
    assert record.reason == "the worker ended with exit code 0 and did not say how its action ended"


def test_an_exit_code_is_the_actions_doing(attempt: AttemptFolder):
    record = run(attempt, "import sys; sys.stderr.write('no'); sys.exit(3)")

    assert (record.exit_code, record.cause) == (3, "action")
    assert record.reason == "the worker ended with exit code 3"
    assert attempt.log_files["stderr"].read_text() == "no"


def test_a_signal_that_nobody_sent_is_named(attempt: AttemptFolder):
    record = run(attempt, "import os; os.kill(os.getpid(), 9)")

    assert (record.exit_code, record.signal, record.cause) == (None, 9, "signal")
    assert "SIGKILL" in (record.reason or "")


def test_a_worker_that_can_not_be_started_never_began(attempt: AttemptFolder):
    record = run(attempt, "", argv=("/nowhere/python", "-c", ""))

    assert record.cause == "environment"
    assert record.started_at is None
    assert "/nowhere/python" in (record.reason or "")


def test_the_time_limit_is_kept(attempt: AttemptFolder):
    record = run(attempt, "import time; time.sleep(600)", time_limit_s=0.5)

    assert record.cause == "timeout"
    assert "0.5 s" in (record.reason or "")


def test_a_stop_file_alone_is_seen(attempt: AttemptFolder):
    start(attempt, "import os, time; print(os.getpid()); time.sleep(600)")

    (attempt.path / "stop").write_text("stopped by ada")
    wait_for(lambda: attempt.has_ended)

    assert attempt.read_exit().cause == "cancelled"
    assert attempt.read_exit().reason == "stopped by ada"


def test_what_was_finished_before_the_stop_arrived_is_finished(attempt: AttemptFolder):
    start(
        attempt,
        """
        import os, pathlib, signal, sys, time
        pathlib.Path("outcome.json").write_text("{}")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print(os.getpid())
        time.sleep(600)
        """,
    )

    attempt.request_stop("too late")
    wait_for(lambda: attempt.has_ended)

    assert (attempt.read_exit().exit_code, attempt.read_exit().cause) == (0, None)


def test_children_that_daemonized_end_before_the_record_is_written(attempt: AttemptFolder):
    source = """
        import os, signal, subprocess, sys, time
        deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        deaf += "print(flush=True); time.sleep(600)"
        # A grandchild in a session of its own whose parent is gone: the classic daemon.
        launch = (
            "import subprocess, sys; "
            f"child = subprocess.Popen([sys.executable, '-c', {deaf!r}], start_new_session=True, "
            "stdout=subprocess.PIPE); child.stdout.readline(); print(child.pid)"
        )
        launched = subprocess.run([sys.executable, "-c", launch], stdout=subprocess.PIPE, text=True)
        print(os.getpid(), launched.stdout.strip())
        time.sleep(600)
    """
    pids = start(attempt, source)
    assert len(pids) == 2
    assert all(map(is_alive, pids))

    os.kill(pids[0], signal.SIGKILL)
    wait_for(lambda: attempt.has_ended)

    assert [pid for pid in pids if is_alive(pid)] == []


def test_a_worker_that_forks_without_end_is_ended_too(attempt: AttemptFolder):
    source = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(os.getpid())
        for _ in range(5000):  # each child starts the next and leaves, always in a new session
            if os.fork():
                os._exit(0)
            os.setsid()
            time.sleep(0.002)
    """
    start(attempt, source)

    attempt.request_stop(None)
    wait_for(lambda: attempt.has_ended)

    # The supervisor itself may still wait to be reaped.
    assert [process for process in attempt._find_leftovers() if process.state != "Z"] == []


def test_an_attempt_is_begun_once(attempt: AttemptFolder):
    run(attempt, "print('once')")

    attempt.start_supervisor()

    assert attempt.log_files["stdout"].read_text() == "once\n"
    assert "begun before" in (attempt.path / "supervisor.log").read_text()


def test_two_supervisors_at_once_run_one_worker(attempt: AttemptFolder):
    start(attempt, "import os, time; print(os.getpid()); time.sleep(600)")

    attempt.start_supervisor()

    assert len(attempt.log_files["stdout"].read_text().splitlines()) == 1


def test_the_supervisor_leaves_the_session_it_was_started_from(attempt: AttemptFolder):
    start(attempt, "import os, time; print(os.getpid()); time.sleep(600)")

    supervisor = attempt.find_supervisor()

    assert supervisor is not None
    assert supervisor.session == supervisor.pid
    assert supervisor.parent != os.getpid()


def test_the_worker_sees_only_what_is_passed_on(attempt: AttemptFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SYNAPSE_ACCESS_TOKEN", "secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    run(attempt, "import json, os; print(json.dumps(dict(os.environ)))", env={"MINE": "1"})

    seen = json.loads(attempt.log_files["stdout"].read_text())
    assert "SYNAPSE_ACCESS_TOKEN" not in seen
    assert (seen["MINE"], seen["LC_ALL"], seen["PATH"]) == ("1", "C.UTF-8", os.environ["PATH"])


def test_the_worker_can_still_be_interrupted(attempt: AttemptFolder):
    source = """
        import signal
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        print(signal.getsignal(signal.SIGHUP) is signal.SIG_DFL)
        print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
    """

    run(attempt, source)

    assert attempt.log_files["stdout"].read_text().split() == ["True", "True", "True"]


def test_a_record_that_can_not_be_written_is_tried_again(attempt: AttemptFolder):
    source = "import os; os.makedirs('exit.json/in-the-way')"
    attempt.start_supervisor(order_python(attempt, source))
    log = attempt.path / "supervisor.log"
    wait_for(lambda: "can not be written" in log.read_text())

    (attempt.path / "exit.json/in-the-way").rmdir()
    (attempt.path / "exit.json").rmdir()
    wait_for((attempt.path / "exit.json").is_file)

    assert attempt.read_exit().exit_code == 0


def test_a_process_is_not_taken_for_a_later_one_of_its_number(attempt: AttemptFolder):
    start(attempt, "import os, time; print(os.getpid()); time.sleep(600)")
    file = attempt.path / "supervisor.json"
    facts = json.loads(file.read_text())
    assert find_process(facts["pid"]) is not None

    for changed in ({"start_time": facts["start_time"] - 1}, {"boot_id": "another"}):
        file.write_text(json.dumps({**facts, **changed}))
        assert attempt.find_supervisor() is None
    file.write_text(json.dumps(facts))
    assert attempt.find_supervisor() is not None
