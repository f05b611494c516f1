"""`TuneTrialsStep`: the trials of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk.plugins.actions.train.context import TrainContext
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.tune.search import LocalSearch


class TuneTrialsStep(BaseStep[TrainContext]):
    """Trains each trial; the best one's result becomes the training's."""

    name = "trials"
    progress_weight = 0.6
    progress_proportion = 75

    def __init__(self, search: LocalSearch) -> None:
        self._search = search

    def execute(self, context: TrainContext) -> StepResult:
        """Train them."""
        self._search.run(context)
        found = self._search.describe()
        context.tune_result = found
        context.trial_models = found["trial_models"]
        context.result = self._search.best_result
        if (model_id := found["best_result"]["model_id"]) is not None:
            context.model = {"id": model_id}
        return StepResult(data={"best_trial": found["best_trial"]})
