"""`HttpAgentServer`: what an agent asks of a server, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.clients.errors import (
    AuthenticationError,
    AuthorizationError,
    HTTPError,
    JobTokenRefusedError,
)
from synapse_sdk.clients.release_code import parse_file
from synapse_sdk.clients.transport import Transport
from synapse_sdk.manifest.manifest import ManifestFile
from synapse_sdk.wire.assignment import (
    AgentFacts,
    Assignment,
    AttemptEnd,
    AttemptReport,
    ClaimAnswer,
    ClaimRequest,
    Directive,
    Heartbeat,
    HeartbeatAnswer,
    ReleaseContents,
)

#: Beyond the time that the server holds an answer back on purpose.
CLAIM_SLACK_S = 10.0
_CONFLICT = 409


class HttpAgentServer:
    """Speaks for one agent. Repeats nothing by itself: the agent does, with its own patience."""

    def __init__(self, url: str, token: str) -> None:
        """Prepare; nothing is sent before `register`."""
        self._transport = Transport(url, token)
        self._agent_id: int | None = None

    @property
    def url(self) -> str:
        """The server's address, which workers are told too."""
        return self._transport.url

    def register(self, facts: AgentFacts) -> None:
        """Say who this agent is; the first thing to say."""
        answer = self._post("agents/register/", facts)
        self._agent_id = int(answer["id"])

    def claim(self, free_slots: int, wait_s: float) -> Sequence[Assignment]:
        """Ask for up to `free_slots` attempts; the server may hold the answer back for `wait_s` seconds."""
        request = ClaimRequest(free_slots=free_slots, wait_s=wait_s)
        answer = self._post(f"agents/{self._id()}/claim/", request, timeout_s=wait_s + CLAIM_SLACK_S)
        return ClaimAnswer.model_validate(answer).assignments

    def heartbeat(self, attempts: Sequence[AttemptReport]) -> Sequence[Directive]:
        """Say that the agent lives and what it has in hands; hear what to do with each."""
        answer = self._post(f"agents/{self._id()}/heartbeat/", Heartbeat(attempts=tuple(attempts)))
        return HeartbeatAnswer.model_validate(answer).directives

    def fetch_files(self, release: ReleaseContents) -> list[ManifestFile]:
        """Return the release's manifest, all pages of it."""
        files: list[ManifestFile] = []
        page: str | None = release.files_url
        while page is not None:
            answer = self._transport.get(page, retries=False)
            files += map(parse_file, answer["results"])
            page = answer["next"]
        return files

    @contextmanager
    def open_archive(self, release: ReleaseContents) -> Iterator[Iterator[bytes]]:
        """Open the stream of all its contents, a pack."""
        with self._transport.stream(release.archive_url) as response:
            yield response.iter_bytes()

    def fetch_lock(self, release: ReleaseContents) -> str | None:
        """Return its lock; None when it has none."""
        if release.lock_url is None:
            return None
        with self._transport.stream(release.lock_url) as response:
            return response.read().decode()

    def report_started(self, job: str, attempt: int, *, environment_digest: str | None) -> None:
        """Say that a supervisor has the attempt."""
        body = {"at": iso_z(utc_now()), "environment_digest": environment_digest}
        self._transport.post(f"{_path(job, attempt)}/started/", json=body, retries=False)

    def append_log(self, job: str, attempt: int, stream: str, *, offset: int, data: bytes) -> int:
        """Append what the worker wrote to `stream` from `offset` on; return how much the server has now."""
        path = f"{_path(job, attempt)}/logs/{stream}/"
        try:
            answer = self._transport.put(path, params={"offset": offset}, content=data, retries=False)
        except HTTPError as error:
            problem = error.details.get("problem", {})
            if error.status_code != _CONFLICT or not isinstance(problem.get("offset"), int):
                raise
            return int(problem["offset"])
        return int(answer["size_bytes"])

    def send_events(self, job: str, spool: Path, *, token: str) -> None:
        """Send what of the worker's events the server has not acknowledged yet.

        Raises:
            JobTokenRefusedError: The server takes no more events from this job.
        """
        from synapse_sdk.clients.event_sender import send_spool

        try:
            send_spool(spool, url=self.url, token=token, job=job)
        except (AuthenticationError, AuthorizationError) as error:
            raise JobTokenRefusedError(f"The job's events are not taken: {error.message}") from error

    def keep_outputs(self, job: str, attempt: int, work: Path, *, token: str) -> list[str]:
        """Keep what the attempt left in `outputs/` below its working folder; say what stays behind.

        Raises:
            JobTokenRefusedError: The server takes no more contents from this job.
        """
        from synapse_sdk.clients.job_outputs import keep_outputs

        of_job = Transport(self.url, token)
        try:
            return keep_outputs(self._transport, of_job, job, attempt, work)
        finally:
            of_job.close()

    def report_end(self, job: str, attempt: int, end: AttemptEnd) -> None:
        """Say the last word on an attempt."""
        self._post(f"{_path(job, attempt)}/exit/", end)

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def _id(self) -> int:
        if self._agent_id is None:
            raise SynapseError("This agent is not registered yet.")
        return self._agent_id

    def _post(self, path: str, value: Any, *, timeout_s: float | None = None) -> Any:
        return self._transport.post(
            path,
            content=value.model_dump_json().encode(),
            headers={"Content-Type": "application/json"},
            retries=False,
            timeout_s=timeout_s,
        )


def _path(job: str, attempt: int) -> str:
    return f"jobs/{job}/attempts/{attempt}"
