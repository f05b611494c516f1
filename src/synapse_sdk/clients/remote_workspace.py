"""A server's workspace, as actions see it: files are here when they are needed, models go there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from synapse_sdk.clients import datasets, models
from synapse_sdk.clients.download import OnProgress, download_files
from synapse_sdk.clients.errors import NotFoundError as MissingError
from synapse_sdk.clients.local_copies import LocalCopies
from synapse_sdk.clients.models import RemoteModel
from synapse_sdk.clients.server_address import ServerAddress
from synapse_sdk.clients.transport import Transport
from synapse_sdk.wire.envelope import InputReference
from synapse_sdk.workspace.describe import DatasetInfo, ModelInfo, SplitInfo
from synapse_sdk.workspace.errors import NotFoundError
from synapse_sdk.workspace.model_files import measure
from synapse_sdk.workspace.models import read_metrics, refuse_problems
from synapse_sdk.workspace.records import ModelCategory, ModelOrigin
from synapse_sdk.workspace.splits import Splits


class RemoteWorkspace:
    """The `Workspace` of a run whose datasets and models a server keeps.

    Files are downloaded once into a cache that runs may share, and checked before each use.
    """

    def __init__(
        self,
        url: str | ServerAddress,
        token: str,
        *,
        cache_folder: Path,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Prepare to ask; nothing is sent yet.

        Args:
            url: The server's address.
            token: A job's token, or a person's.
            cache_folder: Where copies of files lie; made when it is needed.
            on_progress: Called with the bytes that came or went, and all.
        """
        self._transport = Transport(url, token)
        self._copies = LocalCopies(cache_folder)
        self._on_progress = on_progress

    @classmethod
    def over(
        cls, transport: Transport, *, cache_folder: Path, on_progress: OnProgress | None = None
    ) -> RemoteWorkspace:
        """Return a workspace whose requests go through a transport that is there already."""
        workspace = cls(transport.url, "", cache_folder=cache_folder, on_progress=on_progress)
        workspace._transport = transport
        return workspace

    def __repr__(self) -> str:
        return f"RemoteWorkspace({self._transport.url!r})"

    @cached_property
    def name(self) -> str:
        """Code of the server's workspace."""
        code: str = self._transport.get("whoami/")["workspace"]["code"]
        return code

    def find_input(self, kind: str, number: int) -> InputReference | None:
        """See `Workspace.find_input`."""
        try:
            if kind == "model":
                digest = models.get_model(self._transport, number).digest
                return InputReference(kind=kind, id=number, digest=digest)
            latest = datasets.get_dataset(self._transport, number).latest
        except (NotFoundError, MissingError):
            return None
        return InputReference(kind=kind, id=number, version=latest.number, digest=latest.digest)

    def get_dataset(self, dataset_id: int, *, version: int | None = None) -> DatasetInfo:
        """See `Workspace.get_dataset`."""
        transport = self._transport
        found = (
            datasets.get_dataset(transport, dataset_id).latest
            if version is None
            else datasets.get_version(transport, dataset_id, version)
        )
        archive = f"datasets/{found.dataset_id}/versions/{found.number}/archive/"
        root = self._copies.get_dataset(
            found.digest,
            found.size_bytes,
            lambda: datasets.load_items(transport, found),
            lambda items, folder: download_files(
                transport, archive, items, folder, on_progress=self._on_progress
            ),
        )
        return {
            "id": found.dataset_id,
            "name": found.dataset_name,
            "path": str(root),
            "splits": Splits(
                {
                    split.name: SplitInfo(path=str(root / split.folder), count=split.item_count)
                    for split in found.splits
                }
            ),
            "version": found.number,
            "version_id": found.id,
            "digest": found.digest,
        }

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
        """See `Workspace.create_model`. The copy that is kept here is what goes to the server."""
        source = Path(path)
        numbers, problems = read_metrics({} if metrics is None else metrics)
        refuse_problems(source, name, description, category, problems)
        if parent_model_id is not None:
            models.get_model(self._transport, parent_model_id)
        copy, items, _ = self._copies.keep_model(source, measure(source))
        model = models.create_model(
            self._transport,
            copy,
            items,
            name=name,
            description=description,
            metrics=numbers,
            category=category,
            parent_model_id=parent_model_id,
            origin=origin,
            on_progress=self._on_progress,
        )
        return _describe(model, copy)

    def get_model(self, model_id: int) -> ModelInfo:
        """See `Workspace.get_model`."""
        transport = self._transport
        found = models.get_model(transport, model_id)
        path = self._copies.get_model(
            found.digest,
            found.filename,
            is_folder=found.is_folder,
            size_bytes=found.size_bytes,
            load=lambda: models.load_files(transport, found),
            fetch=lambda items, folder: download_files(
                transport, f"models/{found.id}/archive/", items, folder, on_progress=self._on_progress
            ),
        )
        return _describe(found, path)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


def _describe(model: RemoteModel, path: Path) -> ModelInfo:
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
