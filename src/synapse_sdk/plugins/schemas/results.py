"""Ready-made result models for common actions.

Source: interface sheet `core.md` §5.3.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from synapse_sdk.plugins.enums import MetricsCategory


class WeightsResult(BaseModel):
    """Where the trained weights are."""

    weights_path: str
    checkpoint_paths: list[str] = []
    format: str = "pt"


class MetricsResult(BaseModel):
    """What was measured."""

    metrics: dict[str, float]
    category: MetricsCategory | str = MetricsCategory.TRAIN


class TrainResult(BaseModel):
    """Weights, and how the training went."""

    weights_path: str
    final_epoch: int
    best_epoch: int | None = None
    train_metrics: dict[str, float] = {}
    val_metrics: dict[str, float] = {}


class InferenceResult(BaseModel):
    """What was predicted, or the file that holds it."""

    predictions: list[dict[str, Any]] = []
    processed_count: int = 0
    output_path: str | None = None


class ExportResult(BaseModel):
    """What was written."""

    output_path: str
    exported_count: int
    format: str
    file_size_bytes: int | None = None


class UploadResult(BaseModel):
    """What was sent."""

    uploaded_count: int
    remote_path: str | None = None
    status: str = "completed"
