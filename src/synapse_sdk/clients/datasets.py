"""Datasets of a server: bring a folder there, and look at what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.clients.errors import NotFoundError as MissingError
from synapse_sdk.clients.jobs import iter_results
from synapse_sdk.clients.transport import Transport
from synapse_sdk.clients.upload import Content, OnProgress, upload_contents
from synapse_sdk.wire.base import Moment
from synapse_sdk.workspace.errors import NotFoundError
from synapse_sdk.workspace.manifest import Item, hash_files, manifest_digest
from synapse_sdk.workspace.records import DatasetSplit
from synapse_sdk.workspace.registration import examine_folder
from synapse_sdk.workspace.splits import find_splits

#: How many datasets an error names.
_NAMED = 100
#: A manifest of 200,000 files is some 40 MB, each of them a row.
_CREATE_TIMEOUT_S = 300.0


class RemoteVersion(BaseModel):
    """A dataset version as the server describes it."""

    id: int
    dataset_id: int
    dataset_name: str
    number: int
    digest: str
    splits: tuple[DatasetSplit, ...] = ()
    item_count: int
    size_bytes: int
    created_by: str = ""
    created_at: Moment

    @property
    def label(self) -> str:
        """How a sentence names its dataset."""
        return f"Dataset {self.dataset_id} ({self.dataset_name})"


class RemoteDataset(BaseModel):
    """A dataset as the server describes it, with its latest version."""

    id: int
    name: str
    created_at: Moment
    latest: RemoteVersion = Field(description="The version that is used when none is named.")


class RemoteRegistration(NamedTuple):
    """What registering a folder came to."""

    version: RemoteVersion
    outcome: str  # "created" a version · "unchanged": the server has it already
    left_out: list[str]  # hidden files and folders, relative to the folder
    sent_bytes: int


def register_dataset(
    transport: Transport,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    on_read: OnProgress | None = None,
    on_sent: OnProgress | None = None,
) -> RemoteRegistration:
    """Bring what the folder at `path` holds to the server, as a dataset or as the next version of one.

    Only contents that the server lacks travel. The same files again are the version that is there. Hidden
    files and `__pycache__` do not count.

    Args:
        transport: The server.
        path: The folder; only read.
        name: The folder's own name unless given.
        on_read: Called with the bytes that are hashed, and all.
        on_sent: Called with the bytes that the server has, and all.

    Raises:
        WorkspaceError: The folder is missing, empty or not usable, or the name is.
        ClientError: The server can not be reached, or refuses.
    """
    candidate = examine_folder(path, name)
    root, listing = candidate.root, candidate.listing
    items = list(hash_files(root, listing.files, total_bytes=listing.size_bytes, on_progress=on_read))
    known = find_by_name(transport, candidate.name)
    if known is not None and known.latest.digest == manifest_digest(items):
        return RemoteRegistration(known.latest, "unchanged", listing.left_out, 0)
    contents = (Content(item.digest, item.size_bytes, root / item.path) for item in items)
    upload = upload_contents(transport, contents, on_progress=on_sent)
    splits = [{"name": split.name, "folder": split.folder} for split in find_splits(items)]
    document = transport.post(
        "datasets/",
        json={"name": candidate.name, "manifest": describe_items(items), "splits": splits},
        idempotency_key=uuid7(),
        timeout_s=_CREATE_TIMEOUT_S,
    )
    version = RemoteVersion.model_validate(document)
    return RemoteRegistration(version, "created", listing.left_out, upload.sent_bytes)


def iter_datasets(transport: Transport) -> Iterator[RemoteDataset]:
    """Yield all datasets, oldest first."""
    return map(RemoteDataset.model_validate, iter_results(transport, "datasets/"))


def find_by_name(transport: Transport, name: str) -> RemoteDataset | None:
    """Return the dataset of this name."""
    found = transport.get("datasets/", params={"name": name})["results"]
    return RemoteDataset.model_validate(found[0]) if found else None


def get_dataset(transport: Transport, wanted: int | str) -> RemoteDataset:
    """Return a dataset by its id or its name. A name of digits is an id first.

    Raises:
        NotFoundError: There is none; the message names those that there are.
    """
    number = int(wanted) if isinstance(wanted, int) or (wanted.isascii() and wanted.isdigit()) else None
    if number is not None:
        try:
            return RemoteDataset.model_validate(transport.get(f"datasets/{number}/"))
        except MissingError:
            pass  # a name of digits, perhaps
    found = find_by_name(transport, str(wanted))
    if found is None:
        page = transport.get("datasets/", params={"limit": _NAMED, "order": "newest"})
        raise NotFoundError.among(
            "dataset",
            wanted if number is None else number,
            {item["id"]: item["name"] for item in page["results"]},
            way_in="Register one with: synapse dataset register FOLDER",
        )
    return found


def list_versions(transport: Transport, dataset_id: int) -> list[RemoteVersion]:
    """Return all versions of a dataset, oldest first."""
    found = iter_results(transport, f"datasets/{dataset_id}/versions/")
    return [RemoteVersion.model_validate(item) for item in found]


def get_version(transport: Transport, dataset_id: int, number: int) -> RemoteVersion:
    """Return a version of a dataset by its number.

    Raises:
        NotFoundError: The dataset has no such version.
    """
    try:
        document = transport.get(f"datasets/{dataset_id}/versions/{number}/")
    except MissingError:
        latest = get_dataset(transport, dataset_id).latest
        raise NotFoundError(
            f"{latest.label} has no version {number}; its latest is {latest.number}.",
            {"kind": "dataset version", "wanted": number, "latest": latest.number},
            hint=f"See its versions with: synapse dataset show {dataset_id}",
        ) from None
    return RemoteVersion.model_validate(document)


def load_items(transport: Transport, version: RemoteVersion) -> list[Item]:
    """Return the manifest of a version."""
    path = f"datasets/{version.dataset_id}/versions/{version.number}/items/"
    return parse_items(iter_results(transport, path, params={"limit": 1000}))


def parse_items(documents: Iterator[dict[str, Any]]) -> list[Item]:
    """Return the items that a server lists."""
    return [Item(item["path"], item["size_bytes"], item["digest"]) for item in documents]


def describe_items(items: list[Item]) -> list[dict[str, Any]]:
    """Return a manifest as a server takes it."""
    return [{"path": item.path, "size_bytes": item.size_bytes, "digest": item.digest} for item in items]
