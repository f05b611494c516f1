"""The steps of a training whose `execute` takes what it needs, and of a search over its hyperparameters.

Source: interface sheet `actions.md` §1.4 (names, weights, proportions), §2.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.steps.convert_dataset import (
        ConvertDatasetStep as ConvertDatasetStep,
    )
    from synapse_sdk.plugins.actions.train.steps.export_dataset import (
        ExportDatasetStep as ExportDatasetStep,
    )
    from synapse_sdk.plugins.actions.train.steps.model_upload import ModelUploadStep as ModelUploadStep
    from synapse_sdk.plugins.actions.train.steps.train_execute import TrainExecuteStep as TrainExecuteStep
    from synapse_sdk.plugins.actions.train.steps.tune_dataset import TuneDatasetStep as TuneDatasetStep
    from synapse_sdk.plugins.actions.train.steps.tune_trials import TuneTrialsStep as TuneTrialsStep

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ConvertDatasetStep": "convert_dataset",
        "ExportDatasetStep": "export_dataset",
        "ModelUploadStep": "model_upload",
        "TrainExecuteStep": "train_execute",
        "TuneDatasetStep": "tune_dataset",
        "TuneTrialsStep": "tune_trials",
    },
)
