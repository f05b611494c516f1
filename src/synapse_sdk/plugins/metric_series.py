"""The metrics of a recorded run, as series of points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.plugins.errors import ValidationError
from synapse_sdk.plugins.run_record import iter_events

if TYPE_CHECKING:
    from synapse_sdk.plugins.run_record import RecordedRun

#: Metrics that say where others were measured; not drawn on their own.
POSITIONS = ("epoch", "global_step")


@dataclass(slots=True)
class Series:
    """One metric of one step, in the order of recording. Non-finite values are kept."""

    step: str | None
    key: str
    producer: str
    x_axis: str = "ordinal"
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)

    def to_document(self) -> dict[str, Any]:
        """Return the series as plain JSON; a non-finite value is its name, as text."""
        return {
            "step": self.step,
            "key": self.key,
            "producer": self.producer,
            "x_axis": self.x_axis,
            "x": [_name_if_nonfinite(value) for value in self.x],
            "y": [_name_if_nonfinite(value) for value in self.y],
        }


def load_series(
    run: RecordedRun,
) -> dict[tuple[str, str | None, str], list[tuple[int, float, dict[str, float]]]]:
    """Read (producer, step, key) → its points: ordinal, value, and all values of the same event."""
    points: dict[tuple[str, str | None, str], list[tuple[int, float, dict[str, float]]]] = {}
    for event in iter_events(run):
        if event.kind != "metric" or not event.values:
            continue
        for key, value in event.values.items():
            ordinal = (event.ordinals or {}).get(key, 0)
            points.setdefault((event.producer, event.step, key), []).append((ordinal, value, event.values))
    return points


def choose_series(
    points: dict[tuple[str, str | None, str], list[tuple[int, float, dict[str, float]]]],
    *,
    keys: Iterable[str] = (),
    step: str | None = None,
    x_axis: str | None = None,
) -> list[Series]:
    """Pick series and their x-axis.

    Args:
        points: What `load_series` returned.
        keys: Metrics to keep; all but positions unless given.
        step: Step to keep; all unless given.
        x_axis: Metric of the same events to draw along; "epoch" where every event has it, else the ordinal.

    Raises:
        ValidationError: A key, a step or an x-axis that the run has not.
    """
    _refuse_unknown("metric", keys, {key for _, _, key in points})
    _refuse_unknown("step", [step] if step else [], {name for _, name, _ in points if name})
    _refuse_unknown("x-axis", [x_axis] if x_axis else [], {key for _, _, key in points})
    wanted = set(keys)
    chosen = []
    for (producer, name, key), rows in points.items():
        if (wanted and key not in wanted) or (not wanted and key in POSITIONS) or (step and name != step):
            continue
        axis = x_axis if x_axis and all(x_axis in values for _, _, values in rows) else None
        if axis is None and x_axis is None and all("epoch" in values for _, _, values in rows):
            axis = "epoch"
        series = Series(name, key, producer, axis or "ordinal")
        series.x = [values[axis] if axis else float(ordinal) for ordinal, _, values in rows]
        series.y = [value for _, value, _ in rows]
        chosen.append(series)
    return chosen


def _refuse_unknown(what: str, wanted: Iterable[str], known: set[str]) -> None:
    for name in wanted:
        if name not in known:
            close = find_closest(name, known)
            raise ValidationError(
                f"This run has no {what} {name!r}; it has {', '.join(sorted(known)) or 'none'}.",
                {"what": what, "name": name, "known": sorted(known)},
                hint=f"Did you mean {close!r}?" if close else None,
            )


def _name_if_nonfinite(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def finite_points(series: Series) -> tuple[Sequence[float], Sequence[float]]:
    """Return the points that can be drawn."""
    pairs = [(x, y) for x, y in zip(series.x, series.y, strict=True) if math.isfinite(x) and math.isfinite(y)]
    return [x for x, _ in pairs], [y for _, y in pairs]
