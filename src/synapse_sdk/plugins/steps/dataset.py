"""The steps that bring a training its dataset. They need no action: what to bring is in `context.params`.

Source: interface sheet `core.md`, Appendix B; `actions.md` §2.3.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.inputs import find_input_id, resolve_dataset
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train import BaseTrainAction, TrainContext

#: Describes a dataset to many training frameworks; it lies beside the data.
DATASET_FILE = "dataset.yaml"


class ExportDatasetStep(BaseStep["TrainContext"]):
    """Brings the dataset here."""

    name = "dataset"
    progress_weight = 0.3
    progress_proportion = 20

    def __init__(self, action: BaseTrainAction[Any] | None = None) -> None:
        """Ask `action.get_dataset()`, or the workspace for the id in `context.params`."""
        self._action = action

    def can_skip(self, context: TrainContext) -> bool:
        """Is there none to bring?"""
        return find_input_id(context.params, "dataset", "dataset_id") is None

    def execute(self, context: TrainContext) -> StepResult:
        """Bring it; `context.data_path` is its dataset.yaml, or its folder where there is none."""
        if self._action is None:
            context.dataset = resolve_dataset(context.runtime_ctx, context.params)
        else:
            context.dataset = self._action.get_dataset()
        folder = Path(context.dataset["path"])
        described = folder / DATASET_FILE
        context.data_path = described if described.is_file() else folder
        return StepResult(data={"path": str(context.data_path)})


class ConvertDatasetStep(BaseStep["TrainContext"]):
    """Refuses a format that the dataset would have to be converted to: another one would be silent harm."""

    name = "convert"
    progress_weight = 0.2

    def __init__(self, target_format: str | None = "yolo", source_format: str = "dm_v2") -> None:
        """Name the format that the training wants, None for any, and the one that the dataset comes in."""
        self.target_format = target_format
        self.source_format = source_format

    def can_skip(self, context: TrainContext) -> bool:
        """Is no format asked for, or no dataset there?"""
        return self.target_format is None or context.dataset is None

    def execute(self, context: TrainContext) -> StepResult:
        """Refuse."""
        raise ExecutionError(
            f"target_format is {self.target_format!r}, and this version converts no datasets.",
            {"target_format": self.target_format, "dataset": context.dataset["id"]},
            hint="Register the dataset in that format, and set target_format = None.",
        )
