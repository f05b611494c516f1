"""`TrainExecuteStep`: the training itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.actions.train.artifact import find_artifact
from synapse_sdk.plugins.actions.train.context import TrainContext
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction


class TrainExecuteStep(BaseStep[TrainContext]):
    """Calls `execute` with as much as it takes."""

    name = "train"
    progress_weight = 0.5
    progress_proportion = 75

    def __init__(self, action: BaseTrainAction[Any]) -> None:
        self._action = action

    def execute(self, context: TrainContext) -> StepResult:
        """Train."""
        context.result = self._action.call_execute(context.data_path)
        weights = find_artifact(context.result)
        context.model_path = None if weights is None else os.fspath(weights)
        return StepResult()
