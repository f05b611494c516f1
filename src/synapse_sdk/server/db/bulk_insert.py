"""Inserts thousands of rows that are in the order of their table's columns.

SQLAlchemy takes rows as dicts and looks into each one, which takes longer than SQLite's own work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

Row = tuple[Any, ...]
_Convert = Callable[[Any], Any]


def insert_rows(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    is_ignoring: bool = False,
    is_replacing: bool = False,
) -> None:
    """Insert rows.

    Args:
        connection: The writing transaction.
        table: Where to.
        rows: One value for each column, in the order of the columns.
        is_ignoring: Leave rows alone that are there already by some unique key.
        is_replacing: Take the place of rows that are there already by the primary key.
    """
    if not rows:
        return
    if connection.dialect.paramstyle == "qmark":
        converted = _convert(rows, _conversions(connection.dialect, table))
        connection.exec_driver_sql(_compile(connection.dialect, table, is_ignoring, is_replacing), converted)
        return
    statement = _insert(connection.dialect, table, is_ignoring, is_replacing)
    names = table.c.keys()
    connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


@cache
def _compile(dialect: sa.Dialect, table: sa.Table, is_ignoring: bool, is_replacing: bool) -> str:
    return str(_insert(dialect, table, is_ignoring, is_replacing).compile(dialect=dialect))


def _insert(dialect: sa.Dialect, table: sa.Table, is_ignoring: bool, is_replacing: bool) -> Any:
    if not is_ignoring and not is_replacing:
        return sa.insert(table)
    from sqlalchemy.dialects import postgresql, sqlite

    statement: Any = (postgresql if dialect.name == "postgresql" else sqlite).insert(table)
    if is_ignoring:
        return statement.on_conflict_do_nothing()
    keys = list(table.primary_key.columns)
    others = {
        column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


@cache
def _conversions(dialect: sa.Dialect, table: sa.Table) -> tuple[tuple[int, _Convert], ...]:
    """Return what turns values into those of the driver, for the columns that need it, by their positions."""
    found = (
        (position, column.type.dialect_impl(dialect).bind_processor(dialect))
        for position, column in enumerate(table.columns)
        if not isinstance(column.type, (sa.Float, sa.LargeBinary))  # the driver takes these as they are
    )
    return tuple((position, convert) for position, convert in found if convert is not None)


def _convert(rows: Sequence[Row], conversions: tuple[tuple[int, _Convert], ...]) -> list[Row]:
    if not conversions:
        return list(rows)
    # Rows that are written together mostly share such a value: the moment.
    quick = [(position, cache(convert)) for position, convert in conversions]
    converted = []
    for row in rows:
        values = list(row)
        for position, convert in quick:
            values[position] = convert(values[position])
        converted.append(tuple(values))
    return converted
