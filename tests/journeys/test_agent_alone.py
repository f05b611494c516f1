"""A server without an agent, and an agent that runs by itself: as on two machines."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.platform import ENVIRONMENT_TIMEOUT_S, Platform, counted, is_alive
from tests.journeys.watching import wait_for_output
from tests.server_process import wait_until


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A server that runs nothing itself."""
    platform = Platform.open(tmp_path_factory.mktemp("lonely"), options=("--no-agent",))
    yield platform
    platform.server.stop()


@pytest.fixture(scope="module")
def token(lonely: Platform) -> Path:
    """The token of the agent `box`; another one could not register under that name."""
    made = lonely.ask("POST", "tokens/", json={"kind": "agent", "name": "box"})
    assert made.status_code == 201, made.text
    file = lonely.plugin.parent / "agent-token"
    file.write_text(made.json()["token"])
    return file


@pytest.fixture
def start_agent(lonely: Platform, token: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `synapse agent start` in one folder; it ends with the test."""
    root = lonely.plugin.parent
    started: list[subprocess.Popen[str]] = []

    def start(name: str = "box") -> subprocess.Popen[str]:
        words = ["agent", "start", "--host", lonely.server.url, "--token-file", str(token), "--name", name]
        process = lonely.synapse.start(*words, "--folder", str(root / "agent"), "--json")
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_connected(platform: Platform) -> None:
    def is_there() -> bool:
        found = platform.synapse("agent", "list", "--json").json()["agents"]
        return [(item["name"], item["status"]) for item in found] == [("box", "connected")]

    wait_until(is_there, "the agent is connected")


def test_a_job_waits_for_an_agent_and_says_so_then_runs_there(
    lonely: Platform, start_agent: Callable[..., subprocess.Popen[str]]
):
    with lonely.synapse.start(
        *lonely.run_words("count", "epochs=5"), "--follow", "--json", cwd=lonely.plugin
    ) as followed:
        wait_for_output(followed, "waiting: No agent is connected.", on="stderr")
        agent = start_agent()
        said, story = followed.communicate(timeout=ENVIRONMENT_TIMEOUT_S)
    wait_connected(lonely)
    agent.send_signal(signal.SIGINT)
    out, err = agent.communicate(timeout=60)

    assert followed.returncode == 0, story
    assert json.loads(said)["result"] == {"counted": 5}
    assert agent.returncode == 0, err
    assert json.loads(out)["url"] == lonely.server.url
    assert "Traceback" not in err


def test_ctrl_c_leaves_jobs_to_the_next_start(
    lonely: Platform, start_agent: Callable[..., subprocess.Popen[str]], tmp_path: Path
):
    first = start_agent()
    job = lonely.submit("count", epochs=300)
    worker = int(lonely.wait_for_line(job))
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)

    assert first.returncode == 0
    assert is_alive(worker)
    start_agent()
    document = lonely.wait_for_end(job)

    assert document["state"] == "SUCCEEDED", document["reason"]
    assert document["attempt_count"] == 1
    assert counted(lonely.events(job, "metric")) == list(range(300))


def test_a_refused_token_is_said_at_once(lonely: Platform, tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("syn_agent_wrong")
    words = ["agent", "start", "--host", lonely.server.url, "--token-file", str(file)]
    answer = lonely.synapse(*words, "--folder", str(tmp_path / "agent"))

    assert answer.returncode == 3, answer
    assert "syn_agent_wrong" not in answer.stderr
