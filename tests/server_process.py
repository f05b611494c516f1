"""A real server: `synapse server start` as a process, on a free port, ended with the test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli_process import Synapse

#: A cold start on a loaded machine.
START_TIMEOUT_S = 60.0


def wait_until(is_so: Callable[[], Any], what: str, *, timeout_s: float = 60.0, every_s: float = 0.1) -> Any:
    """Return what `is_so` answers as soon as it is true."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answer := is_so():
            return answer
        time.sleep(every_s)
    raise AssertionError(f"not within {timeout_s:g} s: {what}")


@dataclass
class ServerProcess:
    """One data folder, and the server that runs on it now."""

    synapse: Synapse
    data_dir: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[str] | None = None
    url: str = ""
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.data_dir.with_name(f"{self.data_dir.name}.log")

    def start(self) -> None:
        """Start, and return when it answers. A second start takes the same port again."""
        with self.log.open("a") as log:
            self.process = self._spawn(log)
        file = self.data_dir / "server.json"
        pid = self.process.pid

        def is_ready() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()}"
            return file.is_file() and json.loads(file.read_bytes())["pid"] == pid

        wait_until(
            is_ready, f"the server listens; it said:\n{self.log.read_text()}", timeout_s=START_TIMEOUT_S
        )
        self.url = json.loads(file.read_bytes())["url"]
        self.port = int(self.url.rpartition(":")[2])

    def _spawn(self, log: Any) -> subprocess.Popen[str]:
        from tests.cli_process import SYNAPSE

        words = ["server", "start", "--data-dir", str(self.data_dir), "--port", str(self.port), *self.options]
        return subprocess.Popen(
            [*SYNAPSE, *words],
            cwd=self.synapse.cwd,
            env=self.synapse.env(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )

    def kill(self) -> None:
        """End it as a power cut would, its embedded agent with it."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"the server did not end:\n{self.log.read_text()}") from None
        return self.process.returncode

    def make_token(self, *words: str) -> str:
        """Return a new token, the owner's unless told."""
        made = self.synapse("server", "token", "--data-dir", self.data_dir, *words)
        assert made.returncode == 0, made
        return made.stdout.strip()

    def log_in(self) -> str:
        """Log the test's user in as the owner; return the token."""
        token = self.make_token()
        answer = self.synapse("login", "--host", self.url, "--token-file", "-", stdin=token)
        assert answer.returncode == 0, answer
        return token
