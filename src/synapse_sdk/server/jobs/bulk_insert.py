"""Inserts thousands of rows that are in the order of their table's columns.

SQLAlchemy takes rows as dicts and looks into each one, which takes longer than SQLite's own work.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa


def insert_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows.

    Args:
        connection: The writing transaction.
        table: Its columns need no conversion of their values.
        rows: One value for each column, in the order of the columns.
    """
    if not rows:
        return
    if connection.dialect.paramstyle == "qmark":
        connection.exec_driver_sql(_compile(connection.dialect, table), list(rows))
        return
    names = table.c.keys()
    connection.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])


@cache
def _compile(dialect: sa.Dialect, table: sa.Table) -> str:
    return str(sa.insert(table).compile(dialect=dialect))
