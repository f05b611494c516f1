"""`python -m synapse_sdk.plugins.entrypoint FOLDER`: the worker, in which an attempt's action runs.

```text
envelope.json, code/ ──▶ action class, params ──▶ execute() ──▶ outcome.json, exit code
                                                      └─ events ─▶ events.jsonl ─▶ the server, if there is one
```

The folder is an attempt's, as the agent prepares it. The server's address is in `SYNAPSE_HOST`, a later one
in the file that `SYNAPSE_SERVER_FILE` names, and the job's token in that of `SYNAPSE_JOB_TOKEN_FILE`; without
address and token it runs without a server.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.left_threads import end_without_left_threads
from synapse_sdk.clients.event_spool import EventSpool
from synapse_sdk.clients.server_address import ServerAddress
from synapse_sdk.plugins.discovery import PluginDiscovery
from synapse_sdk.plugins.events import EventStream, Sink
from synapse_sdk.plugins.executors.local import open_local_workspace
from synapse_sdk.plugins.run_plan import ModuleImportError, RunPlan, RunRequest, load_checked
from synapse_sdk.plugins.run_record import encode_document
from synapse_sdk.plugins.runner import carry_out, describe_failure
from synapse_sdk.plugins.terminal import TerminalSink
from synapse_sdk.wire.envelope import Envelope
from synapse_sdk.wire.outcome import EndState, RunOutcome

if TYPE_CHECKING:
    from datetime import datetime
    from io import TextIOWrapper

    from synapse_sdk.clients.backend import BackendClient
    from synapse_sdk.workspace import Workspace

SUCCEEDED, FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class _Server:
    """The server that gave the job."""

    address: ServerAddress | str
    token: str

    @classmethod
    def find(cls) -> _Server | None:
        url, token_file = os.environ.get("SYNAPSE_HOST"), os.environ.get("SYNAPSE_JOB_TOKEN_FILE")
        if not url or not token_file:
            return None
        file = os.environ.get("SYNAPSE_SERVER_FILE")
        address = ServerAddress(Path(file), url) if file else url
        return cls(address, Path(token_file).read_text().strip())

    def __repr__(self) -> str:
        return f"_Server({self.address})"


class _Stop:
    """Turns SIGTERM into the end of the action, once. What is written afterwards is not interrupted."""

    def __init__(self) -> None:
        self._is_told = False
        self._is_armed = False

    def listen(self) -> None:
        """From now on SIGTERM interrupts the main thread."""
        self._is_armed = True
        signal.signal(signal.SIGTERM, self._take)

    def settle(self) -> bool:
        """Interrupt nothing from now on. Was this process told to stop?"""
        self._is_armed = False
        return self._is_told

    def _take(self, *_: object) -> None:
        self._is_told = True
        if self._is_armed:
            self._is_armed = False
            raise KeyboardInterrupt("stopped on request")


def main(argv: Sequence[str]) -> int:
    """Run the attempt in the folder that `argv` names. Returns 0 for SUCCEEDED, else 1."""
    folder = Path(argv[0]).absolute()
    # Files are buffered in blocks otherwise, and a worker that is killed would take its last lines along.
    for stream in (sys.stdout, sys.stderr):
        cast("TextIOWrapper", stream).reconfigure(line_buffering=True)
    outcome = run_attempt(folder)
    atomic_write(folder / "outcome.json", encode_document(outcome))
    code = SUCCEEDED if outcome.state == "SUCCEEDED" else FAILED
    end_without_left_threads(code, lambda text: sys.stderr.write(f"{text}\n"))
    return code


def run_attempt(folder: Path) -> RunOutcome:
    """Run what `folder/envelope.json` says with the code in `folder/code`; return how it ended.

    Events are reported as they happen; a failure is told on stderr too.
    """
    stop, owner, streams = _Stop(), os.getpid(), (sys.stdout, sys.stderr)
    stop.listen()
    envelope = Envelope.model_validate_json((folder / "envelope.json").read_bytes())
    server = _Server.find()
    stream = EventStream(
        [_open_sink(folder, envelope, server), TerminalSink()], job=envelope.job, attempt=envelope.attempt
    )
    started_at = utc_now()
    try:
        plan = _plan(folder, envelope, server)
        outcome = carry_out(plan, stream, was_told_to_stop=stop.settle).outcome
    except (SynapseError, KeyboardInterrupt) as error:  # before the action: its own errors are in the outcome
        if os.getpid() != owner:
            raise  # a child that the action forked
        stop.settle()
        outcome = _end_before_action(error, folder, stream, envelope, started_at)
    sys.stdout, sys.stderr = streams  # whatever the action did to them
    _tell_failure(outcome)
    return outcome


def _plan(folder: Path, envelope: Envelope, server: _Server | None) -> RunPlan:
    request = RunRequest(
        plugin=PluginDiscovery.from_path(folder / "code"),
        action=envelope.action,
        params=envelope.params,
        resources=envelope.resources,
        language=envelope.language,
        open_workspace=lambda: _open_workspace(folder, server),
        open_client=lambda: _open_client(server),
        is_job=True,
    )
    action_cls, params = load_checked(request)
    return RunPlan(request, action_cls, params, envelope)


def _open_sink(folder: Path, envelope: Envelope, server: _Server | None) -> Sink:
    spool = folder / "events.jsonl"
    if server is None:
        return EventSpool(spool)
    from synapse_sdk.clients.event_sink import ServerSink

    return ServerSink(spool, url=server.address, token=server.token, job=envelope.job)


def _open_workspace(folder: Path, server: _Server | None) -> Workspace:
    if server is None:
        return open_local_workspace()
    from synapse_sdk.clients.remote_workspace import RemoteWorkspace

    return RemoteWorkspace(url=server.address, token=server.token, cache_folder=folder / "cache")


def _open_client(server: _Server | None) -> BackendClient | None:
    if server is None:
        return None
    from synapse_sdk.clients.backend import BackendClient

    return BackendClient(server.address, server.token)


def _end_before_action(
    error: SynapseError | KeyboardInterrupt,
    folder: Path,
    stream: EventStream,
    envelope: Envelope,
    started_at: datetime,
) -> RunOutcome:
    """Close the stream of an attempt whose action never began, and return how it ended."""
    is_stopped = isinstance(error, KeyboardInterrupt)
    failure = describe_failure(error, folder / "code")
    if isinstance(error, ModuleImportError):
        failure = failure.model_copy(update={"traceback": error.details.get("traceback")})
    state: EndState = "STOPPED" if is_stopped else "FAILED"
    stream.state(state, reason=failure.message)
    stream.close()
    return RunOutcome(
        job=envelope.job,
        attempt=envelope.attempt,
        state=state,
        cause="cancelled" if is_stopped else "action",
        reason=failure.message,
        failure=failure,
        started_at=started_at,
        ended_at=utc_now(),
        event_count=stream.event_count,
        lost_event_count=stream.lost_event_count,
    )


def _tell_failure(outcome: RunOutcome) -> None:
    """Write the author's traceback where the author looks: into the attempt's log."""
    if outcome.state != "FAILED" or outcome.failure is None:
        return
    failure = outcome.failure
    told = [failure.traceback, f"error: {failure.message}", failure.hint and f"hint:  {failure.hint}"]
    sys.stderr.write("".join(f"{text}\n" for text in told if text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
