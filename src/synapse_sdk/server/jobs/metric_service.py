"""Metric series for a chart: all points of a short one, so many buckets of a long one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa

from synapse_sdk.server.db import Database
from synapse_sdk.server.http import Principal
from synapse_sdk.server.jobs import metric_store
from synapse_sdk.server.jobs.job_service import require_job
from synapse_sdk.server.jobs.metric_store import WIDTHS, Bucket, Point, Series

XAxis = Literal["ordinal", "epoch", "global_step"]
#: Metrics that say where others were measured; not drawn on their own.
POSITIONS = ("epoch", "global_step")
#: A series is summarised from its points up to so many per bucket; above that from stored summaries.
_RAW_PER_BUCKET = WIDTHS[0]


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
        x_axis: XAxis = "ordinal",
    ) -> list[dict[str, Any]]:
        """Return the series of a job, as JSON.

        Args:
            principal: Who asks.
            lookup: Id or number of the job.
            step: Only this step's; the empty text is no step.
            key: Only this number's. Positions such as `epoch` are answered only when named here.
            points: About how many items each series may have. A longer one is answered in buckets.
            x_axis: Which number of the same event says where a point stands.
        """
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            found = metric_store.list_series(connection, job.key, step=step, key=key)
            return [
                _describe(connection, series, points, x_axis)
                for series in found
                if key is not None or series.key not in POSITIONS
            ]


def _describe(connection: sa.Connection, series: Series, points: int, x_axis: XAxis) -> dict[str, Any]:
    facts = {
        "attempt": series.attempt,
        "producer": series.producer,
        "step": series.step or None,
        "key": series.key,
        "point_count": series.point_count,
        "x_axis": x_axis,
    }
    if series.point_count <= points:
        raw = metric_store.list_points(connection, series.id)
        return {**facts, "is_bucketed": False, "points": [_describe_point(point, x_axis) for point in raw]}
    buckets = _list_buckets(connection, series, points)
    return {**facts, "is_bucketed": True, "points": [_describe_bucket(item, x_axis) for item in buckets]}


def _list_buckets(connection: sa.Connection, series: Series, points: int) -> Sequence[Bucket]:
    per_bucket = series.point_count / points
    if per_bucket < _RAW_PER_BUCKET:
        raw = metric_store.list_points(connection, series.id)
        size = math.ceil(per_bucket)
        return [metric_store.to_bucket(raw[start : start + size]) for start in range(0, len(raw), size)]
    width = max(width for width in WIDTHS if width <= per_bucket)
    stored = metric_store.list_buckets(connection, series.id, width)
    size = math.ceil(len(stored) / points)
    return [metric_store.merge_buckets(stored[start : start + size]) for start in range(0, len(stored), size)]


def _describe_point(point: Point, x_axis: XAxis) -> dict[str, Any]:
    item: dict[str, Any] = {"ordinal": point.ordinal, "value": _name(point.value)}
    if x_axis != "ordinal" and (x := getattr(point, x_axis)) is not None:
        item["x"] = _name(x)
    return item


def _describe_bucket(bucket: Bucket, x_axis: XAxis) -> dict[str, Any]:
    mean = bucket.total / bucket.finite_count if bucket.finite_count else None
    item: dict[str, Any] = {
        "ordinal": bucket.first_ordinal,
        "last_ordinal": bucket.last_ordinal,
        "count": bucket.point_count,
        "min": _name(bucket.minimum),
        "max": _name(bucket.maximum),
        "mean": _name(mean),
    }
    if bucket.finite_count < bucket.point_count:
        item["nonfinite_count"] = bucket.point_count - bucket.finite_count
    if x_axis != "ordinal" and (x := getattr(bucket, x_axis)) is not None:
        item["x"] = _name(x)
    return item


def _name(value: float | None) -> float | str:
    """Return a number as JSON has it; one that is not finite by its name."""
    if value is None:
        return "NaN"
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
