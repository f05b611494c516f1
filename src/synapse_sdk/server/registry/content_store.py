"""Rows of contents: which workspace has which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.db.bulk_insert import insert_rows
from synapse_sdk.server.registry.tables import blobs
from synapse_sdk.storage.blobs import Blob

#: Values of one statement; SQLite takes 32,766.
_ASKED = 5000


def add_contents(connection: sa.Connection, workspace_id: int, found: Sequence[Blob], now: datetime) -> None:
    """Note that a workspace has these contents; those it has already stay as they are."""
    rows = [(workspace_id, blob.digest, blob.size_bytes, now) for blob in found]
    insert_rows(connection, blobs, rows, is_ignoring=True)


def find_sizes(connection: sa.Connection, workspace_id: int, digests: Iterable[str]) -> dict[str, int]:
    """Return the sizes in bytes of those of the contents that the workspace has, by digest."""
    found: dict[str, int] = {}
    left = iter(digests)
    while asked := list(islice(left, _ASKED)):
        found.update(_select_sizes(connection, workspace_id, asked))
    return found


def _select_sizes(
    connection: sa.Connection, workspace_id: int, digests: list[str]
) -> Iterable[tuple[str, int]]:
    if connection.dialect.paramstyle == "qmark":
        # As text, because SQLAlchemy spends more on thousands of parameters than SQLite does.
        places = ",".join("?" * len(digests))
        statement = f"SELECT digest, size_bytes FROM blob WHERE workspace_id = ? AND digest IN ({places})"  # noqa: S608 - only places
        rows: Sequence[Any] = connection.exec_driver_sql(statement, (workspace_id, *digests)).all()
        return rows
    query = sa.select(blobs.c.digest, blobs.c.size_bytes).where(
        blobs.c.workspace_id == workspace_id, blobs.c.digest.in_(digests)
    )
    return [(digest, size_bytes) for digest, size_bytes in connection.execute(query)]
