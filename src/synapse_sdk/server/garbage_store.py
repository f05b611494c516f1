"""Which contents nothing names; the only SQL about garbage."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import sqlalchemy as sa

from synapse_sdk.server.data import tables as data
from synapse_sdk.server.jobs import output_store
from synapse_sdk.server.registry import tables as registry
from synapse_sdk.storage.blobs import Blob

#: Every column that names a content. A new one that is not here would lose its contents: a test looks.
NAMING_COLUMNS: tuple[sa.Column[str], ...] = (
    registry.release_files.c.digest,
    registry.releases.c.lock_digest,
    data.dataset_items.c.digest,
    data.model_files.c.digest,
    data.data_files.c.digest,
    data.chunked_uploads.c.digest,
    output_store.outputs.c.digest,
)
#: Parameters of one statement.
_BATCH = 500


def list_unnamed(connection: sa.Connection, *, before: datetime) -> list[Blob]:
    """Return contents that came before a moment and that no row names, of any workspace."""
    named = [
        sa.exists(sa.select(1).where(column == registry.blobs.c.digest).correlate(registry.blobs))
        for column in NAMING_COLUMNS
    ]
    query = (
        sa.select(registry.blobs.c.digest, sa.func.max(registry.blobs.c.size_bytes))
        .group_by(registry.blobs.c.digest)
        .having(sa.func.max(registry.blobs.c.created_at) < before)
        .where(sa.not_(sa.or_(*named)))
        .order_by(registry.blobs.c.digest)
    )
    return [Blob(digest, size_bytes) for digest, size_bytes in connection.execute(query)]


def forget(connection: sa.Connection, digests: Collection[str]) -> None:
    """Take contents out of all workspaces."""
    for batch in _batches(list(digests)):
        connection.execute(sa.delete(registry.blobs).where(registry.blobs.c.digest.in_(batch)))


def list_known(connection: sa.Connection) -> set[str]:
    """Return the digests of all contents that some workspace has, or that some row names."""
    columns = (registry.blobs.c.digest, *NAMING_COLUMNS)
    return {
        digest for column in columns for digest in connection.execute(sa.select(column)).scalars() if digest
    }


def _batches(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
