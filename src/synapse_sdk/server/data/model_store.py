"""Rows of models and their files; the only SQL about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.data.models import Model, Order
from synapse_sdk.server.data.tables import model_files, models
from synapse_sdk.server.db.item_rows import find_item, list_items
from synapse_sdk.workspace.manifest import Item
from synapse_sdk.workspace.records import ModelOrigin

_COLUMNS = [column for column in models.c if column.name != "workspace_id"]


def add_model(connection: sa.Connection, facts: dict[str, Any], files: Iterable[Item]) -> int:
    """Make a model with its files; return its id."""
    key = connection.execute(sa.insert(models).values(facts)).inserted_primary_key
    assert key is not None
    rows = [
        {
            "model_id": int(key[0]),
            "workspace_id": facts["workspace_id"],
            "path": item.path,
            "size_bytes": item.size_bytes,
            "digest": item.digest,
        }
        for item in files
    ]
    connection.execute(sa.insert(model_files), rows)
    return int(key[0])


def find_model(connection: sa.Connection, workspace_id: int, model_id: int) -> Model | None:
    """Return the model of this id."""
    query = sa.select(*_COLUMNS).where(models.c.workspace_id == workspace_id, models.c.id == model_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _model(row)


def list_models(
    connection: sa.Connection,
    workspace_id: int,
    *,
    after: int | None,
    limit: int,
    order: Order = "oldest",
    name: str | None = None,
    job_id: str | None = None,
) -> list[Model]:
    """Return models in the order of their ids, after one of them."""
    query = _filter(sa.select(*_COLUMNS), workspace_id, name, job_id).limit(limit)
    query = query.order_by(models.c.id if order == "oldest" else models.c.id.desc())
    if after is not None:
        query = query.where(models.c.id > after if order == "oldest" else models.c.id < after)
    return [_model(row) for row in connection.execute(query)]


def count_models(
    connection: sa.Connection, workspace_id: int, *, name: str | None = None, job_id: str | None = None
) -> int:
    """Return how many models there are."""
    query = _filter(sa.select(sa.func.count()).select_from(models), workspace_id, name, job_id)
    count: int = connection.execute(query).scalar_one()
    return count


def list_files(connection: sa.Connection, model_id: int, *, after: str, limit: int) -> list[Item]:
    """Return files of a model in the order of their paths."""
    return list_items(connection, model_files, model_files.c.model_id == model_id, after=after, limit=limit)


def find_file(connection: sa.Connection, model_id: int, path: str) -> Item | None:
    """Return the file of a model that lies at `path`."""
    return find_item(connection, model_files, model_files.c.model_id == model_id, path=path)


def _filter(query: sa.Select[Any], workspace_id: int, name: str | None, job_id: str | None) -> sa.Select[Any]:
    query = query.where(models.c.workspace_id == workspace_id)
    if name is not None:
        query = query.where(models.c.name == name)
    if job_id is not None:
        query = query.where(models.c.job_id == job_id)
    return query


def _model(row: sa.Row[Any]) -> Model:
    facts = dict(zip((column.name for column in _COLUMNS), row, strict=True))
    origin = facts.pop("origin")
    return Model(**facts, origin=None if origin is None else ModelOrigin.model_validate(origin))
