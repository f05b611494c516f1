"""The steps of a training whose `execute` takes what it needs: `execute(data_path, checkpoint)`.

Source: interface sheet `actions.md` §2.3. Unlike there, weights that are not where the result says fail the
training instead of being passed over.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from synapse_sdk.plugins.actions._inputs import find_input_id, find_param
from synapse_sdk.plugins.actions.train.context import TrainContext
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction

#: Describes a dataset to many training frameworks; it lies beside the data.
DATASET_FILE = "dataset.yaml"


class DatasetStep(BaseStep[TrainContext]):
    """Brings the dataset here."""

    name = "dataset"
    progress_weight = 0.3
    progress_proportion = 20

    def __init__(self, action: BaseTrainAction[Any]) -> None:
        self._action = action

    def can_skip(self, context: TrainContext) -> bool:
        """Is there none to bring?"""
        return find_input_id(self._action.params, "dataset", "dataset_id") is None

    def execute(self, context: TrainContext) -> StepResult:
        """Bring it."""
        context.dataset = self._action.get_dataset()
        folder = Path(context.dataset["path"])
        described = folder / DATASET_FILE
        context.data_path = described if described.is_file() else folder
        return StepResult(data={"path": str(context.data_path)})


class ConvertStep(BaseStep[TrainContext]):
    """Says that conversion is not there: training on another format than asked for would be silent harm."""

    name = "convert"
    progress_weight = 0.2

    def __init__(self, action: BaseTrainAction[Any]) -> None:
        self._action = action

    def can_skip(self, context: TrainContext) -> bool:
        """Is no format asked for, or no dataset there?"""
        return self._action.target_format is None or context.dataset is None

    def execute(self, context: TrainContext) -> StepResult:
        """Refuse."""
        raise ExecutionError(
            f"target_format is {self._action.target_format!r}, and this version converts no datasets.",
            {"target_format": self._action.target_format, "dataset": context.dataset["id"]},
            hint="Register the dataset in that format, and set target_format = None.",
        )


class TrainStep(BaseStep[TrainContext]):
    """Calls `execute` with as much as it takes."""

    name = "train"
    progress_weight = 0.5
    progress_proportion = 75

    def __init__(self, action: BaseTrainAction[Any]) -> None:
        self._action = action

    def execute(self, context: TrainContext) -> StepResult:
        """Train."""
        context.result = self._action.call_execute(context.data_path)
        weights = _read_weights_path(context.result) or _find_autolog_weights()
        context.model_path = None if weights is None else os.fspath(weights)
        return StepResult()


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
        if not Path(context.model_path).exists():
            raise ExecutionError(
                f"The weights are said to be at {context.model_path!r}, and there is nothing.",
                {"weights_path": context.model_path},
                hint="Save them before execute() returns. A relative path counts from the current folder.",
            )
        name = find_param(self._action.params, "name") or f"train_{context.runtime_ctx.job_id or 'run'}"
        context.model = {
            **self._action.create_model(
                context.model_path,
                name=f"{name}_{os.urandom(4).hex()}",
                description=find_param(self._action.params, "description") or "",
            )
        }
        return StepResult(data={"model_id": context.model["id"]})


def _read_weights_path(result: Any) -> str | os.PathLike[str] | None:
    if isinstance(result, BaseModel):
        found = getattr(result, "weights_path", None)
    else:
        found = result.get("weights_path") if isinstance(result, Mapping) else None
    return found if isinstance(found, str | os.PathLike) and str(found) else None


def _find_autolog_weights() -> str | None:
    """Return the folder that a framework under autolog says it keeps its weights in."""
    if (integrations := sys.modules.get("synapse_sdk.integrations")) is None:
        return None
    context = integrations.get_autolog_context()
    return None if context is None else context.extra.get("weights_dir")
