"""Ready-made result models for common actions. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.schemas.results import ExportResult as ExportResult
    from synapse_sdk.plugins.schemas.results import InferenceResult as InferenceResult
    from synapse_sdk.plugins.schemas.results import MetricsResult as MetricsResult
    from synapse_sdk.plugins.schemas.results import TrainResult as TrainResult
    from synapse_sdk.plugins.schemas.results import UploadResult as UploadResult
    from synapse_sdk.plugins.schemas.results import WeightsResult as WeightsResult

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ExportResult": "results",
        "InferenceResult": "results",
        "MetricsResult": "results",
        "TrainResult": "results",
        "UploadResult": "results",
        "WeightsResult": "results",
    },
)
