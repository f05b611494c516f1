"""The agent that a server brings along: a process of its own, the same that runs alone elsewhere."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk.server.accounts.service import AccountService

#: Waits before an agent that died is started again, so that one that can not start does not spin.
RESTART_WAITS_S = (1.0, 5.0, 30.0)
STOP_TIMEOUT_S = 10.0
#: A log larger than this is put aside when the server starts; the one before goes.
LOG_LIMIT_BYTES = 10_000_000
_TOKEN_NAME = "embedded agent"  # noqa: S105 - a name
_log = logging.getLogger("synapse.server")


class EmbeddedAgent:
    """Starts the agent, starts it again when it dies, ends it with the server. Attempts outlive both."""

    def __init__(self, accounts: AccountService, folder: Path, *, url: str) -> None:
        """Prepare the agent that works in `folder` for the server at `url`."""
        self._accounts = accounts
        self._folder = folder
        self._url = url
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, name="embedded-agent", daemon=True)

    @property
    def log_file(self) -> Path:
        """What the agent says of its work."""
        return self._folder / "agent.log"

    def start(self) -> None:
        """Start it, and watch it from a thread."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_LIMIT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.old"))
        self._ensure_token()
        self._thread.start()

    def stop(self) -> None:
        """End it. Its attempts go on."""
        self._is_stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(STOP_TIMEOUT_S)

    def _ensure_token(self) -> None:
        file = self._folder / "token"
        if not file.is_file():
            workspace = self._accounts.ensure_default_workspace()
            # The name is this agent's again only if nobody else has a token for it: after a restore the old
            # one is in the database, and in no file.
            self._accounts.revoke_agent_tokens(workspace.id, name=_TOKEN_NAME)
            new = self._accounts.create_token(workspace_id=workspace.id, kind="agent", name=_TOKEN_NAME)
            atomic_write(file, new.text.encode(), mode=0o600)

    def _keep_running(self) -> None:
        tries = 0
        while not self._is_stopping.is_set():
            with self.log_file.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            code = self._process.wait()
            if self._is_stopping.is_set():
                return
            wait_s = RESTART_WAITS_S[min(tries, len(RESTART_WAITS_S) - 1)]
            _log.error(
                "the agent ended with exit code %d, see %s; it is started again in %g s",
                code,
                self.log_file,
                wait_s,
            )
            tries += 1
            self._is_stopping.wait(wait_s)

    def _command(self) -> list[str]:
        return [
            sys.executable,
            "-m",
            "synapse_sdk.agent",
            "--server",
            self._url,
            "--token-file",
            str(self._folder / "token"),
            "--folder",
            str(self._folder),
            "--exit-with-parent",
        ]
