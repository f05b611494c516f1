"""The subject's services in one place, for its routes and for other subjects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.data.access import DataAccess, InputsOfJob, no_inputs
from synapse_sdk.server.data.contents import Contents
from synapse_sdk.server.data.dataset_service import DatasetService
from synapse_sdk.server.data.file_service import FileService
from synapse_sdk.server.data.model_service import ModelService
from synapse_sdk.server.data.storage_service import StorageService
from synapse_sdk.server.db import Database
from synapse_sdk.storage.blobs import BlobStore
from synapse_sdk.wire.envelope import InputReference


class DataService:
    """Datasets, models, files and storages."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        *,
        root: Path,
        uploads: Path,
        contents: Contents,
        inputs_of_job: InputsOfJob = no_inputs,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Wire the subject.

        Args:
            database: Where its rows lie.
            blobs: Where contents lie.
            root: The data folder; storages that the server keeps itself lie in it.
            uploads: Folder of files on their way in.
            contents: Which workspace has which contents; the registry's.
            inputs_of_job: What a job's envelope names; a job reads nothing else.
            now: The clock.
        """
        access = DataAccess(inputs_of_job)
        self.datasets = DatasetService(database, access, contents, now=now)
        self.models = ModelService(database, access, contents, now=now)
        self.files = FileService(database, blobs, access, contents, uploads=uploads, now=now)
        self.storages = StorageService(database, root=root, now=now)

    def find_input(self, workspace_id: int, kind: str, number: int) -> InputReference | None:
        """Return what an envelope records of a dataset (its latest version) or a model; None without one."""
        if kind == "dataset":
            return self.datasets.find_input(workspace_id, number)
        return self.models.find_input(workspace_id, number) if kind == "model" else None
