"""From a stored series to what a chart can show of it: rows of columns, summed up by the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.jobs import metric_store
from synapse_sdk.server.jobs.tables import metric_buckets

#: Ordinal, value (None: not a number), position.
PointRow = tuple[int, float | None, float | None]
#: First and last ordinal, points, finite ones, and of these least, greatest, mean; position of the first.
BucketRow = tuple[int, int, int, int, float | None, float | None, float | None, float | None]


def list_points(connection: sa.Connection, series_id: int, *, x: str | None) -> Sequence[PointRow]:
    """Return all points of a series; `x` names the field of their positions."""
    points = metric_store.list_points(connection, series_id)
    return [(point.ordinal, point.value, None if x is None else getattr(point, x)) for point in points]


def sum_points(connection: sa.Connection, series_id: int, *, size: int, x: str | None) -> Sequence[BucketRow]:
    """Return all points of a series in buckets of `size` neighbours."""
    return list(_iter_sums(metric_store.list_points(connection, series_id), size, x))


def sum_buckets(
    connection: sa.Connection, series_id: int, *, width: int, size: int, x: str | None
) -> Sequence[BucketRow]:
    """Return the stored summaries of a series in one width, `size` of them in one."""
    is_it = (metric_buckets.c.series_id == series_id, metric_buckets.c.width == width)
    query = _select_stored(is_it, width, x) if size == 1 else _select_sums(is_it, width, size, x)
    # The driver's own tuples: thousands of rows, no column of which needs a conversion.
    cursor = connection.execute(query).cursor
    assert cursor is not None
    rows: Sequence[BucketRow] = cursor.fetchall()
    return rows


def _select_stored(is_it: Sequence[sa.ColumnElement[bool]], width: int, x: str | None) -> sa.Select[Any]:
    one = metric_buckets.c
    facts = (one.last_ordinal, one.point_count, one.finite_count, one.minimum, one.maximum)
    mean = one.total / sa.func.nullif(one.finite_count, 0)
    position = sa.null() if x is None else one[x]
    return sa.select(one.index * width, *facts, mean, position).where(*is_it).order_by(one.index)


def _select_sums(
    is_it: Sequence[sa.ColumnElement[bool]], width: int, size: int, x: str | None
) -> sa.Select[Any]:
    one = metric_buckets.c
    finite_count = sa.func.sum(one.finite_count)
    sums = (
        sa.func.max(one.last_ordinal).label("last_ordinal"),
        sa.func.sum(one.point_count).label("point_count"),
        finite_count.label("finite_count"),
        sa.func.min(one.minimum).label("minimum"),
        sa.func.max(one.maximum).label("maximum"),
        (sa.func.sum(one.total) / sa.func.nullif(finite_count, 0)).label("mean"),
    )
    first = sa.func.min(one.index).label("first")
    groups = sa.select(first, *sums).where(*is_it).group_by(one.index // size)
    if x is None:
        return groups.with_only_columns(first * width, *sums, sa.null()).order_by(first)
    group = groups.subquery()
    facts = [group.c[column.name] for column in sums]
    is_first = sa.and_(*is_it, one.index == group.c.first)
    positioned = sa.select(group.c.first * width, *facts, one[x]).join_from(group, metric_buckets, is_first)
    return positioned.order_by(group.c.first)


def _iter_sums(points: Sequence[metric_store.Point], size: int, x: str | None) -> Iterator[BucketRow]:
    for start in range(0, len(points), size):
        bucket = metric_store.to_bucket(points[start : start + size])
        mean = bucket.total / bucket.finite_count if bucket.finite_count else None
        position = None if x is None else getattr(bucket, x)
        yield (*bucket[:6], mean, position)
