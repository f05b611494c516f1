"""When a trial is not worth going on with: the rules of the schedulers `asha` and `median`.

Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2020), algorithm 2; Golovin et
al., "Google Vizier" (2017), §3.2.2. Both compare with the trials that were there before.
"""

from __future__ import annotations

import statistics
from typing import Protocol

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk.plugins.actions.train.tune.config import Named
from synapse_sdk.plugins.actions.train.tune.refusal import read_problems, refuse

#: A `time_attr`: the reports of the objective are counted. Any other is a number that is reported beside it.
REPORT_COUNT = "training_iteration"


class TrialStopped(BaseException):
    """Ends a trial from inside of its report. No `Exception`, so that an author's `except` lets it pass."""


class StopRule(Protocol):
    """Decides with each report of the objective."""

    def should_stop(self, trial_id: str, time: float, value: float) -> bool:
        """Take a report; is the trial to end now?

        Args:
            trial_id: Which one.
            time: How far it is, in what `time_attr` names; finite.
            value: The objective, larger is better; -inf where it is no number any more.
        """


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    time_attr: str = REPORT_COUNT


class AshaOptions(_Options):
    """What `asha` takes."""

    #: No trial ends before this time.
    grace_period: float = Field(default=1, gt=0)
    #: Of so many trials that come to a rung, one goes on.
    reduction_factor: float = Field(default=4, gt=1)
    #: Every trial ends here; to its own end unless given.
    max_t: float | None = Field(default=None, gt=0)
    brackets: int = Field(default=1, ge=1, le=1)


class MedianOptions(_Options):
    """What `median` takes."""

    grace_period: float = Field(default=1, ge=0)
    #: So many other trials must have come as far.
    min_samples_required: int = Field(default=3, ge=1)


class AshaRule:
    """Successive halving: at each rung the trial must be among the best 1/`reduction_factor` so far."""

    def __init__(self, options: AshaOptions) -> None:
        self._max_t = options.max_t
        self._factor = options.reduction_factor
        self._grace = options.grace_period
        #: Rung → what the trials reached there.
        self._reached: dict[float, dict[str, float]] = {}

    def should_stop(self, trial_id: str, time: float, value: float) -> bool:
        """See `StopRule`."""
        if self._max_t is not None and time >= self._max_t:
            return True
        rung = self._grace
        while rung * self._factor <= time:
            rung *= self._factor
        if time < rung:
            return False
        reached = self._reached.setdefault(rung, {})
        if trial_id in reached:
            return False
        reached[trial_id] = value
        # The trial is kept if it is one of the best `kept` of all that came here, itself included.
        kept = max(int(len(reached) / self._factor), 1)
        return sum(other > value for other in reached.values()) >= kept


class MedianRule:
    """A trial ends whose best so far is below the median of the others' means up to the same time."""

    def __init__(self, options: MedianOptions) -> None:
        self._options = options
        #: Trial → its reports, as (time, value).
        self._reports: dict[str, list[tuple[float, float]]] = {}

    def should_stop(self, trial_id: str, time: float, value: float) -> bool:
        """See `StopRule`."""
        own = self._reports.setdefault(trial_id, [])
        own.append((time, value))
        if time < self._options.grace_period:
            return False
        means = [
            statistics.fmean(value for moment, value in reports if moment <= time)
            for other, reports in self._reports.items()
            if other != trial_id and reports[-1][0] >= time and reports[0][0] <= time
        ]
        if len(means) < self._options.min_samples_required:
            return False
        return max(value for _, value in own) < statistics.median(means)


def build_stop_rule(scheduler: Named) -> tuple[StopRule | None, str]:
    """Return the rule of a scheduler (None where trials go to their end), and what it counts time in.

    Raises:
        ParamsError: An option does not fit.
    """
    try:
        if scheduler.name == "asha":
            asha = AshaOptions.model_validate(scheduler.options)
            return AshaRule(asha), asha.time_attr
        if scheduler.name == "median":
            median = MedianOptions.model_validate(scheduler.options)
            return MedianRule(median), median.time_attr
        return None, _Options.model_validate(scheduler.options).time_attr
    except pydantic.ValidationError as error:
        raise refuse(
            f"The options of {scheduler.name} do not fit:",
            read_problems(error, ("tune_config", "scheduler", "options")),
        ) from error
