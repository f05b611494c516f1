"""Inserts thousands of rows that are in the order of their table's columns.

SQLAlchemy takes rows as dicts and looks into each one, which takes longer than SQLite's own work.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.db import insert_ignoring


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]], *, is_ignoring: bool = False
) -> None:
    """Insert rows.

    Args:
        connection: The writing transaction.
        table: Its columns need no conversion of their values.
        rows: One value for each column, in the order of the columns.
        is_ignoring: Leave rows alone that are there already by some unique key.
    """
    if not rows:
        return
    if connection.dialect.paramstyle == "qmark":
        connection.exec_driver_sql(_compile(connection.dialect, table, is_ignoring), list(rows))
        return
    statement = insert_ignoring(connection, table) if is_ignoring else sa.insert(table)
    names = table.c.keys()
    connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


@cache
def _compile(dialect: sa.Dialect, table: sa.Table, is_ignoring: bool) -> str:
    statement: Any = sa.insert(table)
    if is_ignoring:
        from sqlalchemy.dialects import sqlite

        statement = sqlite.insert(table).on_conflict_do_nothing()
    return str(statement.compile(dialect=dialect))
