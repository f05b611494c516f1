"""The subject's services in one place, for its routes and for other subjects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.accounts.service import AccountService
from synapse_sdk.server.db import Database
from synapse_sdk.server.jobs import store
from synapse_sdk.server.jobs.agent_service import AgentService
from synapse_sdk.server.jobs.attempt_service import AttemptService
from synapse_sdk.server.jobs.event_service import EventService
from synapse_sdk.server.jobs.job_service import (
    FindInput,
    JobService,
    find_inputs_of_job,
    find_release_of_job,
)
from synapse_sdk.server.jobs.log_service import LogService
from synapse_sdk.server.jobs.metric_service import MetricService
from synapse_sdk.server.jobs.notifier import Notifier
from synapse_sdk.server.jobs.reaper import Reaper
from synapse_sdk.server.jobs.waiting_service import WaitingService
from synapse_sdk.server.registry.service import RegistryService
from synapse_sdk.wire.envelope import InputReference
from synapse_sdk.wire.logs import LOG_QUOTA_BYTES


class JobsSubject:
    """Jobs, attempts, agents, events, metrics and logs."""

    def __init__(
        self,
        database: Database,
        accounts: AccountService,
        *,
        registry: RegistryService,
        find_input: FindInput,
        folder: Path,
        log_quota_bytes: int = LOG_QUOTA_BYTES,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Wire the subject.

        Args:
            database: Where its rows lie.
            accounts: Makes and ends the tokens of jobs.
            registry: The registry, which knows what can be run.
            find_input: The data subject's answer to what a dataset or model is now.
            folder: Where logs lie.
            log_quota_bytes: What is kept of the logs of one job.
            now: The clock.
        """
        self.notifier = Notifier()
        self.waiting = WaitingService(database, self.notifier, now=now)
        self.jobs = JobService(
            database,
            self.notifier,
            registry=registry,
            find_input=find_input,
            waiting=self.waiting,
            now=now,
        )
        self.agents = AgentService(database, accounts, now=now)
        self.attempts = AttemptService(database, accounts, self.notifier, now=now)
        self.events = EventService(database, accounts, self.notifier, now=now)
        self.metrics = MetricService(database)
        self.logs = LogService(database, self.notifier, folder, quota_bytes=log_quota_bytes, now=now)
        self.reaper = Reaper(self.attempts, self.waiting)

    def get_inputs(self, job_id: str) -> Sequence[InputReference]:
        """Return the datasets and models that a job's envelope names; none for an unknown job."""
        return self.jobs.get_inputs(job_id)

    def end_waiting(self) -> None:
        """Answer all requests that wait for something: the server is about to end. From any thread."""
        self.notifier.close()


def inputs_of_job(database: Database) -> Callable[[str], Sequence[InputReference]]:
    """Build what the data subject asks about jobs, which is wired before this one."""

    def find(job_id: str) -> Sequence[InputReference]:
        with database.read() as connection:
            return find_inputs_of_job(connection, job_id)

    return find


def is_release_given(database: Database) -> Callable[[int, int], bool]:
    """Build what the registry asks about agents and releases."""

    def is_given(agent_id: int, release_id: int) -> bool:
        with database.read() as connection:
            return store.was_given_release(connection, agent_id, release_id)

    return is_given


def release_of_job(database: Database) -> Callable[[str], str | None]:
    """Build what the registry asks about jobs, which is wired before this one."""

    def find(job_id: str) -> str | None:
        with database.read() as connection:
            return find_release_of_job(connection, job_id)

    return find
