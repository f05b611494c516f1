"""Rows of single files: chunked uploads, data files, storages; the only SQL about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.data.models import ChunkedUpload, DataFile, Storage
from synapse_sdk.server.data.tables import chunked_uploads, data_files, storages
from synapse_sdk.server.db import insert_ignoring

_UPLOAD_COLUMNS = [column for column in chunked_uploads.c if column.name != "workspace_id"]
_FILE_COLUMNS = [column for column in data_files.c if column.name != "workspace_id"]
_STORAGE_COLUMNS = [column for column in storages.c if column.name != "workspace_id"]


def add_upload(connection: sa.Connection, facts: Mapping[str, Any]) -> int:
    """Make a chunked upload; return its id."""
    return _insert(connection, chunked_uploads, facts)


def find_upload(connection: sa.Connection, workspace_id: int, upload_id: int) -> ChunkedUpload | None:
    """Return the chunked upload of this id."""
    query = sa.select(*_UPLOAD_COLUMNS).where(
        chunked_uploads.c.workspace_id == workspace_id, chunked_uploads.c.id == upload_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else ChunkedUpload(*row)


def complete_upload(
    connection: sa.Connection, upload_id: int, *, digest: str, md5: str, now: datetime
) -> None:
    """Record what an upload turned out to be."""
    connection.execute(
        sa.update(chunked_uploads)
        .where(chunked_uploads.c.id == upload_id, chunked_uploads.c.completed_at.is_(None))
        .values(digest=digest, md5=md5, completed_at=now)
    )


def add_data_file(connection: sa.Connection, facts: Mapping[str, Any]) -> int:
    """Make a data file; return its id."""
    return _insert(connection, data_files, facts)


def find_data_file(connection: sa.Connection, workspace_id: int, file_id: int) -> DataFile | None:
    """Return the data file of this id."""
    query = sa.select(*_FILE_COLUMNS).where(
        data_files.c.workspace_id == workspace_id, data_files.c.id == file_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else DataFile(*row)


def find_checksums(connection: sa.Connection, workspace_id: int, checksums: Collection[str]) -> set[str]:
    """Return those of the checksums that some data file has."""
    query = sa.select(data_files.c.checksum).where(
        data_files.c.workspace_id == workspace_id, data_files.c.checksum.in_(checksums)
    )
    return set(connection.execute(query).scalars())


def ensure_default_storage(
    connection: sa.Connection, workspace_id: int, *, location: str, now: datetime
) -> None:
    """Make the storage that a workspace has from the start, unless it is there."""
    values = {
        "workspace_id": workspace_id,
        "name": "default",
        "category": "internal",
        "provider": "file_system",
        "configuration": {"location": location},
        "is_default": True,
        "created_at": now,
    }
    connection.execute(insert_ignoring(connection, storages).values(values))


def list_storages(
    connection: sa.Connection, workspace_id: int, *, category: str | None = None
) -> list[Storage]:
    """Return the storages of a workspace."""
    query = sa.select(*_STORAGE_COLUMNS).where(storages.c.workspace_id == workspace_id)
    if category is not None:
        query = query.where(storages.c.category == category)
    return [Storage(*row) for row in connection.execute(query.order_by(storages.c.id))]


def find_storage(connection: sa.Connection, workspace_id: int, storage_id: int) -> Storage | None:
    """Return the storage of this id."""
    query = sa.select(*_STORAGE_COLUMNS).where(
        storages.c.workspace_id == workspace_id, storages.c.id == storage_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Storage(*row)


def _insert(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> int:
    key = connection.execute(sa.insert(table).values(dict(values))).inserted_primary_key
    assert key is not None
    return int(key[0])
