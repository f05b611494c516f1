"""What a server and its agents say to each other about attempts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synapse_sdk.wire.base import Moment, WireModel
from synapse_sdk.wire.envelope import Envelope
from synapse_sdk.wire.outcome import Cause, RunOutcome


class ReleaseContents(WireModel):
    """What an agent fetches before it can start an attempt. Addresses are relative to the server's."""

    release_id: int
    digest: str = Field(description="Identity of the release.")
    archive_url: str = Field(description="Stream of all contents, in the order of the manifest.")
    files_url: str = Field(description="The manifest: path, mode, size_bytes and digest of every file.")
    lock_digest: str | None = Field(default=None, description="None for a release without a lock.")
    lock_url: str | None = None


class Assignment(WireModel):
    """One attempt, handed to the agent that claimed it."""

    job: str
    number: int = Field(description="The job's number in its workspace.")
    attempt: int
    envelope: Envelope
    release: ReleaseContents
    #: Kept out of every log and record; the agent writes it to a file that only the worker's user can read.
    job_token: str = Field(repr=False, description="May report this job and read what the envelope names.")
    lease_s: float = Field(description="Seconds that the attempt stays the agent's without a heartbeat.")
    time_limit_s: float | None = Field(default=None, description="Longest run time; None for no limit.")
    grace_s: float = Field(
        default=10.0, description="Seconds between asking a worker to stop and killing it."
    )
    env: dict[str, str] = Field(default={}, description="Config `env` of the release, as texts.")


class ClaimRequest(WireModel):
    """An agent asks for work."""

    free_slots: int = Field(ge=0)
    wait_s: float = Field(
        default=0.0, ge=0, le=20, description="How long the server may hold the answer back."
    )


class ClaimAnswer(WireModel):
    """What the agent got; empty when there was nothing to do."""

    assignments: tuple[Assignment, ...] = ()


#: `preparing` fetches code and builds the environment · `running` has a supervisor ·
#: `ended` has an exit record.
AttemptPhase = Literal["preparing", "running", "ended"]


class AttemptReport(WireModel):
    """One attempt as the agent sees it."""

    job: str
    attempt: int
    phase: AttemptPhase


class Heartbeat(WireModel):
    """An agent lives, and these attempts are in its hands."""

    attempts: tuple[AttemptReport, ...] = ()


class Directive(WireModel):
    """What the server wants done with an attempt that the agent reported."""

    job: str
    attempt: int
    #: `keep` the lease was renewed · `stop` ask the worker to end, then kill it · `forget` it is not yours.
    action: Literal["keep", "stop", "forget"]
    reason: str | None = None


class HeartbeatAnswer(WireModel):
    """One directive for each reported attempt."""

    directives: tuple[Directive, ...] = ()


class ExitRecord(WireModel):
    """How a worker process ended, written once by its supervisor. This decides the attempt's end."""

    job: str
    attempt: int
    exit_code: int | None = Field(default=None, description="None when a signal ended it or it never began.")
    signal: int | None = Field(default=None, description="Number of the signal that ended it.")
    cause: Cause | None = Field(default=None, description="None for exit code 0.")
    reason: str | None = Field(default=None, description="One sentence for a person.")
    started_at: Moment | None = Field(default=None, description="None when the worker never began.")
    ended_at: Moment


class AttemptEnd(WireModel):
    """An agent's last word on an attempt: the supervisor's record, and what the worker itself wrote."""

    exit: ExitRecord
    outcome: RunOutcome | None = Field(default=None, description="None when the worker wrote none.")


class AgentFacts(WireModel):
    """What an agent says of itself when it registers."""

    name: str
    interpreter: str = Field(description="Such as `cpython 3.11.7`.")
    platform: str = Field(description="Such as `linux-x86_64`.")
    sdk_version: str
    cpus: int
    gpus: int = 0
    url: str | None = None
