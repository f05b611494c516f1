"""Rules of attempts: handing them out under leases, hearing of them, ending them truthfully."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.accounts.service import AccountService
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import ConflictError, ForbiddenError, NotFoundError, Principal
from synapse_sdk.server.jobs import agent_store, store
from synapse_sdk.server.jobs.agent_service import get_agent, require_self
from synapse_sdk.server.jobs.job_service import require_job
from synapse_sdk.server.jobs.models import Agent, Attempt, Job
from synapse_sdk.server.jobs.notifier import Notifier, claims_topic, events_topic, logs_topic
from synapse_sdk.server.jobs.secret_store import find_secrets
from synapse_sdk.server.jobs.states import AttemptEnding, judge_exit, lost
from synapse_sdk.server.jobs.transitions import refresh_state
from synapse_sdk.wire.assignment import (
    Assignment,
    AttemptEnd,
    AttemptPhase,
    AttemptReport,
    Directive,
    ReleaseContents,
)
from synapse_sdk.wire.envelope import Envelope

LEASE = timedelta(seconds=30)
#: How long after its lease an attempt may be silent before it is given up.
PATIENCE = timedelta(seconds=60)
#: How long the token of an attempt stays good that was given up: its worker may live yet.
LOST_TOKEN_LIFE = timedelta(hours=24)


class AttemptService:
    """Attempts, as agents see them."""

    def __init__(
        self,
        database: Database,
        accounts: AccountService,
        notifier: Notifier,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._notifier = notifier
        self._now = now
        #: While this server was away no agent could renew a lease; each gets a whole one from here on.
        self._began_at = now()

    def claim(self, principal: Principal, agent_id: int, *, free_slots: int) -> list[Assignment]:
        """Hand out what waits, oldest first, under leases.

        Raises:
            ForbiddenError: The token does not belong to this agent.
            NotFoundError: There is no such agent.
        """
        require_self(principal, agent_id)
        with self._database.read() as connection:
            agent = get_agent(connection, principal.workspace_id, agent_id)
            has_work = free_slots > 0 and bool(_list_claimable(connection, agent, limit=1))
        if not has_work:
            return []
        with self._database.write() as connection:
            found = [
                self._offer(connection, job, agent)
                for job in _list_claimable(connection, agent, limit=free_slots)
            ]
        for job, _, _ in found:
            self._announce(job)
        return [self._assign(job, envelope, env) for job, envelope, env in found]

    def heartbeat(
        self, principal: Principal, agent_id: int, reports: tuple[AttemptReport, ...]
    ) -> tuple[Directive, ...]:
        """Renew the leases of what an agent has in its hands, and say what shall become of each."""
        require_self(principal, agent_id)
        moved: list[Job] = []
        with self._database.write() as connection:
            agent_store.touch_agent(connection, agent_id, now=self._now())
            directives = tuple(self._hear(connection, principal, report, moved) for report in reports)
        for job in moved:
            self._announce(job)
        return directives

    def start(
        self, principal: Principal, lookup: str, number: int, *, environment_digest: str | None = None
    ) -> Job:
        """Record that an attempt's worker was started, and in which environment."""
        with self._database.write() as connection:
            job, attempt = self._require_held(connection, principal, lookup, number)
            if attempt.phase in ("offered", "preparing"):
                self._mark_running(connection, attempt)
                if environment_digest is not None and number == job.attempt_count:
                    _note_environment(connection, job, environment_digest)
                job = refresh_state(connection, job.key, who=_name(job), now=self._now())
        self._announce(job)
        return job

    def end(self, principal: Principal, lookup: str, number: int, end: AttemptEnd) -> Job:
        """Record how an attempt ended. Saying it again changes nothing; the truth replaces `lost`.

        Raises:
            ForbiddenError: Another agent holds it.
            NotFoundError: There is no such attempt.
            ConflictError: The job went on without it.
        """
        with self._database.write() as connection:
            job, attempt = self._require_held(connection, principal, lookup, number)
            if attempt.exit is not None:
                return job
            if job.attempt_count > number:
                raise ConflictError(f"Attempt {number} of job {job.number} was replaced by a later one.")
            if end.exit.started_at is not None and attempt.started_at is None:
                self._mark_running(connection, attempt)
                refresh_state(connection, job.key, who=_name(job), now=self._now())
            ending = judge_exit(end.exit, end.outcome, is_stop_requested=job.stop_requested_at is not None)
            record = end.exit.model_dump(mode="json")
            self._mark_ended(connection, attempt, ending, exit=record, has_token=False, is_confirmed=True)
            if end.outcome is not None:
                outcome = end.outcome.model_dump(mode="json")
                kept = {"result": outcome["result"], "failure": outcome["failure"]}
                store.update_document(connection, job.key, kept)
            job = refresh_state(connection, job.key, who=_name(job), now=self._now())
        self._accounts.revoke_job_tokens(job.id, number)
        self._announce(job)
        return job

    def reap(self) -> int:
        """End attempts of which nothing was heard for too long; return how many.

        One that no agent ever confirmed is handed out again.
        """
        now = self._now()
        if now - self._began_at < LEASE:
            return 0
        ended = 0
        with self._database.read() as connection:
            offered = store.list_expired(connection, phases=["offered"], before=now)
            silent = store.list_expired(connection, phases=["preparing", "running"], before=now - PATIENCE)
            holders = store.list_token_holders(connection, ended_before=now - LOST_TOKEN_LIFE)
        if now - self._began_at < LEASE + PATIENCE:
            silent = []
        for attempt in offered:
            ended += self._give_up(attempt, lost("No agent confirmed that it has the attempt."))
        for attempt in silent:
            ended += self._give_up(attempt, lost("Nothing was heard of the attempt's agent any more."))
        for attempt in holders:
            self._end_token(attempt)
        return ended

    def _offer(
        self, connection: sa.Connection, job: Job, agent: Agent
    ) -> tuple[Job, Envelope, Mapping[str, str]]:
        number, now = job.attempt_count + 1, self._now()
        attempt = {
            "workspace_id": job.workspace_id,
            "job_key": job.key,
            "number": number,
            "agent_id": agent.id,
            "phase": "offered",
            "lease_expires_at": now + LEASE,
            "created_at": now,
            "is_confirmed": False,
            "has_token": True,
        }
        store.add_attempt(connection, attempt)
        store.update_job(connection, job.key, {"attempt_count": number, "agent_id": agent.id})
        document = store.get_document(connection, job.key)
        envelope = _complete_envelope(document.envelope, agent, number)
        store.update_document(connection, job.key, {"envelope": envelope.model_dump(mode="json")})
        # What is kept beside the job has its secrets masked; the agent gets them.
        if (params := find_secrets(connection, job.key)) is not None:
            envelope = envelope.model_copy(update={"params": params})
        # It has a place now, if it had been told that it has none.
        job = refresh_state(connection, job.key, who=f"agent {agent.name}", now=now)
        return job, envelope, document.env

    def _assign(self, job: Job, envelope: Envelope, env: Mapping[str, str]) -> Assignment:
        # Made after the attempt's row: a server that dies in between has handed out nothing, and hands it
        # out again when nobody has confirmed it.
        token = self._accounts.create_token(
            workspace_id=job.workspace_id,
            kind="job",
            name=f"job {job.number}, attempt {job.attempt_count}",
            job_id=job.id,
            attempt=job.attempt_count,
        )
        return Assignment(
            job=job.id,
            number=job.number,
            attempt=job.attempt_count,
            envelope=envelope,
            release=_describe_contents(job),
            job_token=token.text,
            lease_s=LEASE.total_seconds(),
            time_limit_s=job.time_limit_s,
            env=dict(env),
        )

    def _hear(
        self, connection: sa.Connection, principal: Principal, report: AttemptReport, moved: list[Job]
    ) -> Directive:
        job = store.find_job(connection, principal.workspace_id, lookup=report.job)
        attempt = None if job is None else store.find_attempt(connection, job.key, report.attempt)
        if job is None or attempt is None or attempt.agent_id != principal.agent_id:
            return _direct(report, "forget", "This server does not know it as yours.")
        if attempt.exit is not None:
            return _direct(report, "forget", "Its end is known.")
        if attempt.number < job.attempt_count:
            return _direct(report, "stop", "The job went on without it.")
        self._renew(connection, attempt, report.phase)
        before = job.state
        job = refresh_state(connection, job.key, who=_name(job), now=self._now())
        if job.state != before:
            moved.append(job)
        if job.stop_requested_at is not None:
            return _direct(report, "stop", f"{job.stop_requested_by} asked for it.")
        return _direct(report, "keep")

    def _renew(self, connection: sa.Connection, attempt: Attempt, reported: AttemptPhase) -> None:
        changes: dict[str, Any] = {"lease_expires_at": self._now() + LEASE, "is_confirmed": True}
        # What has ended in the agent's hands stays as it is until its end arrives, after its last events.
        if reported != "ended" and attempt.phase != "running":
            changes["phase"] = reported
            if reported == "running" and attempt.started_at is None:
                changes["started_at"] = self._now()
            if attempt.phase == "ended":  # given up for lost, and there after all
                changes |= {"ended_at": None, "end_state": None, "cause": None, "reason": None}
        store.update_attempt(connection, attempt.job_key, attempt.number, changes)

    def _mark_running(self, connection: sa.Connection, attempt: Attempt) -> None:
        changes = {
            "phase": "running",
            "started_at": self._now(),
            "lease_expires_at": self._now() + LEASE,
            "is_confirmed": True,
        }
        store.update_attempt(connection, attempt.job_key, attempt.number, changes)

    def _mark_ended(
        self, connection: sa.Connection, attempt: Attempt, ending: AttemptEnding, **more: Any
    ) -> None:
        changes = {
            "phase": "ended",
            "ended_at": self._now(),
            "end_state": ending.state,
            "cause": ending.cause,
            "reason": ending.reason,
            **more,
        }
        store.update_attempt(connection, attempt.job_key, attempt.number, changes)

    def _give_up(self, attempt: Attempt, ending: AttemptEnding) -> int:
        with self._database.write() as connection:
            current = store.get_attempt(connection, attempt.job_key, attempt.number)
            if (current.phase, current.lease_expires_at) != (attempt.phase, attempt.lease_expires_at):
                return 0  # heard of in the meantime
            self._mark_ended(connection, attempt, ending, has_token=current.is_confirmed)
            job = refresh_state(connection, attempt.job_key, who="server", now=self._now())
        if not current.is_confirmed:
            self._accounts.revoke_job_tokens(job.id, attempt.number)
        self._announce(job)
        self._notifier.notify(claims_topic(job.workspace_id))
        return 1

    def _end_token(self, attempt: Attempt) -> None:
        with self._database.write() as connection:
            store.update_attempt(connection, attempt.job_key, attempt.number, {"has_token": False})
            job = store.get_job(connection, attempt.job_key)
        self._accounts.revoke_job_tokens(job.id, attempt.number)

    def _require_held(
        self, connection: sa.Connection, principal: Principal, lookup: str, number: int
    ) -> tuple[Job, Attempt]:
        principal.require("agents:work")
        job = require_job(connection, principal, lookup)
        return job, require_holder(connection, principal, job, number)

    def _announce(self, job: Job) -> None:
        self._notifier.notify(events_topic(job.key))
        self._notifier.notify(logs_topic(job.key))


def require_holder(connection: sa.Connection, principal: Principal, job: Job, number: int) -> Attempt:
    """Return an attempt that was given to this agent.

    Raises:
        NotFoundError: There is no such attempt.
        ForbiddenError: It was given to another agent.
    """
    attempt = store.find_attempt(connection, job.key, number)
    if attempt is None:
        raise NotFoundError(f"Job {job.number} has no attempt {number}.")
    if principal.agent_id is None or attempt.agent_id != principal.agent_id:
        raise ForbiddenError(f"Attempt {number} of job {job.number} was not given to this agent.")
    return attempt


def _list_claimable(connection: sa.Connection, agent: Agent, *, limit: int) -> list[Job]:
    return store.list_claimable(
        connection, agent.workspace_id, agent_id=agent.id, cpus=agent.cpus, gpus=agent.gpus, limit=limit
    )


def _complete_envelope(stored: Mapping[str, Any], agent: Agent, number: int) -> Envelope:
    envelope = Envelope.model_validate(stored)
    facts = {
        "interpreter": agent.interpreter,
        "platform": agent.platform,
        "sdk_version": agent.sdk_version,
    }
    environment = envelope.environment.model_copy(update=facts)
    return envelope.model_copy(update={"environment": environment, "attempt": number})


def _note_environment(connection: sa.Connection, job: Job, digest: str) -> None:
    envelope = Envelope.model_validate(store.get_document(connection, job.key).envelope)
    environment = envelope.environment.model_copy(update={"digest": digest})
    complete = envelope.model_copy(update={"environment": environment})
    store.update_document(connection, job.key, {"envelope": complete.model_dump(mode="json")})


def _describe_contents(job: Job) -> ReleaseContents:
    base = f"plugin_releases/{job.release_id}"
    return ReleaseContents(
        release_id=job.release_id,
        digest=job.release_digest,
        archive_url=f"{base}/archive/",
        files_url=f"{base}/files/",
        lock_digest=job.lock_digest,
        lock_url=None if job.lock_digest is None else f"{base}/lock/",
    )


def _direct(report: AttemptReport, action: Any, reason: str | None = None) -> Directive:
    return Directive(job=report.job, attempt=report.attempt, action=action, reason=reason)


def _name(job: Job) -> str:
    return f"agent {job.agent_name}"
