"""What a workspace keeps: dataset versions and models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synapse_sdk.wire.base import Moment, WireModel
from synapse_sdk.wire.envelope import InputReference, PluginReference

ModelCategory = Literal["base", "fine_tuned"]


class DatasetSplit(WireModel):
    """A part of a dataset version that lies in a subfolder of its own."""

    name: str = Field(description='"train", "validation" or "test"; or the folder\'s name if that is taken.')
    folder: str = Field(description="Name of the subfolder, as found.")
    item_count: int
    size_bytes: int


class DatasetVersion(WireModel):
    """What a folder held when it was registered. Immutable but for `root`, which follows a moved folder."""

    id: int = Field(description="Counts the dataset versions of a workspace from 1.")
    dataset_id: int
    dataset_name: str
    number: int = Field(description="Counts the versions of one dataset from 1.")
    digest: str = Field(description="Digest of the manifest: of every path, size and content.")
    root: str = Field(description="Absolute folder that the files lie in.")
    splits: tuple[DatasetSplit, ...] = ()
    item_count: int
    size_bytes: int
    created_at: Moment

    @property
    def label(self) -> str:
        """How a sentence names its dataset."""
        return f"Dataset {self.dataset_id} ({self.dataset_name})"


class Dataset(WireModel):
    """A named series of dataset versions. It comes into being with its first version."""

    id: int
    name: str
    workspace: str = "local"
    versions: tuple[DatasetVersion, ...] = Field(description="Oldest first, never empty.")
    created_at: Moment

    @property
    def latest(self) -> DatasetVersion:
        """The version that is used when none is named."""
        return self.versions[-1]


class ModelOrigin(WireModel):
    """Where a model came from. The parts are those of the run's envelope."""

    job: str = Field(description="UUIDv7 of the job or local run.")
    attempt: int = 1
    action: str
    plugin: PluginReference
    inputs: tuple[InputReference, ...] = Field(
        default=(), description="Dataset versions and models that the run had used when it saved the model."
    )


class Model(WireModel):
    """A saved model: one file, or one folder of files."""

    id: int
    name: str
    description: str = ""
    metrics: dict[str, float] = Field(default={})
    category: ModelCategory = "fine_tuned"
    parent_model_id: int | None = Field(default=None, description="The checkpoint that it started from.")
    origin: ModelOrigin | None = Field(default=None, description="None for a model that no run made.")
    filename: str = Field(description="Name of the file or folder, as it was saved.")
    is_folder: bool = False
    item_count: int = 1
    digest: str = Field(description="Of the file's bytes; of the manifest for a folder.")
    size_bytes: int
    created_at: Moment

    @property
    def label(self) -> str:
        """How a sentence names it."""
        return f"Model {self.id} ({self.name})"
