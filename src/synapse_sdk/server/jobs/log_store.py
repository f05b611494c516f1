"""Rows that say where logs were cut; the logs themselves are files."""

from __future__ import annotations

import sqlalchemy as sa

from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.tables import log_cuts


def find_cut(connection: sa.Connection, job_key: int, attempt: int, stream: str) -> tuple[int, int] | None:
    """Return (bytes kept, bytes sent) of a log that was cut."""
    query = sa.select(log_cuts.c.kept_bytes, log_cuts.c.size_bytes).where(*_is_it(job_key, attempt, stream))
    row = connection.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def put_cut(
    connection: sa.Connection, job: Job, attempt: int, stream: str, *, kept_bytes: int, size_bytes: int
) -> None:
    """Remember that a log was cut, and how much was sent since."""
    values = {"kept_bytes": kept_bytes, "size_bytes": size_bytes}
    is_it = _is_it(job.key, attempt, stream)
    if not connection.execute(sa.update(log_cuts).where(*is_it).values(**values)).rowcount:
        key = {"workspace_id": job.workspace_id, "job_key": job.key, "attempt": attempt, "stream": stream}
        connection.execute(sa.insert(log_cuts).values(**key, **values))


def list_cuts(connection: sa.Connection, job_key: int) -> list[tuple[int, str, int, int]]:
    """Return (attempt, stream, bytes kept, bytes sent) of a job's cut logs."""
    query = sa.select(
        log_cuts.c.attempt, log_cuts.c.stream, log_cuts.c.kept_bytes, log_cuts.c.size_bytes
    ).where(log_cuts.c.job_key == job_key)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]


def _is_it(job_key: int, attempt: int, stream: str) -> tuple[sa.ColumnElement[bool], ...]:
    return log_cuts.c.job_key == job_key, log_cuts.c.attempt == attempt, log_cuts.c.stream == stream
