"""`TrialTable`: the events that make up a search's table, a row for each trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synapse_sdk.plugins.actions.train.tune.trial import Trial

if TYPE_CHECKING:
    from synapse_sdk.plugins.context import RuntimeContext

#: Columns of numbers that it has at most.
MOST_COLUMNS = 4
_BASE_COLUMNS = ("trial_id", "status")


class TrialTable:
    """Sends a trial's row when it begins and when it ends; who reads puts it in the place of an older one."""

    def __init__(self, ctx: RuntimeContext, metric: str, hyperparameters: Sequence[str]) -> None:
        self._ctx = ctx
        self._metric = metric
        self._hyperparameters = hyperparameters
        #: As far as they are known: the trials' reports make them.
        self._columns = [metric]

    def send(self, trial: Trial, best: Trial | None) -> None:
        """Send the row of a trial, and which one is best so far."""
        numbers = trial.describe_numbers(self._metric)
        self._columns += [name for name in numbers if name not in self._columns]
        del self._columns[MOST_COLUMNS:]
        row = {
            "base": {"trial_id": trial.trial_id, "status": trial.status},
            "hyperparameters": trial.hyperparameters,
            "metrics": {name: value for name, value in numbers.items() if name in self._columns},
        }
        self._ctx.log_trials(
            base=_BASE_COLUMNS,
            trials={trial.trial_id: row},
            hyperparameters=self._hyperparameters,
            metrics=self._columns,
            best_trial="" if best is None else best.trial_id,
        )
