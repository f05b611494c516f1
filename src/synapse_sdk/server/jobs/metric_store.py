"""Rows of metric series, their points, and the summaries that let a long one be drawn quickly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from synapse_sdk.server.jobs.bulk_insert import insert_rows
from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.tables import metric_buckets, metric_points, metric_series

#: Points that one summary row stands for. A chart of a million points reads a thousand of the wider ones.
WIDTHS = (32, 1024)


class SeriesKey(NamedTuple):
    """Which series of a job: one per attempt, producer, step and key."""

    attempt: int
    producer: str
    step: str  # empty: none
    key: str


class Series(NamedTuple):
    """A series of a job."""

    id: int
    attempt: int
    producer: str
    step: str
    key: str
    point_count: int


class Point(NamedTuple):
    """A number, and where in its series it stands."""

    ordinal: int
    value: float | None  # None: not a number
    epoch: float | None = None
    global_step: float | None = None


class Bucket(NamedTuple):
    """What stands for several neighbouring points. Numbers of the finite ones; None where there is none."""

    first_ordinal: int
    last_ordinal: int
    point_count: int
    finite_count: int
    minimum: float | None
    maximum: float | None
    total: float
    epoch: float | None = None
    global_step: float | None = None


def add_points(connection: sa.Connection, job: Job, points: dict[SeriesKey, list[Point]]) -> None:
    """Append points to a job's series; what is there already under the same ordinal stays."""
    known = {SeriesKey(*row[1:5]): row for row in list_series(connection, job.key)} if points else {}
    rows: list[tuple[Any, ...]] = []
    for key, new in points.items():
        series = known.get(key) or _add_series(connection, job, key)
        rows += [(job.workspace_id, series.id, *point) for point in new]
        for width in WIDTHS:
            _summarise(connection, job.workspace_id, series.id, width, new)
        count = max(series.point_count, max(point.ordinal for point in new) + 1)
        is_it = metric_series.c.id == series.id
        connection.execute(sa.update(metric_series).where(is_it).values(point_count=count))
    insert_rows(connection, metric_points, rows, is_ignoring=True)


def list_series(
    connection: sa.Connection, job_key: int, *, step: str | None = None, key: str | None = None
) -> list[Series]:
    """Return the series of a job, in the order in which they began."""
    query = sa.select(
        metric_series.c.id,
        metric_series.c.attempt,
        metric_series.c.producer,
        metric_series.c.step,
        metric_series.c.key,
        metric_series.c.point_count,
    ).where(metric_series.c.job_key == job_key)
    if step is not None:
        query = query.where(metric_series.c.step == step)
    if key is not None:
        query = query.where(metric_series.c.key == key)
    return [Series(*row) for row in connection.execute(query.order_by(metric_series.c.id))]


def list_points(connection: sa.Connection, series_id: int) -> list[Point]:
    """Return all points of a series."""
    query = (
        sa.select(
            metric_points.c.ordinal,
            metric_points.c.value,
            metric_points.c.epoch,
            metric_points.c.global_step,
        )
        .where(metric_points.c.series_id == series_id)
        .order_by(metric_points.c.ordinal)
    )
    return [Point(*row) for row in connection.execute(query)]


def list_buckets(connection: sa.Connection, series_id: int, width: int) -> list[Bucket]:
    """Return the summaries of a series in one width."""
    query = (
        sa.select(*_BUCKET_COLUMNS)
        .where(metric_buckets.c.series_id == series_id, metric_buckets.c.width == width)
        .order_by(metric_buckets.c.index)
    )
    return [Bucket(row[0] * width, *row[1:]) for row in connection.execute(query)]


def to_bucket(points: Sequence[Point]) -> Bucket:
    """Summarise neighbouring points."""
    finite = [point.value for point in points if point.value is not None and math.isfinite(point.value)]
    return Bucket(
        points[0].ordinal,
        points[-1].ordinal,
        len(points),
        len(finite),
        min(finite, default=None),
        max(finite, default=None),
        sum(finite),
        points[0].epoch,
        points[0].global_step,
    )


def merge_buckets(buckets: Sequence[Bucket]) -> Bucket:
    """Summarise neighbouring summaries."""
    return Bucket(
        buckets[0].first_ordinal,
        max(bucket.last_ordinal for bucket in buckets),
        sum(bucket.point_count for bucket in buckets),
        sum(bucket.finite_count for bucket in buckets),
        min((item.minimum for item in buckets if item.minimum is not None), default=None),
        max((item.maximum for item in buckets if item.maximum is not None), default=None),
        sum(bucket.total for bucket in buckets),
        buckets[0].epoch,
        buckets[0].global_step,
    )


_BUCKET_COLUMNS = (
    metric_buckets.c.index,
    metric_buckets.c.last_ordinal,
    metric_buckets.c.point_count,
    metric_buckets.c.finite_count,
    metric_buckets.c.minimum,
    metric_buckets.c.maximum,
    metric_buckets.c.total,
    metric_buckets.c.epoch,
    metric_buckets.c.global_step,
)


def _add_series(connection: sa.Connection, job: Job, key: SeriesKey) -> Series:
    values = {"workspace_id": job.workspace_id, "job_key": job.key, "point_count": 0, **key._asdict()}
    made = connection.execute(sa.insert(metric_series).values(values)).inserted_primary_key
    assert made is not None
    return Series(int(made[0]), *key, 0)


def _summarise(
    connection: sa.Connection, workspace_id: int, series_id: int, width: int, points: Iterable[Point]
) -> None:
    grouped: dict[int, list[Point]] = {}
    for point in points:
        grouped.setdefault(point.ordinal // width, []).append(point)
    is_one = (
        metric_buckets.c.series_id == series_id,
        metric_buckets.c.width == width,
        metric_buckets.c.index.in_(list(grouped)),
    )
    # All but the first and last are new: a series grows at its end.
    query = sa.select(*_BUCKET_COLUMNS).where(*is_one)
    known = {row[0]: Bucket(row[0] * width, *row[1:]) for row in connection.execute(query)}
    if known:
        connection.execute(sa.delete(metric_buckets).where(*is_one))
    rows = []
    for index, members in grouped.items():
        bucket = to_bucket(members)
        if index in known:
            bucket = merge_buckets([known[index], bucket])
        values = bucket._asdict()
        del values["first_ordinal"]
        rows.append(
            {"workspace_id": workspace_id, "series_id": series_id, "width": width, "index": index, **values}
        )
    connection.execute(sa.insert(metric_buckets), rows)
