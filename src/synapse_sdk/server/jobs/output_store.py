"""Rows of outputs: what attempts left in their `outputs/` folder."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from synapse_sdk.server.db import insert_ignoring, metadata
from synapse_sdk.server.db.item_rows import find_item, list_items
from synapse_sdk.workspace.manifest import Item

outputs = sa.Table(
    "job_output",
    metadata,
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("path", sa.String, nullable=False),  # below outputs/, with / between names
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("digest", sa.String, nullable=False),  # of a content of the job's workspace
    sa.PrimaryKeyConstraint("job_key", "attempt", "path"),
)


def add_outputs(
    connection: sa.Connection, workspace_id: int, job_key: int, attempt: int, items: Collection[Item]
) -> None:
    """Note what an attempt left; what is noted already stays."""
    rows = [
        {
            "workspace_id": workspace_id,
            "job_key": job_key,
            "attempt": attempt,
            "path": item.path,
            "size_bytes": item.size_bytes,
            "digest": item.digest,
        }
        for item in items
    ]
    if rows:
        connection.execute(insert_ignoring(connection, outputs), rows)


def list_outputs(
    connection: sa.Connection, job_key: int, attempt: int, *, after: str = "", limit: int = 1000
) -> list[Item]:
    """Return outputs of an attempt, in the order of their paths."""
    return list_items(connection, outputs, *_of(job_key, attempt), after=after, limit=limit)


def find_output(connection: sa.Connection, job_key: int, attempt: int, path: str) -> Item | None:
    """Return one output of an attempt."""
    return find_item(connection, outputs, *_of(job_key, attempt), path=path)


def _of(job_key: int, attempt: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return outputs.c.job_key == job_key, outputs.c.attempt == attempt
