from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from synapse_sdk.agent.attempts import iter_attempts
from synapse_sdk.agent.processes import send_signal
from tests.agent.small_server import AGENT_TOKEN, SmallServer


@pytest.fixture
def server() -> Iterator[SmallServer]:
    server = SmallServer()
    yield server
    if not server.is_away:
        server.go_away()


class AgentProcess:
    """`python -m synapse_sdk.agent` in a folder of its own."""

    def __init__(self, server: SmallServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.log = folder / "agent.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, slots: int = 2) -> None:
        token = self.folder / "agent-token"
        token.touch(mode=0o600)
        token.write_text(AGENT_TOKEN)
        argv = [sys.executable, "-P", "-m", "synapse_sdk.agent", "--server", self.server.url]
        argv += ["--token-file", str(token), "--folder", str(self.folder), "--slots", str(slots)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def attempt(self, job: str, attempt: int = 1) -> Path:
        return self.folder / "attempts" / job / str(attempt)


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of environments for all agents of this suite: built once, by the first that needs it."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def agent(server: SmallServer, tmp_path: Path, environments: Path) -> Iterator[AgentProcess]:
    folder = tmp_path / "agent"
    folder.mkdir()
    (folder / "envs").symlink_to(environments)
    agent = AgentProcess(server, folder)
    yield agent
    if agent.process is not None and agent.process.poll() is None:
        agent.kill()
    end_attempts(folder)


def end_attempts(folder: Path) -> None:
    """End the supervisors and workers of all attempts in an agent's folder, whatever a test left."""
    for attempt in iter_attempts(folder / "attempts"):
        if attempt.is_begun:
            supervisor = attempt.find_supervisor()
            if supervisor is not None:
                send_signal(supervisor, signal.SIGKILL)
            attempt.kill_leftovers()
