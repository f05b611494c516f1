"""Rows of jobs and attempts; the only SQL about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.jobs.models import Ask, Attempt, Job, JobDocument, WaitingJob
from synapse_sdk.server.jobs.tables import agents, attempts, job_documents, job_progress, jobs

_AGENT_NAME = (
    sa.select(agents.c.name)
    .where(agents.c.id == sa.func.coalesce(jobs.c.agent_id, jobs.c.wanted_agent_id))
    .scalar_subquery()
)
_HAS_OPEN_ATTEMPT = (
    sa.select(attempts.c.number)
    .where(attempts.c.job_key == jobs.c.key, attempts.c.phase != "ended")
    .correlate(jobs)
    .exists()
)
_JOB_COLUMNS = (*jobs.c, _AGENT_NAME.label("agent_name"))
_DOCUMENT_COLUMNS = [column for column in job_documents.c if column.name not in ("job_key", "workspace_id")]
_ATTEMPT_COLUMNS = [column for column in attempts.c if column.name != "workspace_id"]


def add_job(connection: sa.Connection, facts: Mapping[str, Any], document: Mapping[str, Any]) -> Job:
    """Make a job under the next number of its workspace."""
    last = sa.select(sa.func.max(jobs.c.number)).where(jobs.c.workspace_id == facts["workspace_id"])
    number = (connection.execute(last).scalar() or 0) + 1
    values = {**facts, "number": number, "attempt_count": 0, "last_cursor": 0}
    key = connection.execute(sa.insert(jobs).values(values)).inserted_primary_key
    assert key is not None
    beside = {"job_key": key[0], "workspace_id": facts["workspace_id"]}
    connection.execute(sa.insert(job_documents).values(**beside, **document))
    connection.execute(sa.insert(job_progress).values(**beside, steps={}))
    return get_job(connection, int(key[0]))


def get_job(connection: sa.Connection, key: int) -> Job:
    """Return the job of this key, which must be there."""
    return Job(*connection.execute(sa.select(*_JOB_COLUMNS).where(jobs.c.key == key)).one())


def find_job(connection: sa.Connection, workspace_id: int, *, lookup: str) -> Job | None:
    """Return the job of this id or number."""
    is_it = jobs.c.number == int(lookup) if _is_number(lookup) else jobs.c.id == lookup.lower()
    query = sa.select(*_JOB_COLUMNS).where(jobs.c.workspace_id == workspace_id, is_it)
    row = connection.execute(query).one_or_none()
    return None if row is None else Job(*row)


def get_document(connection: sa.Connection, key: int) -> JobDocument:
    """Return what of a job can be large."""
    query = sa.select(*_DOCUMENT_COLUMNS).where(job_documents.c.job_key == key)
    row = connection.execute(query).one()._asdict()
    return JobDocument(**row, progress=get_progress(connection, key))


def get_progress(connection: sa.Connection, key: int) -> dict[str, Any]:
    """Return step → its latest progress."""
    query = sa.select(job_progress.c.steps).where(job_progress.c.job_key == key)
    found: dict[str, Any] = connection.execute(query).scalar_one()
    return found


def set_progress(connection: sa.Connection, key: int, steps: Mapping[str, Any]) -> None:
    """Change how far the steps of a job have come."""
    connection.execute(sa.update(job_progress).where(job_progress.c.job_key == key).values(steps=dict(steps)))


def find_envelope(connection: sa.Connection, job_id: str) -> dict[str, Any] | None:
    """Return the envelope of the job of this id."""
    query = sa.select(job_documents.c.envelope).join(jobs).where(jobs.c.id == job_id)
    found: dict[str, Any] | None = connection.execute(query).scalar_one_or_none()
    return found


def find_release_digest(connection: sa.Connection, job_id: str) -> str | None:
    """Return the digest of the release of the job of this id."""
    query = sa.select(jobs.c.release_digest).where(jobs.c.id == job_id)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def list_jobs(
    connection: sa.Connection,
    workspace_id: int,
    *,
    before: int | None,
    limit: int,
    states: Sequence[str] = (),
    plugin: str | None = None,
    action: str | None = None,
) -> list[Job]:
    """Return jobs, newest first, with numbers below `before`."""
    query = (
        sa.select(*_JOB_COLUMNS)
        .where(jobs.c.workspace_id == workspace_id, *_filters(states, plugin, action))
        .order_by(jobs.c.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(jobs.c.number < before)
    return [Job(*row) for row in connection.execute(query)]


def count_jobs(
    connection: sa.Connection,
    workspace_id: int,
    *,
    states: Sequence[str] = (),
    plugin: str | None = None,
    action: str | None = None,
) -> int:
    """Return how many jobs a list has in all."""
    query = (
        sa.select(sa.func.count())
        .select_from(jobs)
        .where(jobs.c.workspace_id == workspace_id, *_filters(states, plugin, action))
    )
    return int(connection.execute(query).scalar_one())


def update_job(connection: sa.Connection, key: int, values: Mapping[str, Any]) -> None:
    """Change facts of a job."""
    connection.execute(sa.update(jobs).where(jobs.c.key == key).values(**values))


def update_document(connection: sa.Connection, key: int, values: Mapping[str, Any]) -> None:
    """Change what of a job can be large."""
    connection.execute(sa.update(job_documents).where(job_documents.c.job_key == key).values(**values))


def list_claimable(
    connection: sa.Connection, workspace_id: int, *, agent_id: int, cpus: int, gpus: int, limit: int
) -> list[Job]:
    """Return jobs that wait for an agent with so many processors, oldest first."""
    query = (
        sa.select(*_JOB_COLUMNS)
        .where(
            jobs.c.workspace_id == workspace_id,
            jobs.c.state == "PENDING",
            sa.or_(jobs.c.wanted_agent_id.is_(None), jobs.c.wanted_agent_id == agent_id),
            sa.func.coalesce(jobs.c.cpus, 0) <= cpus,
            sa.func.coalesce(jobs.c.gpus, 0) <= gpus,
            ~_HAS_OPEN_ATTEMPT,
        )
        .order_by(jobs.c.key)
        .limit(limit)
    )
    return [Job(*row) for row in connection.execute(query)]


def list_waiting(connection: sa.Connection) -> Iterator[WaitingJob]:
    """Iterate over the jobs that no agent has, of all workspaces, oldest first."""
    query = (
        sa.select(
            jobs.c.key,
            jobs.c.workspace_id,
            jobs.c.reason,
            jobs.c.cpus,
            jobs.c.gpus,
            jobs.c.wanted_agent_id,
            jobs.c.created_at,
        )
        .where(jobs.c.state == "PENDING", ~_HAS_OPEN_ATTEMPT)
        .order_by(jobs.c.key)
    )
    for key, workspace_id, reason, *ask in connection.execute(query):
        yield WaitingJob(key, workspace_id, reason, Ask(*ask))


def add_attempt(connection: sa.Connection, values: Mapping[str, Any]) -> Attempt:
    """Make an attempt."""
    connection.execute(sa.insert(attempts).values(**values))
    return get_attempt(connection, values["job_key"], values["number"])


def get_attempt(connection: sa.Connection, key: int, number: int) -> Attempt:
    """Return an attempt, which must be there."""
    found = find_attempt(connection, key, number)
    assert found is not None
    return found


def find_attempt(connection: sa.Connection, key: int, number: int) -> Attempt | None:
    """Return an attempt of a job."""
    query = sa.select(*_ATTEMPT_COLUMNS).where(attempts.c.job_key == key, attempts.c.number == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else Attempt(*row)


def list_attempts(connection: sa.Connection, key: int) -> list[Attempt]:
    """Return the attempts of a job, oldest first."""
    query = sa.select(*_ATTEMPT_COLUMNS).where(attempts.c.job_key == key).order_by(attempts.c.number)
    return [Attempt(*row) for row in connection.execute(query)]


def was_given(connection: sa.Connection, key: int, agent_id: int | None) -> bool:
    """Has an agent ever had an attempt of a job?"""
    query = sa.select(attempts.c.number).where(attempts.c.job_key == key, attempts.c.agent_id == agent_id)
    return connection.execute(query.limit(1)).first() is not None


def was_given_release(connection: sa.Connection, agent_id: int, release_id: int) -> bool:
    """Has an agent ever had an attempt of a job of this release?"""
    query = (
        sa.select(attempts.c.number)
        .join(jobs, jobs.c.key == attempts.c.job_key)
        .where(attempts.c.agent_id == agent_id, jobs.c.release_id == release_id)
    )
    return connection.execute(query.limit(1)).first() is not None


def list_expired(connection: sa.Connection, *, phases: Sequence[str], before: datetime) -> list[Attempt]:
    """Return attempts in one of the phases whose lease ended before a moment."""
    query = sa.select(*_ATTEMPT_COLUMNS).where(
        attempts.c.phase.in_(phases), attempts.c.lease_expires_at < before
    )
    return [Attempt(*row) for row in connection.execute(query)]


def list_token_holders(connection: sa.Connection, *, ended_before: datetime) -> list[Attempt]:
    """Return attempts that ended before a moment and whose token was not revoked."""
    query = sa.select(*_ATTEMPT_COLUMNS).where(
        attempts.c.phase == "ended", attempts.c.has_token, attempts.c.ended_at < ended_before
    )
    return [Attempt(*row) for row in connection.execute(query)]


def update_attempt(connection: sa.Connection, key: int, number: int, values: Mapping[str, Any]) -> None:
    """Change facts of an attempt."""
    is_it = (attempts.c.job_key == key, attempts.c.number == number)
    connection.execute(sa.update(attempts).where(*is_it).values(**values))


def _filters(states: Sequence[str], plugin: str | None, action: str | None) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if states:
        found.append(jobs.c.state.in_(states))
    if plugin is not None:
        found.append(jobs.c.plugin == plugin)
    if action is not None:
        found.append(jobs.c.action == action)
    return found


def _is_number(lookup: str) -> bool:
    # More digits than the database's integers have: no number, and no id either.
    return lookup.isascii() and lookup.isdigit() and len(lookup) <= 18
