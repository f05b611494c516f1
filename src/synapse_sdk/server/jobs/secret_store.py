"""Params that hold a secret, as they were given: for the job's agent, until the job has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.tables import job_secrets


def keep_secrets(connection: sa.Connection, job: Job, params: Mapping[str, Any]) -> None:
    """Keep all params of a job of which one is a secret."""
    values = {"job_key": job.key, "workspace_id": job.workspace_id, "params": dict(params)}
    connection.execute(sa.insert(job_secrets).values(**values))


def find_secrets(connection: sa.Connection, key: int) -> dict[str, Any] | None:
    """Return all params of a job as they were given; None where none of them is a secret, or it has ended."""
    query = sa.select(job_secrets.c.params).where(job_secrets.c.job_key == key)
    found: dict[str, Any] | None = connection.execute(query).scalar()
    return found


def forget_secrets(connection: sa.Connection, key: int) -> None:
    """Forget them: the job has ended."""
    connection.execute(sa.delete(job_secrets).where(job_secrets.c.job_key == key))
