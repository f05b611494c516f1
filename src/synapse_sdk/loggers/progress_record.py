"""How far a job is, for those who keep its record: each step, and the whole.

Source: interface sheet `core.md` §4.4. Unlike there, a step that is left half done counts as half done,
steps without a proportion weigh the same, a failed step is marked, and only a whole that is done is at 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synapse_sdk.plugins.models.log_entry import ProgressData

#: What a whole that has not ended may show at most, where nobody said which steps it has.
_NOT_YET_DONE = 99.0


class ProgressRecord:
    """Takes progress, gives the record."""

    def __init__(self) -> None:
        self.proportions: dict[str, float] = {}
        self.orders: dict[str, int] = {}
        self._progress: dict[str | None, ProgressData] = {}
        self._current: ProgressData | None = None
        self._overall = 0.0

    @property
    def is_empty(self) -> bool:
        """Was nothing reported yet?"""
        return self._current is None

    def take(self, progress: ProgressData) -> None:
        """Take how far a step has come."""
        self._progress[progress.step] = self._current = progress
        self._overall = max(self._overall, self._compute_overall())

    def complete(self) -> None:
        """Take that the job has ended. It is at 100 unless a step failed."""
        if self._current is not None and not any(p.status == "failed" for p in self._progress.values()):
            self._overall = 100.0

    def write(self, *, time_elapsed: int | None = None) -> dict[str, Any]:
        """Return the record, with `time_elapsed` in seconds where it is given."""
        record: dict[str, Any] = {"steps": self._write_steps()}
        if (whole := self._progress.get(None)) is not None:
            record |= _write_numbers(whole)
        current: dict[str, Any] = {"overall": round(self._overall, 2)}
        if self._current is not None:
            current |= self._write_current(self._current)
        if time_elapsed is not None:
            current["time_elapsed"] = time_elapsed
        return {"record": record, "current_progress": current}

    def _write_current(self, progress: ProgressData) -> dict[str, Any]:
        step = {} if progress.step is None else {"step": progress.step}
        order = self.orders.get(progress.step or "")
        return {**step, **_write_numbers(progress), **({} if order is None else {"order": order})}

    def _write_steps(self) -> dict[str, dict[str, Any]]:
        steps: dict[str, dict[str, Any]] = {}
        for name, proportion in self.proportions.items():
            steps[name] = {"proportion": proportion}
        for step, progress in list(self._progress.items()):
            if step is not None:
                steps.setdefault(step, {}).update(_write_numbers(progress))
        for name, order in self.orders.items():
            if name in steps:
                steps[name]["order"] = order
        return steps

    def _compute_overall(self) -> float:
        steps = {step: p.percent for step, p in self._progress.items() if step is not None}
        if not self.proportions:
            percents = list(steps.values()) or [p.percent for p in self._progress.values()]
            return min(sum(percents) / len(percents), _NOT_YET_DONE)
        whole = sum(self.proportions.values())
        done = sum(share * steps.get(step, 0.0) for step, share in self.proportions.items())
        return done / whole


def check_proportions(proportions: Mapping[str, float]) -> dict[str, float]:
    """Return proportions that can be used.

    Raises:
        ValueError: One is negative, or all are zero.
    """
    if any(share < 0 for share in proportions.values()) or (proportions and not sum(proportions.values())):
        raise ValueError("the proportions of steps must not be negative, and not all be zero")
    return dict(proportions)


def _write_numbers(progress: ProgressData) -> dict[str, Any]:
    written: dict[str, Any] = {"percent": round(progress.percent, 2)}
    if progress.time_remaining is not None:
        written["time_remaining"] = progress.time_remaining
    if progress.status != "running":
        written["status"] = progress.status
    return written
