"""What an action may ask of the workspace that it runs in, whoever keeps it: this machine or a server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

from synapse_sdk.wire.envelope import InputReference
from synapse_sdk.workspace.describe import DatasetInfo, ModelInfo
from synapse_sdk.workspace.records import ModelCategory, ModelOrigin


class Workspace(Protocol):
    """The calls that the helpers of actions make. Handed to an action as `ctx.workspace`."""

    @property
    def name(self) -> str:
        """Name as it stands in the run's envelope."""

    def find_input(self, kind: str, number: int) -> InputReference | None:
        """Return what an envelope records of an input, or None when there is no such thing. Checks no files.

        Args:
            kind: "dataset" or "model".
        """

    def get_dataset(self, dataset_id: int, *, version: int | None = None) -> DatasetInfo:
        """Return a dataset whose files are here under `path` and are exactly those of the version.

        Args:
            version: Number of the version; the latest unless given.

        Raises:
            NotFoundError: There is no such dataset or version.
            DatasetChangedError: Its files are gone or changed.
        """

    def create_model(
        self,
        path: str | os.PathLike[str],
        *,
        name: str,
        description: str = "",
        metrics: Mapping[str, float] | None = None,
        category: ModelCategory = "fine_tuned",
        parent_model_id: int | None = None,
        origin: ModelOrigin | None = None,
    ) -> ModelInfo:
        """Keep a copy of the file or folder at `path` as a new model; the original stays the caller's.

        Raises:
            WorkspaceError: The path is missing, or a value does not fit. All problems are named together.
            DiskFullError: There is no room. Nothing of the model stays behind.
        """

    def get_model(self, model_id: int) -> ModelInfo:
        """Return a model whose files are here under `path`, read-only, and are exactly what was saved.

        Raises:
            NotFoundError: There is no such model.
            ModelDamagedError: Its files are gone or changed.
        """
