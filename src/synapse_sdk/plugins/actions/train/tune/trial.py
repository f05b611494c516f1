"""`Trial`: one training of a search, and what it reported."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from synapse_sdk.plugins.actions.train.artifact import read_numbers
from synapse_sdk.plugins.errors import ExecutionError

TrialStatus = Literal["pending", "running", "completed", "stopped", "failed"]
#: The category that an objective without one is looked for in first.
VALIDATION = "validation"


@dataclass(slots=True)
class Trial:
    """One draw of the hyperparameters, and what came of it."""

    trial_id: str
    hyperparameters: dict[str, Any]
    #: "stopped" by the scheduler, before its end.
    status: TrialStatus = "pending"
    #: The last number of each series: category → key → number.
    reported: dict[str, dict[str, float]] = field(default_factory=dict)
    #: The numbers of what `execute` returned.
    returned: dict[str, float] = field(default_factory=dict)
    #: The objective; None until it is known.
    value: float | None = None
    #: Why it failed.
    error: str | None = None
    model_id: int | None = None
    model_name: str | None = None

    def take_report(self, category: str, values: Mapping[str, float]) -> None:
        """Remember numbers of a series."""
        self.reported.setdefault(category, {}).update(values)

    def finish(self, result: Any, metric: str) -> None:
        """Take what `execute` returned, and find the objective.

        Raises:
            ExecutionError: Nothing reported or returned it, several categories did, or it is not finite.
        """
        self.returned = read_numbers(result)
        self.value = self.find_value(metric)

    def find_value(self, metric: str) -> float:
        """Return the objective: `category/key`, else a key of `validation`, the result or the only category.

        Raises:
            ExecutionError: As `finish`.
        """
        homes = [name for name, values in self.reported.items() if metric in values]
        found = [find_reported(metric, name, values) for name, values in self.reported.items()]
        exact = next((value for value in found if value is not None), None)
        if exact is not None:
            value = exact
        elif metric in self.returned:
            value = self.returned[metric]
        elif len(homes) == 1:
            value = self.reported[homes[0]][metric]
        elif homes:
            several = ", ".join(f"{name}/{metric}" for name in homes)
            raise ExecutionError(
                f"{metric!r} was reported in several categories: {several}.",
                {"metric": metric},
                hint="Name one of them as the metric of tune_config.",
            )
        else:
            raise ExecutionError(
                f"The training neither reported nor returned {metric!r}, which the search is after; "
                f"it has {', '.join(self._describe_numbers()) or 'no numbers'}.",
                {"metric": metric},
                hint="Report it with self.report_metrics({...}, category='validation'), or return it.",
            )
        if not math.isfinite(value):
            raise ExecutionError(f"{metric} ended at {value}, which can not be compared.", {"metric": metric})
        return value

    def describe_numbers(self, metric: str) -> dict[str, float]:
        """Return the last numbers by column, the objective first."""
        numbers = {} if self.value is None else {metric: self.value}
        for category in sorted(self.reported, key=lambda name: name != VALIDATION):
            numbers |= {
                f"{category}/{key}": value
                for key, value in self.reported[category].items()
                if key != "epoch" and metric not in (key, f"{category}/{key}")
            }
        numbers |= {key: value for key, value in self.returned.items() if key != metric}
        return numbers

    def describe(self) -> dict[str, Any]:
        """Return it as a row of a result."""
        row: dict[str, Any] = {
            "trial_id": self.trial_id,
            "status": self.status,
            "hyperparameters": self.hyperparameters,
            "value": self.value,
        }
        optional = {"error": self.error, "model_id": self.model_id}
        return row | {name: value for name, value in optional.items() if value is not None}

    def _describe_numbers(self) -> list[str]:
        own = [f"{category}/{key}" for category, values in self.reported.items() for key in values]
        return [*own, *self.returned]


def find_reported(metric: str, category: str, values: Mapping[str, float]) -> float | None:
    """Return the objective, where a report of `category` has it: `category/key`, or a key of `validation`."""
    if category == VALIDATION and metric in values:
        return values[metric]
    return values.get(metric.removeprefix(f"{category}/")) if metric.startswith(f"{category}/") else None


def tell_draw(drawn: Mapping[str, Any]) -> str:
    """Write hyperparameters for a person."""
    return ", ".join(f"{name} {show_value(value)}" for name, value in drawn.items())


def show_value(value: Any) -> str:
    """Write one of them, or an objective."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
