"""Datasets of a local workspace: folders that stay where they are, and the record of what they held."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.storage.errors import explain_disk_errors
from synapse_sdk.workspace.errors import DatasetChangedError, NotFoundError
from synapse_sdk.workspace.layout import Layout
from synapse_sdk.workspace.manifest import (
    Item,
    OnProgress,
    hash_files,
    load_manifest,
    manifest_digest,
    write_manifest,
)
from synapse_sdk.workspace.record_folder import RecordFolder, load_record, write_record
from synapse_sdk.workspace.records import Dataset, DatasetVersion
from synapse_sdk.workspace.registration import Candidate, examine_folder
from synapse_sdk.workspace.splits import find_splits
from synapse_sdk.workspace.verification import verify_folder

#: Bytes that one line of a manifest takes, near enough to tell a person how much room is needed.
_LINE_BYTES = 200


@dataclass(frozen=True, slots=True)
class Registration:
    """What registering a folder came to."""

    version: DatasetVersion
    #: "created" a version · "unchanged": it was registered already · "moved": the same files, now found here
    outcome: Literal["created", "unchanged", "moved"]
    left_out: list[str]  # hidden files and folders, relative to the folder


class DatasetStore:
    """The datasets of one workspace. Any number of processes may register at once."""

    def __init__(self, layout: Layout, *, now: Callable[[], datetime] = utc_now) -> None:
        self._layout = layout
        self._versions = RecordFolder(layout.dataset_versions)
        self._now = now

    def register(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Registration:
        """Remember what the folder at `path` holds. The files stay there and are only read.

        A name that is already taken gets a next version if the contents differ from its latest one, and stays
        as it is if they do not. Hidden files and `__pycache__` do not count.

        Args:
            name: The folder's own name unless given. Only a given name makes the folder the next version of a
                dataset that was registered somewhere else: two folders called `data` may be strangers.
            on_progress: Called with the bytes read and the bytes to read.

        Raises:
            WorkspaceError: The folder is missing, empty or not usable, or the name is.
        """
        self._layout.check()
        candidate = examine_folder(path, name)
        candidate.refuse_stranger(self._find_named(candidate.name))  # before reading what may be very much
        root, listing = candidate.root, candidate.listing
        items = list(hash_files(root, listing.files, total_bytes=listing.size_bytes, on_progress=on_progress))
        digest = manifest_digest(items)
        with explain_disk_errors(self._layout.root, needed_bytes=_LINE_BYTES * len(items)):
            self._layout.ensure()
            with self._versions.draft() as draft:
                write_manifest(draft / "manifest.jsonl", items)
                while True:
                    taken = self._load_versions()
                    known = _find_dataset(_group(taken), lambda dataset: dataset.name == candidate.name)
                    candidate.refuse_stranger(known, digest=digest)
                    if known is not None and known.latest.digest == digest:
                        return self._renew(known.latest, root, items, listing.left_out)
                    version = self._build_next(candidate, items, digest, known, taken)
                    write_record(draft / "version.json", version)
                    if self._versions.publish(draft, version.id):
                        return Registration(version, "created", listing.left_out)

    def list_datasets(self) -> list[Dataset]:
        """Return all datasets in the order of their ids."""
        return _group(self._load_versions()) if self._layout.check() else []

    def get(self, wanted: int | str) -> Dataset:
        """Return a dataset by its id or its name. A name of digits is an id first.

        Raises:
            NotFoundError: There is none; the message names those that there are.
        """
        datasets = self.list_datasets()
        number = int(wanted) if isinstance(wanted, int) or (wanted.isascii() and wanted.isdigit()) else None
        found = _find_dataset(datasets, lambda dataset: dataset.id == number)
        found = found or _find_dataset(datasets, lambda dataset: dataset.name == wanted)
        if found is None:
            raise NotFoundError.among(
                "dataset",
                wanted if number is None else number,
                {dataset.id: dataset.name for dataset in datasets},
                way_in="Register one with: synapse dataset register FOLDER",
            )
        return found

    def get_version(self, wanted: int | str, number: int | None = None) -> DatasetVersion:
        """Return a version of a dataset, the latest unless `number` is given.

        Raises:
            NotFoundError: There is no such dataset, or it has no such version.
        """
        dataset = self.get(wanted)
        if number is None:
            return dataset.latest
        for version in dataset.versions:
            if version.number == number:
                return version
        raise NotFoundError(
            f"{dataset.latest.label} has no version {number}; its latest is {dataset.latest.number}.",
            {"kind": "dataset version", "wanted": number, "latest": dataset.latest.number},
            hint=f"See its versions with: synapse dataset show {dataset.id}",
        )

    def verify(self, version: DatasetVersion, *, on_progress: OnProgress | None = None) -> None:
        """Make sure that a version's folder holds exactly what was registered.

        Reads the files whose times are not those noted, and notes the new times of those that turn out to be
        the same.

        Raises:
            DatasetChangedError: The folder is gone, or files are changed, missing or new.
        """
        root, manifest = Path(version.root), self._manifest(version)
        details = {"dataset_id": version.dataset_id, "version": version.number, "path": version.root}
        name = shlex.quote(version.dataset_name)
        if not root.is_dir():
            raise DatasetChangedError(
                f"{version.label} is registered at {root}, but that folder is gone.",
                details,
                hint=f"Bring it back, or say where it is now: synapse dataset register FOLDER --name {name}",
            )
        verification = verify_folder(
            root, load_manifest(manifest), with_hidden=False, on_progress=on_progress
        )
        if not verification.is_as_registered:
            raise DatasetChangedError(
                f"{version.label} is no longer what was registered as version {version.number}, "
                f"in {root}: {verification}.",
                details
                | {
                    "changed": verification.changed,
                    "missing": verification.missing,
                    "added": verification.added,
                },
                hint="Bring the old contents back, or register what is there now: "
                f"synapse dataset register {shlex.quote(version.root)} --name {name}",
            )
        if verification.read_count:
            # Only hints: where they can not be written, the next use reads these files again.
            with suppress(OSError):
                write_manifest(manifest, verification.items)

    def _build_next(
        self,
        candidate: Candidate,
        items: list[Item],
        digest: str,
        known: Dataset | None,
        taken: list[DatasetVersion],
    ) -> DatasetVersion:
        next_dataset_id = max((version.dataset_id for version in taken), default=0) + 1
        return DatasetVersion(
            id=max((version.id for version in taken), default=0) + 1,
            dataset_id=known.id if known else next_dataset_id,
            dataset_name=candidate.name,
            number=known.latest.number + 1 if known else 1,
            digest=digest,
            root=str(candidate.root),
            splits=find_splits(items),
            item_count=len(items),
            size_bytes=candidate.listing.size_bytes,
            created_at=self._now(),
        )

    def _renew(
        self, version: DatasetVersion, root: Path, items: list[Item], left_out: list[str]
    ) -> Registration:
        write_manifest(self._manifest(version), items)
        if version.root == str(root):
            return Registration(version, "unchanged", left_out)
        moved = version.model_copy(update={"root": str(root)})
        write_record(self._versions.path(version.id) / "version.json", moved)
        return Registration(moved, "moved", left_out)

    def _find_named(self, name: str) -> Dataset | None:
        return _find_dataset(_group(self._load_versions()), lambda dataset: dataset.name == name)

    def _load_versions(self) -> list[DatasetVersion]:
        return [
            load_record(self._versions.path(number) / "version.json", DatasetVersion)
            for number in self._versions.numbers()
        ]

    def _manifest(self, version: DatasetVersion) -> Path:
        return self._versions.path(version.id) / "manifest.jsonl"


def _group(versions: list[DatasetVersion]) -> list[Dataset]:
    by_dataset: dict[int, list[DatasetVersion]] = {}
    for version in versions:
        by_dataset.setdefault(version.dataset_id, []).append(version)
    return [
        Dataset(id=number, name=own[0].dataset_name, versions=tuple(own), created_at=own[0].created_at)
        for number, own in sorted(by_dataset.items())
    ]


def _find_dataset(datasets: list[Dataset], is_wanted: Callable[[Dataset], bool]) -> Dataset | None:
    return next((dataset for dataset in datasets if is_wanted(dataset)), None)
