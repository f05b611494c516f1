"""What an action's author gets: plain dictionaries with the keys that the guide names, and a few more.

Source: plugin guide, "Dataset Handling", "Model Saving", "Checkpoint Loading".
"""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from synapse_sdk.workspace.records import DatasetVersion, Model
from synapse_sdk.workspace.splits import Splits


class SplitInfo(TypedDict):
    path: str
    count: int


class DatasetInfo(TypedDict):
    """A dataset version whose files are here and are what was registered."""

    id: int
    name: str
    path: str
    splits: dict[str, SplitInfo]
    version: int
    version_id: int
    digest: str


class ModelInfo(TypedDict):
    """A model whose files are here and are what was saved. It serves as a checkpoint, too."""

    id: int
    name: str
    path: str
    description: str
    metrics: dict[str, float]
    category: str
    parent_model_id: int | None
    digest: str
    size_bytes: int


def describe_dataset(version: DatasetVersion) -> DatasetInfo:
    """Build what `get_dataset()` answers."""
    root = Path(version.root)
    return {
        "id": version.dataset_id,
        "name": version.dataset_name,
        "path": version.root,
        "splits": Splits(
            {
                split.name: SplitInfo(path=str(root / split.folder), count=split.item_count)
                for split in version.splits
            }
        ),
        "version": version.number,
        "version_id": version.id,
        "digest": version.digest,
    }


def describe_model(model: Model, path: Path) -> ModelInfo:
    """Build what `create_model()` and `get_model()` answer.

    Args:
        path: The model's file or folder, as it can be opened here.
    """
    return {
        "id": model.id,
        "name": model.name,
        "path": str(path),
        "description": model.description,
        "metrics": dict(model.metrics),
        "category": model.category,
        "parent_model_id": model.parent_model_id,
        "digest": model.digest,
        "size_bytes": model.size_bytes,
    }
