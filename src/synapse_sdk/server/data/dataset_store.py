"""Rows of datasets, their versions and items; the only SQL about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.data.models import Dataset, DatasetVersion, Order
from synapse_sdk.server.data.tables import dataset_items, dataset_versions, datasets
from synapse_sdk.server.db import item_rows
from synapse_sdk.workspace.manifest import Item
from synapse_sdk.workspace.records import DatasetSplit

_LATEST = (
    sa.select(sa.func.max(dataset_versions.c.number))
    .where(dataset_versions.c.dataset_id == datasets.c.id)
    .scalar_subquery()
    .correlate(datasets)
)


def find_dataset(
    connection: sa.Connection, workspace_id: int, *, dataset_id: int | None = None, name: str | None = None
) -> Dataset | None:
    """Return the dataset of this id or this name, with its latest version."""
    wanted = datasets.c.id == dataset_id if dataset_id is not None else datasets.c.name == name
    row = connection.execute(_select_datasets(workspace_id).where(wanted)).one_or_none()
    return None if row is None else _dataset(row)


def list_datasets(
    connection: sa.Connection,
    workspace_id: int,
    *,
    after: int | None,
    limit: int,
    order: Order = "oldest",
    name: str | None = None,
) -> list[Dataset]:
    """Return datasets in the order of their ids, after one of them."""
    query = _select_datasets(workspace_id).limit(limit)
    query = query.order_by(datasets.c.id if order == "oldest" else datasets.c.id.desc())
    if after is not None:
        query = query.where(datasets.c.id > after if order == "oldest" else datasets.c.id < after)
    if name is not None:
        query = query.where(datasets.c.name == name)
    return [_dataset(row) for row in connection.execute(query)]


def count_datasets(connection: sa.Connection, workspace_id: int, *, name: str | None = None) -> int:
    """Return how many datasets there are."""
    query = sa.select(sa.func.count()).select_from(datasets).where(datasets.c.workspace_id == workspace_id)
    if name is not None:
        query = query.where(datasets.c.name == name)
    return connection.execute(query).scalar_one()


def add_dataset(
    connection: sa.Connection, workspace_id: int, *, name: str, created_by: str, now: datetime
) -> int:
    """Make a dataset that has no version yet; return its id."""
    values = {"workspace_id": workspace_id, "name": name, "created_by": created_by, "created_at": now}
    key = connection.execute(sa.insert(datasets).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def add_version(connection: sa.Connection, facts: dict[str, Any], items: Iterable[Item]) -> int:
    """Make a version with its items; return its id."""
    key = connection.execute(sa.insert(dataset_versions).values(facts)).inserted_primary_key
    assert key is not None
    rows = [
        {
            "version_id": int(key[0]),
            "workspace_id": facts["workspace_id"],
            "path": item.path,
            "size_bytes": item.size_bytes,
            "digest": item.digest,
        }
        for item in items
    ]
    connection.execute(sa.insert(dataset_items), rows)
    return int(key[0])


def find_version(
    connection: sa.Connection, workspace_id: int, dataset_id: int, number: int
) -> DatasetVersion | None:
    """Return a version of a dataset by its number."""
    query = _select_versions(workspace_id, dataset_id).where(dataset_versions.c.number == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else _version(row)


def list_versions(
    connection: sa.Connection, workspace_id: int, dataset_id: int, *, after: int, limit: int
) -> list[DatasetVersion]:
    """Return versions of a dataset in the order of their numbers."""
    query = _select_versions(workspace_id, dataset_id).where(dataset_versions.c.number > after)
    query = query.order_by(dataset_versions.c.number).limit(limit)
    return [_version(row) for row in connection.execute(query)]


def list_items(connection: sa.Connection, version_id: int, *, after: str, limit: int) -> list[Item]:
    """Return items of a version in the order of their paths."""
    is_own = dataset_items.c.version_id == version_id
    return item_rows.list_items(connection, dataset_items, is_own, after=after, limit=limit)


def find_item(connection: sa.Connection, version_id: int, path: str) -> Item | None:
    """Return the item of a version that lies at `path`."""
    return item_rows.find_item(connection, dataset_items, dataset_items.c.version_id == version_id, path=path)


_VERSION_COLUMNS = (
    dataset_versions.c.id,
    dataset_versions.c.dataset_id,
    datasets.c.name.label("dataset_name"),
    dataset_versions.c.number,
    dataset_versions.c.digest,
    dataset_versions.c.item_count,
    dataset_versions.c.size_bytes,
    dataset_versions.c.splits,
    dataset_versions.c.created_by,
    dataset_versions.c.created_at,
)


def _select_versions(workspace_id: int, dataset_id: int) -> sa.Select[Any]:
    return (
        sa.select(*_VERSION_COLUMNS)
        .join(datasets, datasets.c.id == dataset_versions.c.dataset_id)
        .where(dataset_versions.c.workspace_id == workspace_id, dataset_versions.c.dataset_id == dataset_id)
    )


def _select_datasets(workspace_id: int) -> sa.Select[Any]:
    own = (datasets.c.created_by.label("dataset_by"), datasets.c.created_at.label("dataset_at"))
    latest = sa.and_(dataset_versions.c.dataset_id == datasets.c.id, dataset_versions.c.number == _LATEST)
    return (
        sa.select(*_VERSION_COLUMNS, *own)
        .select_from(datasets.join(dataset_versions, latest))
        .where(datasets.c.workspace_id == workspace_id)
    )


def _dataset(row: sa.Row[Any]) -> Dataset:
    version = _version(row[: len(_VERSION_COLUMNS)])
    return Dataset(row.dataset_id, row.dataset_name, row.dataset_by, row.dataset_at, version)


def _version(row: Any) -> DatasetVersion:
    facts = dict(zip((column.key for column in _VERSION_COLUMNS), row, strict=True))
    splits = tuple(DatasetSplit.model_validate(split) for split in facts.pop("splits"))
    return DatasetVersion(**facts, splits=splits)
