"""Rules of jobs: submitting, looking, stopping, and what foreign workers claim."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk._version import __version__
from synapse_sdk.server.accounts.store import get_workspace
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import ForbiddenError, InvalidError, NotFoundError, Principal, TooLargeError
from synapse_sdk.server.http.once import UNREPEATED, Once
from synapse_sdk.server.jobs import agent_store, store
from synapse_sdk.server.jobs.models import Ask, Attempt, Job, JobDocument
from synapse_sdk.server.jobs.notifier import Notifier, claims_topic, events_topic, logs_topic
from synapse_sdk.server.jobs.run_request import check_params, check_secrets, get_action, resolve_inputs
from synapse_sdk.server.jobs.secret_params import mask_params
from synapse_sdk.server.jobs.secret_store import keep_secrets
from synapse_sdk.server.jobs.states import JobState, decide_state
from synapse_sdk.server.jobs.transitions import record_state, refresh_state
from synapse_sdk.server.jobs.waiting_service import WaitingService
from synapse_sdk.server.registry.models import Release
from synapse_sdk.server.registry.service import RegistryService
from synapse_sdk.wire.envelope import (
    Envelope,
    EnvironmentReference,
    InputReference,
    PluginReference,
    Resources,
)

#: From workspace, kind and number to what a dataset or model is now; None without one.
FindInput = Callable[[int, str, int], InputReference | None]
#: Params of one job, as JSON. Larger inputs are datasets.
PARAMS_LIMIT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWish:
    """What somebody asks for."""

    plugin: str
    action: str | None = None
    version: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    agent_id: int | None = None
    is_debug: bool = False
    language: str = "en"
    cpus: int | None = None
    gpus: int | None = None
    #: Longest run time of an attempt; None for no limit.
    time_limit_s: float | None = None


class JobService:
    """Jobs, as people see them."""

    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        *,
        registry: RegistryService,
        find_input: FindInput,
        waiting: WaitingService,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._notifier = notifier
        self._registry = registry
        self._find_input = find_input
        self._waiting = waiting
        self._now = now

    def submit(self, principal: Principal, wish: RunWish, *, once: Once = UNREPEATED) -> Job:
        """Make a job, which waits for an agent from then on.

        Raises:
            NotFoundError: There is no such plugin, release, action or agent.
            InvalidError: The params do not fit; each field is named.
            TooLargeError: The params are too large.
            ConflictError: The idempotency key was used for another request.
        """
        principal.require("jobs:write")
        _require_size(wish.params)
        release = self._registry.get_release_for_run(principal, wish.plugin, wish.version, wish.is_debug)
        name, action = get_action(release.config, wish.action)
        known = (release.schemas or {}).get(name) or {}
        check_params(wish.params, known.get("params"))
        check_secrets(wish.params, known)
        shown = mask_params(wish.params, known)
        inputs = resolve_inputs(
            wish.params, lambda kind, number: self._find_input(principal.workspace_id, kind, number)
        )
        with self._database.write() as connection:
            if (job_id := once.recall(connection)) is not None:
                return require_job(connection, principal, job_id)
            if wish.agent_id is not None:
                _require_agent(connection, principal.workspace_id, wish.agent_id)
            now = self._now()
            workspace = get_workspace(connection, principal.workspace_id).code
            envelope = _build_envelope(
                wish, release, name, action, inputs, params=shown, workspace=workspace, now=now
            )
            facts = _build_facts(wish, release, envelope, method=str(action.get("method") or "task"))
            facts |= {"workspace_id": principal.workspace_id, "created_by": principal.name}
            ask = Ask(wish.cpus, wish.gpus, wish.agent_id, now)
            placement = self._waiting.judge(connection, principal.workspace_id, ask)
            decision = decide_state([], is_stop_requested=False, placement=placement)
            facts |= decision._asdict()
            document = {
                "params": shown,
                "envelope": envelope.model_dump(mode="json"),
                "env": release.load_config().env_texts(),
            }
            job = store.add_job(connection, facts, document)
            if shown != wish.params:
                keep_secrets(connection, job, wish.params)
            record_state(connection, job, decision, [], who=principal.name, now=now)
            once.remember(connection, job.id)
        self._notifier.notify(claims_topic(principal.workspace_id))
        return job

    def get(self, principal: Principal, lookup: str) -> Job:
        """Return a job by its id or number.

        Raises:
            NotFoundError: There is none, or a job asks for another one.
        """
        with self._database.read() as connection:
            return require_job(connection, principal, lookup)

    def get_details(self, principal: Principal, lookup: str) -> tuple[Job, JobDocument, list[Attempt]]:
        """Return a job with all that is known of it."""
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            return job, store.get_document(connection, job.key), store.list_attempts(connection, job.key)

    def list_jobs(
        self,
        principal: Principal,
        *,
        before: int | None,
        limit: int,
        states: Sequence[str] = (),
        plugin: str | None = None,
        action: str | None = None,
    ) -> tuple[list[Job], int]:
        """Return jobs, newest first, and how many fit in all."""
        principal.require("jobs:read")
        filters: dict[str, Any] = {"states": states, "plugin": plugin, "action": action}
        with self._database.read() as connection:
            found = store.list_jobs(connection, principal.workspace_id, before=before, limit=limit, **filters)
            return found, store.count_jobs(connection, principal.workspace_id, **filters)

    def stop(self, principal: Principal, lookup: str) -> Job:
        """Ask a job to end. One that nobody has taken ends at once; one that has ended stays as it is."""
        principal.require("jobs:write")
        with self._database.write() as connection:
            job = require_job(connection, principal, lookup)
            if job.ended_at is not None or job.stop_requested_at is not None:
                return job
            now = self._now()
            request = {"stop_requested_at": now, "stop_requested_by": principal.name}
            store.update_job(connection, job.key, request)
            job = refresh_state(connection, job.key, who=principal.name, now=now)
        self.announce(job)
        return job

    def claim(
        self, principal: Principal, lookup: str, claims: Mapping[str, Any], *, state: JobState | None
    ) -> Job:
        """Keep what a worker says of its job. Its state counts only for a job that no agent of ours started.

        Args:
            principal: The job itself, or somebody who may write jobs.
            lookup: Id or number.
            claims: What is said, by field; laid over what was said before.
            state: The state that is said.
        """
        with self._database.write() as connection:
            job = require_job(connection, principal, lookup)
            if principal.job_id != job.id:
                principal.require("jobs:write")
            document = store.get_document(connection, job.key)
            changes: dict[str, Any] = {"claims": {**(document.claims or {}), **claims}}
            if job.attempt_count == 0 and "result" in claims:
                changes["result"] = claims["result"]
            store.update_document(connection, job.key, changes)
            job = refresh_state(connection, job.key, who=principal.name, now=self._now(), claim=state)
        self.announce(job)
        return job

    def get_inputs(self, job_id: str) -> Sequence[InputReference]:
        """Return the datasets and models that a job's envelope names; none for an unknown job."""
        with self._database.read() as connection:
            return find_inputs_of_job(connection, job_id)

    def announce(self, job: Job) -> None:
        """Wake whoever waits for something of this job."""
        self._notifier.notify(events_topic(job.key))
        self._notifier.notify(logs_topic(job.key))


def require_job(connection: sa.Connection, principal: Principal, lookup: str) -> Job:
    """Return a job that somebody may see: people by their role, a job itself, an agent what it was given.

    Raises:
        NotFoundError: There is none of that id or number in the workspace.
        ForbiddenError: It is not for whoever asks.
    """
    if principal.kind == "agent":
        principal.require("agents:work")
    elif principal.job_id is None:
        principal.require("jobs:read")
    job = store.find_job(connection, principal.workspace_id, lookup=lookup)
    if principal.job_id is not None and (job is None or principal.job_id != job.id):
        raise ForbiddenError(
            f"A job's token reads and reports its own job only, not {lookup}.", {"job": principal.job_id}
        )
    if job is None:
        raise NotFoundError(f"There is no job {lookup}.", {"job": lookup}, hint="See: synapse job list")
    if principal.kind == "agent" and not store.was_given(connection, job.key, principal.agent_id):
        raise ForbiddenError(f"Job {job.number} was not given to this agent.", {"agent": principal.agent_id})
    return job


def find_inputs_of_job(connection: sa.Connection, job_id: str) -> Sequence[InputReference]:
    """Return the inputs of a job's envelope; none for an unknown job."""
    envelope = store.find_envelope(connection, job_id)
    return () if envelope is None else Envelope.model_validate(envelope).inputs


def find_release_of_job(connection: sa.Connection, job_id: str) -> str | None:
    """Return the digest of the release that a job runs; None for an unknown job."""
    return store.find_release_digest(connection, job_id)


def _require_size(params: Mapping[str, Any]) -> None:
    size_bytes = len(json.dumps(params).encode())
    if size_bytes > PARAMS_LIMIT_BYTES:
        raise TooLargeError(
            f"The params have {size_bytes:,} bytes; {PARAMS_LIMIT_BYTES:,} are the limit.",
            {"limit_bytes": PARAMS_LIMIT_BYTES},
            hint="Register large inputs as a dataset and pass its id.",
        )


def _require_agent(connection: sa.Connection, workspace_id: int, agent_id: int) -> None:
    if agent_store.find_agent(connection, workspace_id, agent_id) is None:
        problem = {"loc": ["agent"], "msg": f"there is no agent {agent_id}", "type": "not_found"}
        raise InvalidError.of_fields([{**problem, "input": agent_id}])


def _build_envelope(
    wish: RunWish,
    release: Release,
    name: str,
    action: Mapping[str, Any],
    inputs: tuple[InputReference, ...],
    *,
    params: Mapping[str, Any],
    workspace: str,
    now: datetime,
) -> Envelope:
    return Envelope(
        job=uuid7(),
        workspace=workspace,
        mode="remote",
        plugin=PluginReference(
            code=release.plugin_code, version=release.version, release_digest=release.digest
        ),
        action=name,
        entrypoint=str(action["entrypoint"]),
        params=dict(params),
        inputs=inputs,
        # Which they are is known when an agent has claimed it.
        environment=EnvironmentReference(interpreter="", platform="", sdk_version=__version__),
        seed=int.from_bytes(os.urandom(4), "big"),
        resources=Resources(cpus=wish.cpus, gpus=wish.gpus),
        language=wish.language,
        created_at=now,
    )


def _build_facts(wish: RunWish, release: Release, envelope: Envelope, *, method: str) -> dict[str, Any]:
    return {
        "id": envelope.job,
        "release_id": release.id,
        "plugin": release.plugin_code,
        "version": release.version,
        "release_digest": release.digest,
        "lock_digest": release.lock_digest,
        "action": envelope.action,
        "method": method,
        "created_at": envelope.created_at,
        "wanted_agent_id": wish.agent_id,
        "language": wish.language,
        "is_debug": wish.is_debug,
        "cpus": wish.cpus,
        "gpus": wish.gpus,
        "time_limit_s": wish.time_limit_s,
    }
