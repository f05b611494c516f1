"""How far a whole workflow has come, from how far its steps have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from synapse_sdk.plugins.steps.base import BaseStep
from synapse_sdk.plugins.steps.registry import get_proportion


class OverallProgress:
    """Percent of the whole: never falls, and is 100 only when every step is done."""

    __slots__ = ("_begun_at", "_percent", "_share", "_tell", "_unit", "fraction")

    def __init__(self, shares: Sequence[float], tell: Callable[[int], None]) -> None:
        """Prepare.

        Args:
            shares: What each step is of the whole, as `split_whole` returns it.
            tell: Called with the whole percent each time it has grown.
        """
        self._unit = 100 / (sum(shares) or 1)
        #: How much of the step at hand is done, as far as it said: between 0 and 1.
        self.fraction = 0.0
        self._begun_at = 0.0
        self._share = 0.0
        self._percent = 0
        self._tell = tell

    def begin(self, share: float) -> None:
        """Go on to the next step, which is `share` of the whole; what came before is done."""
        self.fraction = 0.0
        begun_at = self._begun_at = self._begun_at + self._share
        self._share = share * self._unit
        if begun_at >= self._percent + 1:
            self._grow(begun_at)

    def move(self, fraction: float) -> None:
        """Say how much of the step at hand is done, between 0 and 1."""
        self.fraction = fraction
        percent = self._begun_at + self._share * fraction
        if percent >= self._percent + 1:
            self._grow(percent)

    def finish(self) -> None:
        """Every step is done."""
        self._percent = 100
        self._tell(100)

    def _grow(self, percent: float) -> None:
        # Sums of fractions can come out a hair above the whole; 100 is said by `finish` alone.
        whole = int(percent) if percent < 100 else 99
        if whole > self._percent:
            self._percent = whole
            self._tell(whole)


def split_whole(steps: Sequence[BaseStep[Any]]) -> list[float]:
    """Return each step's share of the whole, in a unit that they have in common.

    The whole is split by the steps' proportions; by their weights where no step has one; evenly where there
    are no weights either.
    """
    shares = [float(get_proportion(step)) for step in steps]
    if max(shares, default=0.0) <= 0:
        shares = [float(step.progress_weight) for step in steps]
    if max(shares, default=0.0) <= 0:
        return [1.0] * len(steps)
    return [share if share > 0 else 0.0 for share in shares]
