"""Rows of metric series, their points, and the summaries that let a long one be drawn quickly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from synapse_sdk.server.db.bulk_insert import insert_rows
from synapse_sdk.server.jobs.models import Job
from synapse_sdk.server.jobs.point_columns import (
    PointColumns,
    Summary,
    pack_points,
    summarise,
    unpack_numbers,
    unpack_ordinals,
)
from synapse_sdk.server.jobs.tables import metric_buckets, metric_chunks, metric_series

#: Points that one summary row stands for. A chart of a million points reads a thousand of the wider ones.
WIDTHS = (32, 256, 1024)
#: Buckets that are looked up at once: each is three values of a statement, which holds some ten thousand.
_LOOKUP = 500


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


def add_points(connection: sa.Connection, job: Job, points: Mapping[SeriesKey, PointColumns]) -> None:
    """Append points to a job's series; what is there already under the same ordinal stays.

    Args:
        connection: The writing transaction.
        job: Whose they are.
        points: By rising ordinal, each ordinal once.
    """
    if not points:
        return
    known = {SeriesKey(*row[1:5]): row for row in list_series(connection, job.key)}
    fresh: list[tuple[Series, PointColumns]] = []
    for key, new in points.items():
        series = known.get(key) or _add_series(connection, job, key)
        columns = new.without(_list_known_ordinals(connection, series, new))
        if columns is not None:
            fresh.append((series, columns))
    if fresh:
        _add_chunks(connection, job, fresh)
        _add_to_buckets(connection, job, fresh)
        _set_point_counts(connection, fresh)


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
    chunk = metric_chunks.c
    query = (
        sa.select(
            chunk.first_ordinal,
            chunk.last_ordinal,
            chunk.ordinals_i64,
            chunk.values_f64,
            chunk.epochs_f64,
            chunk.global_steps_f64,
        )
        .where(chunk.series_id == series_id)
        .order_by(chunk.first_ordinal)
    )
    points: list[Point] = []
    is_in_order = True
    for first, last, ordinals, *columns in connection.execute(query):
        is_in_order = is_in_order and (not points or points[-1].ordinal < first)
        count = len(columns[0]) // 8
        numbers = (unpack_numbers(column, count) for column in columns)
        points += map(Point, unpack_ordinals(first, last, ordinals), *numbers)
    # Chunks that arrived out of order may reach into each other.
    return points if is_in_order else sorted(points, key=lambda point: point.ordinal)


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


def _list_known_ordinals(connection: sa.Connection, series: Series, new: PointColumns) -> set[int]:
    """Return the ordinals that a series has in the range of new points: nearly always none, as it grows."""
    first, last = new.ordinals[0], new.ordinals[-1]
    if first >= series.point_count:
        return set()
    chunk = metric_chunks.c
    query = sa.select(chunk.first_ordinal, chunk.last_ordinal, chunk.ordinals_i64).where(
        chunk.series_id == series.id, chunk.last_ordinal >= first, chunk.first_ordinal <= last
    )
    return {ordinal for row in connection.execute(query) for ordinal in unpack_ordinals(*row)}


def _add_chunks(connection: sa.Connection, job: Job, fresh: Iterable[tuple[Series, PointColumns]]) -> None:
    rows = [(job.workspace_id, series.id, *pack_points(columns)) for series, columns in fresh]
    insert_rows(connection, metric_chunks, rows)


def _set_point_counts(connection: sa.Connection, fresh: Iterable[tuple[Series, PointColumns]]) -> None:
    counts = [
        {"series_id": series.id, "count": max(series.point_count, columns.ordinals[-1] + 1)}
        for series, columns in fresh
    ]
    is_it = metric_series.c.id == sa.bindparam("series_id")
    connection.execute(
        sa.update(metric_series).where(is_it).values(point_count=sa.bindparam("count")), counts
    )


#: Series' id, width, index: which bucket.
_BucketKey = tuple[int, int, int]


def _add_to_buckets(
    connection: sa.Connection, job: Job, fresh: Iterable[tuple[Series, PointColumns]]
) -> None:
    summaries: dict[_BucketKey, Summary] = {}
    grown: list[_BucketKey] = []  # those that may be here already: a series grows at its end
    for series, columns in fresh:
        for width in WIDTHS:
            for summary in summarise(columns, width):
                key = (series.id, width, summary.bucket)
                summaries[key] = summary
                if summary.bucket * width < series.point_count:
                    grown.append(key)
    for start in range(0, len(grown), _LOOKUP):
        for key, known in _take_buckets(connection, grown[start : start + _LOOKUP]).items():
            summaries[key] = _merge_summaries(known, summaries[key])
    rows = [(job.workspace_id, *key[:2], *summary) for key, summary in summaries.items()]
    insert_rows(connection, metric_buckets, rows)


def _take_buckets(connection: sa.Connection, keys: Sequence[_BucketKey]) -> dict[_BucketKey, Summary]:
    """Delete those of some buckets that are here, and return what they held."""
    bucket = metric_buckets.c
    are_they = sa.tuple_(bucket.series_id, bucket.width, bucket.index).in_(keys)
    query = sa.select(
        bucket.series_id,
        bucket.width,
        bucket.index,
        bucket.point_count,
        bucket.finite_count,
        bucket.minimum,
        bucket.maximum,
        bucket.total,
        bucket.last_ordinal,
        bucket.epoch,
        bucket.global_step,
    ).where(are_they)
    found = {(row[0], row[1], row[2]): Summary(*row[2:]) for row in connection.execute(query)}
    if found:
        connection.execute(sa.delete(metric_buckets).where(are_they))
    return found


def _merge_summaries(known: Summary, new: Summary) -> Summary:
    bucket = merge_buckets([_as_bucket(known), _as_bucket(new)])
    return Summary(known.bucket, *bucket[2:7], bucket.last_ordinal, bucket.epoch, bucket.global_step)


def _as_bucket(summary: Summary) -> Bucket:
    return Bucket(summary.bucket, summary.last_ordinal, *summary[1:6], summary.epoch, summary.global_step)
