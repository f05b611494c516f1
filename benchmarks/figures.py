"""What a measurement is, and how it is shown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured thing beside its floor, or (without one) beside an absolute goal."""

    name: str
    #: CPU times of single runs or calls.
    ours_us: Sequence[float]
    floor_us: Sequence[float] | None
    #: Largest ratio (or, without a floor, microseconds) that we promise.
    goal: float

    @property
    def value(self) -> float:
        """The ratio of the medians; without a floor, our median in microseconds."""
        ours = statistics.median(self.ours_us)
        return ours / statistics.median(self.floor_us) if self.floor_us else ours

    @property
    def is_met(self) -> bool:
        return self.value <= self.goal

    def row(self) -> tuple[str, ...]:
        unit = "" if self.floor_us else " µs"
        return (
            self.name,
            _time(self.ours_us),
            _time(self.floor_us) if self.floor_us else "-",
            f"{self.value:.2f}{unit}",
            f"≤ {self.goal:g}{unit}",
            "met" if self.is_met else "NOT MET",
        )


def print_table(figures: Sequence[Figure]) -> None:
    """Print all figures under headings."""
    rows = [("figure", "ours", "floor", "value", "goal", ""), *(figure.row() for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _time(samples_us: Sequence[float]) -> str:
    median = statistics.median(samples_us)
    if median >= 1000:
        return f"{median / 1000:.1f} ms"
    return f"{median:.2f} µs"
