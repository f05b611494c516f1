"""What the agent asks of a server. `clients.agent_server.HttpAgentServer` speaks it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from synapse_sdk.manifest.manifest import ManifestFile
from synapse_sdk.wire.assignment import (
    AgentFacts,
    Assignment,
    AttemptEnd,
    AttemptReport,
    Directive,
    ReleaseContents,
)


class AgentServer(Protocol):
    """A server, as its agents see it.

    Every method raises `NotReachableError` when the server is away or can not just now, so that asking again
    later may help, `AuthenticationError` when it does not know this agent's token, and another `SynapseError`
    when it refuses, be it the job's token. All may be repeated.
    """

    @property
    def url(self) -> str:
        """The server's address, which workers are told too."""

    def register(self, facts: AgentFacts) -> None:
        """Say who this agent is; the first thing to say."""

    def claim(self, free_slots: int, wait_s: float) -> Sequence[Assignment]:
        """Ask for up to `free_slots` attempts; the server may hold the answer back for `wait_s` seconds."""

    def heartbeat(self, attempts: Sequence[AttemptReport]) -> Sequence[Directive]:
        """Say that the agent lives and what it has in hands; hear what to do with each."""

    def fetch_files(self, release: ReleaseContents) -> list[ManifestFile]:
        """Return the release's manifest."""

    def open_archive(self, release: ReleaseContents) -> AbstractContextManager[Iterator[bytes]]:
        """Open the stream of all its contents, a pack."""

    def fetch_lock(self, release: ReleaseContents) -> str | None:
        """Return its lock; None when it has none."""

    def report_started(self, job: str, attempt: int, *, environment_digest: str | None) -> None:
        """Say that a supervisor has the attempt."""

    def append_log(self, job: str, attempt: int, stream: str, *, offset: int, data: bytes) -> int:
        """Append what the worker wrote to `stream` from `offset` on.

        Returns how many bytes the server has now. Less than `offset` is a gap: go on from there.
        """

    def send_events(self, job: str, spool: Path, *, token: str) -> None:
        """Send what of the worker's events the server has not acknowledged yet."""

    def keep_outputs(self, job: str, attempt: int, work: Path, *, token: str) -> list[str]:
        """Keep what the attempt left in `outputs/` below its working folder; say what stays behind."""

    def report_end(self, job: str, attempt: int, end: AttemptEnd) -> None:
        """Say the last word on an attempt."""
