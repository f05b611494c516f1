"""`ModelUploadStep`: the weights, kept as a model.

Unlike the interface sheet's, weights that are not where the result says fail the training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.actions.train.artifact import keep_artifact
from synapse_sdk.plugins.actions.train.context import TrainContext
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction


class ModelUploadStep(BaseStep[TrainContext]):
    """Keeps the weights that `execute` named as `weights_path`, or that the framework under autolog keeps."""

    name = "model_upload"
    progress_weight = 0.1
    progress_proportion = 5

    def __init__(self, action: BaseTrainAction[Any]) -> None:
        self._action = action

    def can_skip(self, context: TrainContext) -> bool:
        """Are there none?"""
        return context.model_path is None

    def execute(self, context: TrainContext) -> StepResult:
        """Keep them."""
        assert context.model_path is not None
        context.model = {**keep_artifact(self._action, context.model_path, result=context.result)}
        return StepResult(data={"model_id": context.model["id"]})
