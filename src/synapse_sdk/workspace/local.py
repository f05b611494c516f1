"""The workspace of this machine: gear 0, no server."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.wire.envelope import InputReference
from synapse_sdk.workspace.datasets import DatasetStore
from synapse_sdk.workspace.describe import DatasetInfo, ModelInfo, describe_dataset, describe_model
from synapse_sdk.workspace.errors import NotFoundError
from synapse_sdk.workspace.layout import Layout
from synapse_sdk.workspace.models import ModelStore
from synapse_sdk.workspace.records import ModelCategory, ModelOrigin


class LocalWorkspace:
    """Datasets and models in one folder. Opening it reads and makes nothing; an absent one is empty.

    Its own methods are those of the `Workspace` protocol; `datasets` and `models` can do more.
    """

    name = "local"

    def __init__(self, root: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        layout = Layout(root.absolute())  # an action may change its current folder
        self.root = layout.root
        self.datasets = DatasetStore(layout, now=now)
        self.models = ModelStore(layout, now=now)

    def find_input(self, kind: str, number: int) -> InputReference | None:
        """See `Workspace.find_input`."""
        try:
            if kind == "model":
                return InputReference(kind=kind, id=number, digest=self.models.get(number).digest)
            version = self.datasets.get_version(number)
        except NotFoundError:
            return None
        return InputReference(kind=kind, id=number, version=version.number, digest=version.digest)

    def get_dataset(self, dataset_id: int, *, version: int | None = None) -> DatasetInfo:
        """See `Workspace.get_dataset`."""
        found = self.datasets.get_version(dataset_id, version)
        self.datasets.verify(found)
        return describe_dataset(found)

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
        """See `Workspace.create_model`."""
        model = self.models.create(
            path,
            name=name,
            description=description,
            metrics=metrics,
            category=category,
            parent_model_id=parent_model_id,
            origin=origin,
        )
        return describe_model(model, self.models.locate(model))

    def get_model(self, model_id: int) -> ModelInfo:
        """See `Workspace.get_model`."""
        model = self.models.get(model_id)
        return describe_model(model, self.models.get_path(model))
