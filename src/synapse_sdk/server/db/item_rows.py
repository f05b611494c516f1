"""Rows of manifests: tables of (owner, path, size_bytes, digest), whoever the owner is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from synapse_sdk.workspace.manifest import Item


def list_items(
    connection: sa.Connection, table: sa.Table, *owner: sa.ColumnElement[bool], after: str, limit: int
) -> list[Item]:
    """Return the items of one owner after a path, in the order of their paths."""
    query = _select(table, owner).where(table.c.path > after).order_by(table.c.path).limit(limit)
    return [Item(*row) for row in connection.execute(query)]


def find_item(
    connection: sa.Connection, table: sa.Table, *owner: sa.ColumnElement[bool], path: str
) -> Item | None:
    """Return the item of one owner that lies at `path`."""
    row = connection.execute(_select(table, owner).where(table.c.path == path)).one_or_none()
    return None if row is None else Item(*row)


def _select(table: sa.Table, owner: tuple[sa.ColumnElement[bool], ...]) -> sa.Select[Any]:
    return sa.select(table.c.path, table.c.size_bytes, table.c.digest).where(*owner)
