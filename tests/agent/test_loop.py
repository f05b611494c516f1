"""The agent as a process, with its supervisors and workers, against an HTTP server in this one."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from synapse_sdk.agent import loop
from synapse_sdk.agent.processes import find_descendants
from synapse_sdk.clients.agent_server import HttpAgentServer
from tests.agent.conftest import AgentProcess
from tests.agent.small_server import AGENT_TOKEN, JOB_TOKEN, Release, SmallServer, Told, is_alive, wait_for
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, WAIT, action_source

#: Prints a line every 20 ms until the file `go` lies in the attempt's folder, then ends well.
TALK = action_source("""
    number = 0
    print(os.getpid(), flush=True)
    while not os.path.exists("../go"):
        print("line", number)
        self.set_metrics({"n": number}, step="talk")
        number += 1
        time.sleep(0.02)
    return {"count": number}
""")
#: Ignores SIGTERM, has a child in a session of its own that does too, prints both pids.
STUBBORN = action_source("""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
         "print('deaf', flush=True); time.sleep(600)"],
        start_new_session=True, stdout=subprocess.PIPE,
    )
    child.stdout.readline()
    print(os.getpid(), child.pid, flush=True)
    time.sleep(600)
""")


def release_of(source: str, *, lock: str | None = None, **files: str) -> Release:
    texts = {"config.yaml": DEMO_CONFIG, "plugin/__init__.py": "", "plugin/train.py": source, **files}
    return Release.of(texts, lock=lock)


def metrics_of(told: Told) -> list[float]:
    events = sorted(told.events.values(), key=lambda event: event["seq"])
    return [event["values"]["n"] for event in events if event["kind"] == "metric"]


def pids_in(told: Told) -> Callable[[], list[int]]:
    return lambda: [int(word) for word in told.stdout.partition("\n")[0].split() if "\n" in told.stdout]


def test_an_attempt_runs_and_everything_it_says_arrives(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(TRAIN), params={"epochs": 4})

    agent.start()
    server.wait_until(lambda: told.end is not None)

    assert told.end is not None
    assert told.end["outcome"]["state"] == "SUCCEEDED", told.stderr
    assert told.end["outcome"]["result"]["final_loss"] == 0.25
    assert told.exit["exit_code"] == 0
    assert told.exit["cause"] is None
    assert told.started == 1
    assert "all epochs done" in told.stderr
    assert sorted(seq for _, seq in told.events) == list(range(1, told.end["outcome"]["event_count"] + 1))


def test_nothing_of_the_token_is_left_anywhere(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(WAIT))
    folder = agent.attempt("job-1")

    agent.start()
    server.wait_until(lambda: "begun" in told.stdout)
    assert stat.S_IMODE((folder / "token").stat().st_mode) == 0o600
    assert agent.process is not None
    supervisor = json.loads((folder / "supervisor.json").read_text())["pid"]
    pids = [agent.process.pid, supervisor, *(process.pid for process in find_descendants(supervisor))]
    shown = [Path(f"/proc/{pid}/{file}").read_bytes() for pid in pids for file in ("environ", "cmdline")]
    assert len(pids) == 3
    assert not any(JOB_TOKEN.encode() in text for text in shown)
    server.directives["job-1", 1] = ("stop", "enough")
    server.wait_until(lambda: told.end is not None)
    wait_for((folder / "reported").exists)

    assert not (folder / "token").exists()
    assert not (folder / "code").exists()
    texts = [
        path.read_bytes() for path in agent.folder.rglob("*") if path.is_file() and "envs" not in path.parts
    ]
    assert not any(JOB_TOKEN.encode() in text for text in texts)


def test_an_agent_that_was_killed_is_followed_by_one_that_adopts(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(TALK))
    agent.start()
    server.wait_until(lambda: "line 5" in told.stdout)
    worker = int(told.stdout.split()[0])

    agent.kill(signal.SIGKILL)
    before = len(told.stdout)
    assert is_alive(worker)
    server.heartbeats.clear()
    agent.start(slots=1)  # all taken by what is adopted, and the leases are renewed all the same
    server.wait_until(lambda: server.heartbeats)
    assert server.heartbeats[0][0]["phase"] == "running"
    server.wait_until(lambda: len(told.stdout) > before + 100)
    (agent.attempt("job-1") / "go").touch()
    server.wait_until(lambda: told.end is not None)

    assert told.state == "SUCCEEDED"
    assert told.end is not None
    count = told.end["outcome"]["result"]["count"]
    assert told.stdout.splitlines()[1:] == [f"line {number}" for number in range(count)]
    assert metrics_of(told) == list(range(count))


def test_an_attempt_that_ended_while_no_agent_was_there_is_reported(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(TALK))
    agent.start()
    server.wait_until(lambda: "line 5" in told.stdout)
    agent.kill(signal.SIGKILL)
    folder = agent.attempt("job-1")
    (folder / "go").touch()
    wait_for((folder / "exit.json").exists)

    agent.start()
    server.wait_until(lambda: told.end is not None)

    assert told.state == "SUCCEEDED"
    assert told.end_count == 1


def test_a_worker_that_was_killed_is_a_failure_by_signal(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(TALK))
    agent.start()
    server.wait_until(lambda: "line 5" in told.stdout)

    os.kill(int(told.stdout.split()[0]), signal.SIGKILL)
    server.wait_until(lambda: told.end is not None)

    assert told.exit["cause"] == "signal"
    assert told.exit["signal"] == signal.SIGKILL
    assert told.end is not None
    assert told.end["outcome"] is None
    log = (agent.attempt("job-1") / "stdout.log").read_text()
    assert told.stdout == log
    assert log.endswith("\n")


def test_stopping_ends_a_worker_that_ignores_it_and_its_children(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(STUBBORN), grace_s=0.5)
    agent.start()
    server.wait_until(pids_in(told))
    pids = pids_in(told)()

    server.directives["job-1", 1] = ("stop", "stopped by ada")
    server.wait_until(lambda: told.end is not None)

    assert told.exit["cause"] == "cancelled"
    assert told.exit["reason"] == "stopped by ada"
    assert [pid for pid in pids if is_alive(pid)] == []


def test_stopping_lets_a_worker_end_by_itself(server: SmallServer, agent: AgentProcess):
    body = """
        try:
            print("begun", flush=True)
            time.sleep(600)
        finally:
            print("tidied", flush=True)
    """
    told = server.assign("job-1", release_of(action_source(body)))
    agent.start()
    server.wait_until(lambda: "begun" in told.stdout)

    server.directives["job-1", 1] = ("stop", None)
    server.wait_until(lambda: told.end is not None)

    assert told.state == "STOPPED"
    assert told.exit["cause"] == "cancelled"
    assert told.stdout.endswith("tidied\n")


def test_a_server_that_goes_away_misses_nothing(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(TALK))
    agent.start()
    server.wait_until(lambda: "line 5" in told.stdout)

    server.go_away()
    log = agent.attempt("job-1") / "stdout.log"
    size = log.stat().st_size
    wait_for(lambda: log.stat().st_size > size + 500)
    (agent.attempt("job-1") / "go").touch()
    wait_for((agent.attempt("job-1") / "exit.json").exists)
    assert told.end is None
    server.come_back()
    server.wait_until(lambda: told.end is not None)

    assert told.state == "SUCCEEDED"
    assert told.end is not None
    count = told.end["outcome"]["result"]["count"]
    assert told.stdout == log.read_text()
    assert metrics_of(told) == list(range(count))


def test_a_supervisor_that_was_killed_loses_the_attempt_and_leaves_nothing_running(
    server: SmallServer, agent: AgentProcess
):
    told = server.assign("job-1", release_of(STUBBORN))
    agent.start()
    server.wait_until(pids_in(told))
    pids = pids_in(told)()

    supervisor = json.loads((agent.attempt("job-1") / "supervisor.json").read_text())["pid"]
    os.kill(supervisor, signal.SIGKILL)
    server.wait_until(lambda: told.end is not None)

    assert told.exit["cause"] == "lost"
    assert [pid for pid in pids if is_alive(pid)] == []


def test_a_forgotten_attempt_is_ended_and_not_reported(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(WAIT))
    agent.start()
    server.wait_until(lambda: "begun" in told.stdout)

    server.directives["job-1", 1] = ("forget", "another agent has it")
    wait_for((agent.attempt("job-1") / "reported").exists)

    assert (agent.attempt("job-1") / "exit.json").exists()
    assert told.end is None


def test_an_environment_that_can_not_be_built_is_the_cause(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(TRAIN, lock="./wheels/not_there-1.0-py3-none-any.whl\n"))

    agent.start()
    server.wait_until(lambda: told.end is not None)

    assert told.exit["cause"] == "environment"
    assert "not_there" in told.exit["reason"]
    assert told.exit["started_at"] is None
    assert "not_there" in told.stderr
    assert told.started == 0


@pytest.mark.parametrize("path", ["../escaped.py", "/tmp/escaped.py", "plugin/../../escaped.py"])
def test_a_hostile_release_writes_nothing(server: SmallServer, agent: AgentProcess, path: str):
    told = server.assign("job-1", release_of(TRAIN, **{path: "evil"}))

    agent.start()
    server.wait_until(lambda: told.end is not None)

    assert told.exit["cause"] == "environment"
    assert path in told.exit["reason"]
    assert not (agent.attempt("job-1") / "code").exists()
    assert list(agent.folder.rglob("escaped.py")) == []


def test_contents_with_another_digest_are_refused(server: SmallServer, agent: AgentProcess):
    release = release_of(TRAIN)
    release.contents[0] += b"changed"
    told = server.assign("job-1", release)

    agent.start()
    server.wait_until(lambda: told.end is not None)

    assert told.exit["cause"] == "environment"
    assert "config.yaml" in told.exit["reason"]


def test_code_that_can_not_be_imported_fails_with_the_authors_traceback(
    server: SmallServer, agent: AgentProcess
):
    told = server.assign("job-1", release_of("import nowhere_to_be_found\n"))

    agent.start()
    server.wait_until(lambda: told.end is not None)

    assert told.state == "FAILED"
    assert told.end is not None
    assert "train.py" in told.end["outcome"]["failure"]["traceback"]
    assert "nowhere_to_be_found" in told.stderr
    assert told.exit["cause"] == "action"


def test_a_time_limit_ends_the_attempt(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(WAIT), time_limit_s=1.5)

    agent.start()
    server.wait_until(lambda: told.end is not None)

    assert told.exit["cause"] == "timeout"
    assert "1.5 s" in told.exit["reason"]


def test_no_more_attempts_than_slots(server: SmallServer, agent: AgentProcess):
    first = server.assign("job-1", release_of(WAIT))
    second = server.assign("job-2", release_of(TRAIN))

    agent.start(slots=1)
    server.wait_until(lambda: "begun" in first.stdout)
    server.wait_until(lambda: len(server.heartbeats) > 1)
    assert not agent.attempt("job-2").exists()
    server.directives["job-1", 1] = ("stop", None)
    server.wait_until(lambda: second.end is not None)

    assert second.state == "SUCCEEDED"


def test_the_agent_leaves_at_sigterm_and_its_attempts_go_on(server: SmallServer, agent: AgentProcess):
    told = server.assign("job-1", release_of(TALK))
    agent.start()
    server.wait_until(lambda: "line 5" in told.stdout)

    assert agent.kill(signal.SIGTERM) == 0

    assert is_alive(int(told.stdout.split()[0]))
    (agent.attempt("job-1") / "go").touch()
    wait_for((agent.attempt("job-1") / "exit.json").exists)
    assert "Traceback" not in agent.log.read_text()


def test_a_token_that_is_refused_ends_the_agent_and_leaves_its_attempts_to_the_next(
    server: SmallServer, agent: AgentProcess
):
    told = server.assign("job-1", release_of(TALK))
    agent.start()
    server.wait_until(lambda: "line 3" in told.stdout)

    server.refused_tokens.add(AGENT_TOKEN)

    assert agent.process is not None
    assert agent.process.wait(30) == 3
    assert "error: This token is not known." in agent.log.read_text()
    (agent.attempt("job-1") / "go").touch()  # it ends while nobody may speak for it
    server.refused_tokens.clear()
    agent.start()
    server.wait_until(lambda: told.end is not None)
    assert told.state == "SUCCEEDED", told.stderr


def test_an_agent_that_was_killed_while_it_prepared_is_followed_by_one_that_goes_on(
    server: SmallServer, agent: AgentProcess
):
    server.gives_archives.clear()
    told = server.assign("job-1", release_of(TRAIN))
    agent.start()
    wait_for(lambda: server.asked_archives)
    assert (agent.attempt("job-1") / "assignment.json").exists()

    agent.kill(signal.SIGKILL)
    server.gives_archives.set()
    agent.start()
    server.wait_until(lambda: told.end is not None)

    assert told.state == "SUCCEEDED"
    assert told.started == 1


def test_an_attempt_is_stopped_before_it_began(server: SmallServer, agent: AgentProcess):
    lock = f"slow @ {server.url}/slow/slow-1.0-py3-none-any.whl\n"
    told = server.assign("job-1", release_of(TRAIN, lock=lock))
    agent.start()
    wait_for(lambda: server.asked_slow)  # by uv, for the wheel that does not come

    server.directives["job-1", 1] = ("stop", "stopped by ada")
    server.wait_until(lambda: told.end is not None)
    server.gives_slow.set()

    assert (told.exit["cause"], told.exit["reason"]) == ("cancelled", "stopped by ada")
    assert told.exit["started_at"] is None
    assert not (agent.attempt("job-1") / "supervisor.json").exists()


def test_one_agent_to_a_folder(server: SmallServer, agent: AgentProcess, monkeypatch: pytest.MonkeyPatch):
    agent.start()
    server.wait_until(lambda: server.registered)
    monkeypatch.setattr(loop, "LOCK_TIMEOUT_S", 0.3)
    other = loop.Agent(HttpAgentServer(server.url, AGENT_TOKEN), agent.folder)

    with pytest.raises(loop.AgentFolderTakenError, match="Another agent works in"):
        other.run(threading.Event())


def test_the_agent_ends_with_the_process_that_started_it(server: SmallServer, agent: AgentProcess):
    agent.folder.joinpath("token-file").write_text(AGENT_TOKEN)
    argv = [sys.executable, "-P", "-m", "synapse_sdk.agent", "--server", server.url, "--exit-with-parent"]
    argv += ["--token-file", str(agent.folder / "token-file"), "--folder", str(agent.folder)]
    starter = (
        "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter, *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        server.wait_until(lambda: server.registered)

        parent.kill()

    wait_for(lambda: not is_alive(pid))


def test_a_token_that_can_not_be_read_is_said_at_once(tmp_path: Path):
    argv = [
        sys.executable,
        "-m",
        "synapse_sdk.agent",
        "--server",
        "http://127.0.0.1:1",
        "--folder",
        str(tmp_path),
    ]

    finished = subprocess.run([*argv, "--token-file", "nowhere"], capture_output=True, text=True, check=False)

    assert finished.returncode == 3
    assert finished.stderr.startswith("error: The agent's token can not be read")


def test_an_idle_agent_costs_next_to_nothing(server: SmallServer, agent: AgentProcess):
    agent.start()
    server.wait_until(lambda: len(server.heartbeats) >= 1)
    assert agent.process is not None
    stat_file = Path(f"/proc/{agent.process.pid}/stat")

    def cpu_s() -> float:
        fields = stat_file.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    begun_s, cpu_before_s = time.monotonic(), cpu_s()
    server.wait_until(lambda: len(server.heartbeats) >= 3)

    # Processor time, not wall clock: a loaded machine does not change it much. Goal 1 %, here with room.
    assert (cpu_s() - cpu_before_s) / (time.monotonic() - begun_s) < 0.03
