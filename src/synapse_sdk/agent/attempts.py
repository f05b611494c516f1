"""The folder of one attempt: all that this machine knows of it, so that a restarted agent can go on.

```text
<agent>/attempts/<job>/<n>/
├── assignment.json   what was claimed, without the token
├── server            the server's address, as the agent that is there now knows it
├── token             the job's token, for the worker's user only; removed with the last word
├── envelope.json     what the worker is told
├── code/             the release; removed with the last word
├── start.json        what the supervisor shall start; from here on the supervisor decides
├── supervisor.json   who the supervisor is
├── stdout.log, stderr.log, events.jsonl, outcome.json, exit.json
├── shipped.json      how much of the logs the server has
└── reported          the server has had the last word
```
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.agent.processes import (
    Process,
    find_descendants,
    find_marked,
    find_process,
    iter_processes,
    read_boot_id,
    send_signal,
)
from synapse_sdk.agent.start_order import FILE_NAME as START_FILE
from synapse_sdk.agent.start_order import StartOrder
from synapse_sdk.agent.supervisor import EXIT_FILE, KILL_ROUND_S, OUTCOME_FILE, STOP_FILE, SUPERVISOR_FILE
from synapse_sdk.wire.assignment import Assignment, ExitRecord
from synapse_sdk.wire.outcome import Cause, RunOutcome

#: Names the attempt's folder in the environment of all that the worker starts.
MARKER = "SYNAPSE_ATTEMPT_FOLDER"
#: A supervisor says within milliseconds that it has begun; a machine under load may take its time.
START_TIMEOUT_S = 60.0
#: More than any result, message and traceback that a worker lets through.
OUTCOME_LIMIT_BYTES = 48 * 1024 * 1024
_REPORTED_FILE = "reported"
#: Job ids become folder names.
_JOB_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")


class AttemptError(SynapseError):
    """An attempt's folder can not be used."""


@dataclass(frozen=True)
class AttemptFolder:
    """One attempt, as its folder tells it. All state is on disk."""

    path: Path

    @classmethod
    def create(cls, attempts: Path, assignment: Assignment) -> AttemptFolder:
        """Write down what was claimed; harmless to repeat.

        Args:
            attempts: Folder of all attempts.
            assignment: What was claimed.

        Raises:
            AttemptError: The job's id can not be a folder's name.
            OSError: There is no room.
        """
        if not _JOB_ID.fullmatch(assignment.job):
            raise AttemptError(f"Not a job's id: {assignment.job!r}.", {"job": assignment.job})
        path = attempts / assignment.job / str(assignment.attempt)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        attempt = cls(path)
        atomic_write(attempt.token_file, assignment.job_token.encode(), mode=0o600)
        atomic_write(path / "envelope.json", assignment.envelope.model_dump_json(indent=2).encode() + b"\n")
        # Written last: a folder without it was never taken on.
        document = assignment.model_dump_json(indent=2, exclude={"job_token"})
        atomic_write(path / "assignment.json", document.encode() + b"\n", mode=0o600)
        return attempt

    @cached_property
    def assignment(self) -> Assignment:
        """What was claimed. Its `job_token` is empty once the last word was had."""
        document = json.loads((self.path / "assignment.json").read_bytes())
        document["job_token"] = self.token_file.read_text() if self.token_file.exists() else ""
        return Assignment.model_validate(document)

    @property
    def token_file(self) -> Path:
        """Holds the job's token."""
        return self.path / "token"

    @property
    def server_file(self) -> Path:
        """Holds the server's address; the worker reads it again when it changes."""
        return self.path / "server"

    @property
    def params_file(self) -> Path:
        """Holds params that are too large for a variable."""
        return self.path / "params.json"

    @property
    def code(self) -> Path:
        """The release's files, whole or not there."""
        return self.path / "code"

    @property
    def spool(self) -> Path:
        """The worker's events."""
        return self.path / "events.jsonl"

    @property
    def log_files(self) -> dict[str, Path]:
        """The worker's output, by the stream's name."""
        return {"stdout": self.path / "stdout.log", "stderr": self.path / "stderr.log"}

    @property
    def is_ordered(self) -> bool:
        """Was it handed to a supervisor?"""
        return (self.path / START_FILE).exists()

    @property
    def is_begun(self) -> bool:
        """Did a supervisor take it?"""
        return (self.path / SUPERVISOR_FILE).exists()

    @property
    def has_ended(self) -> bool:
        """Is there an exit record?"""
        return (self.path / EXIT_FILE).exists()

    @property
    def is_reported(self) -> bool:
        """Has the server had the last word?"""
        return (self.path / _REPORTED_FILE).exists()

    def start_supervisor(self, order: StartOrder | None = None) -> None:
        """Hand the attempt to a supervisor, with `order` or with the order that is already there.

        Raises:
            AttemptError: No supervisor began.
        """
        if order is not None:
            order.write(self.path)
        log = self.path / "supervisor.log"
        with log.open("ab") as output:
            starter = subprocess.run(
                [sys.executable, "-P", "-m", "synapse_sdk.agent.supervisor", str(self.path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                timeout=START_TIMEOUT_S,
                check=False,
            )
        if starter.returncode != 0 and not self.is_begun:
            said = log.read_text(errors="replace").strip()[-2000:]
            raise AttemptError(
                f"The supervisor could not begin: {said.rpartition(chr(10))[2] or 'it said nothing'}.",
                {"folder": str(self.path), "log": said},
            )

    def find_supervisor(self) -> Process | None:
        """Return the supervisor while it lives."""
        try:
            facts = json.loads((self.path / SUPERVISOR_FILE).read_bytes())
        except FileNotFoundError:
            return None
        process = find_process(facts["pid"])
        if process is None or process.state == "Z" or facts["boot_id"] != read_boot_id():
            return None
        return process if process.start_time == facts["start_time"] else None

    def note_server(self, url: str) -> None:
        """Tell the worker where the server is, now that this agent has the attempt."""
        if not self.server_file.exists() or self.server_file.read_text() != url:
            atomic_write(self.server_file, url.encode())

    def request_stop(self, reason: str | None) -> None:
        """Ask the worker to end; its supervisor kills it after the grace. Harmless to repeat."""
        if not (self.path / STOP_FILE).exists():
            atomic_write(self.path / STOP_FILE, (reason or "").encode())
        supervisor = self.find_supervisor()
        if supervisor is not None:
            send_signal(supervisor, signal.SIGTERM)

    def wait(self, timeout_s: float) -> bool:
        """Wait until its supervisor has ended, at most `timeout_s`. False when it goes on."""
        supervisor = self.find_supervisor()
        if supervisor is None:
            return True
        try:
            descriptor = os.pidfd_open(supervisor.pid)
        except ProcessLookupError:
            return True
        try:
            return bool(select.select([descriptor], [], [], timeout_s)[0])
        finally:
            os.close(descriptor)

    def read_exit(self) -> ExitRecord:
        """Return how it ended."""
        return ExitRecord.model_validate_json((self.path / EXIT_FILE).read_bytes())

    def read_outcome(self) -> RunOutcome | None:
        """Return what the worker itself wrote at its end; None when it wrote none.

        Raises:
            AttemptError: It is damaged, or too large; the author's code can write there too.
        """
        try:
            with (self.path / OUTCOME_FILE).open("rb") as stream:
                data = stream.read(OUTCOME_LIMIT_BYTES + 1)
        except FileNotFoundError:
            return None
        if len(data) > OUTCOME_LIMIT_BYTES:
            raise AttemptError(
                f"{OUTCOME_FILE} is larger than {OUTCOME_LIMIT_BYTES:,} bytes.", {"folder": str(self.path)}
            )
        try:
            return RunOutcome.model_validate_json(data)
        except ValueError as error:
            raise AttemptError(
                f"{OUTCOME_FILE} is damaged: it is not what the worker writes there.",
                {"folder": str(self.path)},
            ) from error

    def end_without_worker(self, cause: Cause, reason: str) -> None:
        """Record that no worker was ever started, and why."""
        self._write_exit(cause, reason, started_at=None)

    def end_lost(self) -> None:
        """Record the end of an attempt whose supervisor is gone, after ending what it left running."""
        self.kill_leftovers()
        started_at = datetime.fromtimestamp((self.path / SUPERVISOR_FILE).stat().st_mtime, utc_now().tzinfo)
        self._write_exit("lost", "its supervisor ended without saying how the worker ended", started_at)

    def kill_leftovers(self) -> None:
        """Kill all that a supervisor which is gone had started, and return when none of it lives."""
        while leftovers := [process for process in self._find_leftovers() if process.state != "Z"]:
            for process in leftovers:
                send_signal(process, signal.SIGKILL)
            time.sleep(KILL_ROUND_S)

    def mark_reported(self) -> None:
        """Remove what is not needed any more, and record that the server has had the last word."""
        self.token_file.unlink(missing_ok=True)
        for folder in (self.code, self.path / "cache"):
            if folder.exists():
                shutil.rmtree(folder)
        # Last, so that a removal that was interrupted is done again. Saying the last word twice is harmless.
        atomic_write(self.path / _REPORTED_FILE, b"")

    def remove(self) -> None:
        """Remove the folder, and the job's if this was its last attempt."""
        shutil.rmtree(self.path)
        if not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()

    def _find_leftovers(self) -> list[Process]:
        facts = json.loads((self.path / SUPERVISOR_FILE).read_bytes())
        if facts["boot_id"] != read_boot_id():
            return []
        # The supervisor led a session. What left it carries the marker, or descends from what does.
        found = {
            process.pid: process
            for process in iter_processes()
            if process.session == facts["pid"] and process.start_time >= facts["start_time"]
        }
        found |= {
            process.pid: process
            for process in find_marked(f"{MARKER}={self.path}", since=facts["start_time"])
        }
        for pid in list(found):
            found |= {process.pid: process for process in find_descendants(pid)}
        return list(found.values())

    def _write_exit(self, cause: Cause, reason: str, started_at: datetime | None) -> None:
        record = ExitRecord(
            job=self.assignment.job,
            attempt=self.assignment.attempt,
            cause=cause,
            reason=reason,
            started_at=started_at,
            ended_at=utc_now(),
        )
        atomic_write(self.path / EXIT_FILE, record.model_dump_json(indent=2).encode() + b"\n")


def iter_attempts(attempts: Path) -> Iterator[AttemptFolder]:
    """Iterate over the attempts that were taken on and are still on disk."""
    for file in sorted(attempts.glob("*/*/assignment.json")):
        yield AttemptFolder(file.parent)
