"""`TrialTable`: the events that make up a search's table, a row for each trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synapse_sdk.plugins.actions.train.tune.trial import Trial

if TYPE_CHECKING:
    from synapse_sdk.plugins.context import RuntimeContext

#: Columns of numbers that it has at most.
MOST_COLUMNS = 4
#: Rows that are sent in one event at most.
_MOST_ROWS = 1000
_BASE_COLUMNS = ("trial_id", "status")


class TrialTable:
    """Sends a trial's row when it begins and when it ends; who reads puts it in the place of an older one.

    At the end all rows are sent once more.
    """

    def __init__(self, ctx: RuntimeContext, metric: str, hyperparameters: Sequence[str]) -> None:
        self._ctx = ctx
        self._metric = metric
        self._hyperparameters = hyperparameters
        #: As far as they are known: the trials' reports make them.
        self._columns = [metric]

    def send(self, trial: Trial, best: Trial | None) -> None:
        """Send the row of a trial, and which one is best so far."""
        self._send([trial], best)

    def send_all(self, trials: Sequence[Trial], best: Trial | None) -> None:
        """Send every row at the end, for who shows the last event alone; unless that would be too large."""
        if len(trials) <= _MOST_ROWS:
            self._send(trials, best)

    def _send(self, trials: Sequence[Trial], best: Trial | None) -> None:
        rows = {trial.trial_id: trial.describe_numbers(self._metric) for trial in trials}
        self._columns = list(
            dict.fromkeys([*self._columns, *(name for row in rows.values() for name in row)])
        )
        del self._columns[MOST_COLUMNS:]
        self._ctx.log_trials(
            base=_BASE_COLUMNS,
            trials={
                trial.trial_id: {
                    "base": {"trial_id": trial.trial_id, "status": trial.status},
                    "hyperparameters": trial.hyperparameters,
                    "metrics": {
                        name: value for name, value in rows[trial.trial_id].items() if name in self._columns
                    },
                }
                for trial in trials
            },
            hyperparameters=self._hyperparameters,
            metrics=self._columns,
            best_trial="" if best is None else best.trial_id,
        )
