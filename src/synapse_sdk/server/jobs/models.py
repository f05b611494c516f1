"""Jobs, attempts and agents as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from synapse_sdk.server.jobs.states import AttemptPhase, JobState


@dataclass(frozen=True, slots=True)
class Agent:
    """A program that claims jobs."""

    id: int
    workspace_id: int
    name: str
    interpreter: str
    platform: str
    sdk_version: str
    cpus: int
    gpus: int
    url: str | None
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """A job as lists show it. `key` is known to this server's tables only."""

    key: int
    id: str
    workspace_id: int
    number: int
    release_id: int
    plugin: str
    version: str
    release_digest: str
    lock_digest: str | None
    action: str
    method: str
    state: JobState
    cause: str | None
    reason: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    stop_requested_at: datetime | None
    stop_requested_by: str | None
    wanted_agent_id: int | None
    agent_id: int | None
    attempt_count: int
    language: str
    is_debug: bool
    cpus: int | None
    gpus: int | None
    time_limit_s: float | None
    last_cursor: int
    #: Name of the agent of the latest attempt, else of the one that was asked for.
    agent_name: str | None = None


class Ask(NamedTuple):
    """What decides where a job can run."""

    cpus: int | None
    gpus: int | None
    wanted_agent_id: int | None
    created_at: datetime


class WaitingJob(NamedTuple):
    """A job that no agent has."""

    key: int
    workspace_id: int
    #: What it is told to wait for.
    reason: str | None
    ask: Ask


@dataclass(frozen=True, slots=True)
class JobDocument:
    """What of a job can be large."""

    params: Mapping[str, Any]
    envelope: Mapping[str, Any]
    env: Mapping[str, str]
    result: Any
    failure: Mapping[str, Any] | None
    claims: Mapping[str, Any] | None
    #: Step (empty for none) → its latest progress event's body, `at` added.
    progress: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a job."""

    job_key: int
    number: int
    agent_id: int
    phase: AttemptPhase
    lease_expires_at: datetime
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    end_state: str | None
    cause: str | None
    reason: str | None
    exit: Mapping[str, Any] | None
    is_confirmed: bool
    has_token: bool
