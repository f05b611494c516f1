"""Rows of contents: which workspace has which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from synapse_sdk.server.db import insert_ignoring
from synapse_sdk.server.registry.tables import blobs
from synapse_sdk.storage.blobs import Blob

#: Values of one statement; SQLite takes 32,766.
_ASKED = 5000


def add_contents(connection: sa.Connection, workspace_id: int, found: Sequence[Blob], now: datetime) -> None:
    """Note that a workspace has these contents; those it has already stay as they are."""
    rows = [
        {
            "workspace_id": workspace_id,
            "digest": blob.digest,
            "size_bytes": blob.size_bytes,
            "created_at": now,
        }
        for blob in found
    ]
    if rows:
        connection.execute(insert_ignoring(connection, blobs), rows)


def find_sizes(connection: sa.Connection, workspace_id: int, digests: Iterable[str]) -> dict[str, int]:
    """Return the sizes in bytes of those of the contents that the workspace has, by digest."""
    found: dict[str, int] = {}
    left = iter(digests)
    while asked := list(islice(left, _ASKED)):
        query = sa.select(blobs.c.digest, blobs.c.size_bytes).where(
            blobs.c.workspace_id == workspace_id, blobs.c.digest.in_(asked)
        )
        found.update((row.digest, row.size_bytes) for row in connection.execute(query))
    return found
