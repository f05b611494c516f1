"""Metric series for a chart: all points of a short one, so many buckets of a long one."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from synapse_sdk.server.db import Database
from synapse_sdk.server.http import Principal
from synapse_sdk.server.jobs import metric_store
from synapse_sdk.server.jobs.job_service import require_job
from synapse_sdk.server.jobs.metric_drawing import (
    BucketRow,
    PointRow,
    list_points,
    sum_buckets,
    sum_points,
)
from synapse_sdk.server.jobs.metric_store import WIDTHS, Series

XAxis = Literal["ordinal", "epoch", "global_step"]
#: Metrics that say where others were measured; not drawn on their own.
POSITIONS = ("epoch", "global_step")
#: Fewer do not make a chart.
POINTS_MIN = 50
_LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True)
class DrawnSeries:
    """A series as a chart wants it: either all of its points, or buckets of neighbouring ones."""

    series: Series
    x_axis: XAxis
    points: Sequence[PointRow] = ()
    buckets: Sequence[BucketRow] = ()

    @property
    def is_bucketed(self) -> bool:
        return bool(self.buckets)


class MetricService:
    """Metric series of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(
        self,
        principal: Principal,
        lookup: str,
        *,
        step: str | None = None,
        key: str | None = None,
        points: int,
        points_in_all: int | None = None,
        x_axis: XAxis = "ordinal",
    ) -> list[DrawnSeries]:
        """Return the series of a job.

        Args:
            principal: Who asks.
            lookup: Id or number of the job.
            step: Only this step's; the empty text is no step.
            key: Only this number's. Positions such as `epoch` are answered only when named here.
            points: How many items each series may have. A longer one is answered in buckets, at least half as
                many, all of about as many points.
            points_in_all: How many items about all series may have together: of many series each has less.
            x_axis: Which number of the same event says where a point stands.
        """
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            found = metric_store.list_series(connection, job.key, step=step, key=key)
            drawn = [series for series in found if key is not None or series.key not in POSITIONS]
            if points_in_all is not None:
                points = min(points, max(POINTS_MIN, points_in_all // max(len(drawn), 1)))
            return [_draw(connection, series, points, x_axis) for series in drawn]


def _draw(connection: sa.Connection, series: Series, points: int, x_axis: XAxis) -> DrawnSeries:
    x = None if x_axis == "ordinal" else x_axis
    if series.point_count <= points:
        return DrawnSeries(series, x_axis, points=list_points(connection, series.id, x=x))
    return DrawnSeries(series, x_axis, buckets=_list_buckets(connection, series, points, x))


def _list_buckets(
    connection: sa.Connection, series: Series, points: int, x: str | None
) -> Sequence[BucketRow]:
    per_bucket = series.point_count / points
    # What is stored in about the right width need not be summed up: half as many buckets will do.
    width = max((width for width in WIDTHS if width <= 2 * per_bucket), default=None)
    if width is None:
        return sum_points(connection, series.id, size=math.ceil(per_bucket), x=x)
    return sum_buckets(connection, series.id, width=width, size=math.ceil(per_bucket / width), x=x)


def describe_series(drawn: DrawnSeries) -> dict[str, Any]:
    """Return a series as JSON."""
    series, has_x = drawn.series, drawn.x_axis != "ordinal"
    items = (
        [_describe_bucket(row, has_x=has_x) for row in drawn.buckets]
        if drawn.is_bucketed
        else [_describe_point(row, has_x=has_x) for row in drawn.points]
    )
    return {
        "attempt": series.attempt,
        "producer": series.producer,
        "step": series.step or None,
        "key": series.key,
        "point_count": series.point_count,
        "x_axis": drawn.x_axis,
        "is_bucketed": drawn.is_bucketed,
        "points": items,
    }


def _describe_point(row: PointRow, *, has_x: bool) -> dict[str, Any]:
    ordinal, value, x = row
    item: dict[str, Any] = {"ordinal": ordinal, "value": name_number(value)}
    if has_x and x is not None:
        item["x"] = name_number(x)
    return item


def _describe_bucket(row: BucketRow, *, has_x: bool) -> dict[str, Any]:
    first, last, count, finite_count, minimum, maximum, mean, x = row
    item: dict[str, Any] = {
        "ordinal": first,
        "last_ordinal": last,
        "count": count,
        "min": name_number(minimum),
        "max": name_number(maximum),
        "mean": name_number(mean),
    }
    if finite_count < count:
        item["nonfinite_count"] = count - finite_count
    if has_x and x is not None:
        item["x"] = name_number(x)
    return item


def name_number(value: float | None) -> float | str:
    """Return a number as JSON has it; one that is not finite by its name."""
    if value is None:
        return "NaN"
    if -_LARGEST <= value <= _LARGEST:
        return value
    return "Infinity" if value > 0 else "-Infinity"
