"""What a measurement is, and how it is shown."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured thing beside its floor, or (without one) beside an absolute goal."""

    name: str
    #: Samples: CPU times of single runs or calls, unless `unit` says something else.
    ours_us: Sequence[float]
    floor_us: Sequence[float] | None
    #: Largest ratio (or, without a floor, value in `unit`) that we promise.
    goal: float
    #: Of what is measured, where that is no time in microseconds.
    unit: str = "µs"
    #: Which of our samples is compared with the goal: the median, or a slower one.
    percentile: int = 50

    @property
    def value(self) -> float:
        """The ratio of the medians; without a floor, our percentile in `unit`."""
        ours = percentile(self.ours_us, self.percentile)
        return ours / statistics.median(self.floor_us) if self.floor_us else ours

    @property
    def is_met(self) -> bool:
        return self.value <= self.goal

    def row(self) -> tuple[str, ...]:
        return (
            self.name,
            _show(statistics.median(self.ours_us), self.unit),
            _show(statistics.median(self.floor_us), self.unit) if self.floor_us else "-",
            f"{self.value:.2f}" if self.floor_us else _show(self.value, self.unit),
            f"≤ {self.goal:g}" if self.floor_us else f"≤ {_show(self.goal, self.unit)}",
            "met" if self.is_met else "NOT MET",
        )


def print_table(figures: Sequence[Figure]) -> None:
    """Print all figures under headings."""
    rows = [("figure", "ours", "floor", "value", "goal", ""), *(figure.row() for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def percentile(samples: Sequence[float], percent: int) -> float:
    """Return the sample that so many percent do not exceed; the median of few is between two."""
    if percent == 50:
        return statistics.median(samples)
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _show(value: float, unit: str) -> str:
    if unit == "µs" and value >= 1000:
        return f"{value / 1000:.1f} ms"
    return f"{value:.2f} {unit}"
