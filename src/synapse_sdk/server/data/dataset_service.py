"""Rules of datasets: versions never change, and a job reads only what its envelope names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.data import dataset_store as store
from synapse_sdk.server.data.access import DataAccess
from synapse_sdk.server.data.contents import Contents
from synapse_sdk.server.data.models import Dataset, DatasetVersion, Order
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import InvalidError, NotFoundError, Principal
from synapse_sdk.server.http.once import UNREPEATED, Once
from synapse_sdk.wire.envelope import InputReference
from synapse_sdk.workspace.manifest import Item, manifest_digest
from synapse_sdk.workspace.records import DatasetSplit
from synapse_sdk.workspace.splits import find_splits

NAME_LIMIT = 200
#: Items that are read from the database at once.
_PAGE = 1000


class DatasetService:
    """The datasets of all workspaces."""

    def __init__(
        self,
        database: Database,
        access: DataAccess,
        contents: Contents,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._access = access
        self._contents = contents
        self._now = now

    def create(
        self,
        principal: Principal,
        name: str,
        items: Sequence[Item],
        folder_by_split: Sequence[tuple[str, str]] | None = None,
        *,
        once: Once = UNREPEATED,
    ) -> tuple[DatasetVersion, bool]:
        """Return the version that holds these items, and whether it is new.

        A name that is taken gets a next version if the items differ from its latest one.

        Args:
            principal: Who asks.
            name: Name of the dataset.
            items: In the order of their paths. Their contents must be here already.
            folder_by_split: (name, folder) of each split; found by the folders' names unless given.
            once: The request's idempotency key.

        Raises:
            ConflictError: Contents are missing; names some.
        """
        principal.require("data:write")
        _check_name(name)
        if not items:
            raise InvalidError("A dataset holds at least one file; this manifest is empty.")
        splits = find_splits(items) if folder_by_split is None else _measure_splits(folder_by_split, items)
        digest = manifest_digest(items)
        with self._database.write() as connection:
            if (known_id := once.recall(connection)) is not None:
                dataset_id, number = map(int, known_id.split("/"))
                version = store.find_version(connection, principal.workspace_id, dataset_id, number)
                assert version is not None
                return version, False
            found = store.find_dataset(connection, principal.workspace_id, name=name)
            is_new = found is None or found.latest.digest != digest
            if is_new:
                self._contents.require_contents(connection, principal.workspace_id, items)
                version = self._add(connection, principal, name, found, items, digest, splits)
            else:
                assert found is not None
                version = found.latest
            once.remember(connection, f"{version.dataset_id}/{version.number}")
            return version, is_new

    def list_datasets(
        self,
        principal: Principal,
        *,
        after: int | None = None,
        limit: int = 100,
        order: Order = "oldest",
        name: str | None = None,
    ) -> tuple[list[Dataset], int]:
        """Return datasets after one of them, and how many there are in all."""
        self._access.require_list(principal)
        with self._database.read() as connection:
            found = store.list_datasets(
                connection, principal.workspace_id, after=after, limit=limit, order=order, name=name
            )
            return found, store.count_datasets(connection, principal.workspace_id, name=name)

    def get_dataset(self, principal: Principal, dataset_id: int) -> Dataset:
        """Return a dataset. To a job, the version that its envelope names is the latest one."""
        self._access.require_input(principal, "dataset", dataset_id)
        with self._database.read() as connection:
            found = store.find_dataset(connection, principal.workspace_id, dataset_id=dataset_id)
        if found is None:
            raise NotFoundError(f"There is no dataset {dataset_id}.", {"id": dataset_id})
        inputs = self._access.find_inputs(principal)
        if inputs is None:
            return found
        numbers = [item.version for item in inputs if item.kind == "dataset" and item.id == dataset_id]
        latest = self.get_version(principal, dataset_id, max(filter(None, numbers), default=0))
        return Dataset(found.id, found.name, found.created_by, found.created_at, latest)

    def list_versions(
        self, principal: Principal, dataset_id: int, *, after: int = 0, limit: int = 100
    ) -> list[DatasetVersion]:
        """Return the versions of a dataset, oldest first.

        Raises:
            NotFoundError: There is no such dataset.
        """
        self._access.require_list(principal)
        self.get_dataset(principal, dataset_id)
        with self._database.read() as connection:
            return store.list_versions(
                connection, principal.workspace_id, dataset_id, after=after, limit=limit
            )

    def get_version(self, principal: Principal, dataset_id: int, number: int) -> DatasetVersion:
        """Return a version of a dataset by its number."""
        self._access.require_input(principal, "dataset", dataset_id, version=number)
        with self._database.read() as connection:
            found = store.find_version(connection, principal.workspace_id, dataset_id, number)
        if found is None:
            raise NotFoundError(
                f"There is no version {number} of dataset {dataset_id}.",
                {"id": dataset_id, "version": number},
            )
        return found

    def list_items(self, version: DatasetVersion, *, after: str = "", limit: int = 1000) -> list[Item]:
        """Return items of a version that `get_version` gave, in the order of their paths."""
        with self._database.read() as connection:
            return store.list_items(connection, version.id, after=after, limit=limit)

    def iter_items(self, version: DatasetVersion) -> Iterator[Item]:
        """Yield all items of a version, in the order of their paths."""
        after = ""
        while items := self.list_items(version, after=after, limit=_PAGE):
            yield from items
            after = items[-1].path

    def get_item(self, version: DatasetVersion, path: str) -> Item:
        """Return the item of a version that lies at `path`."""
        with self._database.read() as connection:
            found = store.find_item(connection, version.id, path)
        if found is None:
            raise NotFoundError(
                f"Version {version.number} of dataset {version.dataset_id} has no file {path!r}.",
                {"id": version.dataset_id, "version": version.number, "path": path},
            )
        return found

    def find_input(self, workspace_id: int, dataset_id: int) -> InputReference | None:
        """Return what an envelope records of a dataset: its latest version."""
        with self._database.read() as connection:
            found = store.find_dataset(connection, workspace_id, dataset_id=dataset_id)
        if found is None:
            return None
        latest = found.latest
        return InputReference(kind="dataset", id=dataset_id, version=latest.number, digest=latest.digest)

    def _add(
        self,
        connection: sa.Connection,
        principal: Principal,
        name: str,
        found: Dataset | None,
        items: Sequence[Item],
        digest: str,
        splits: Sequence[DatasetSplit],
    ) -> DatasetVersion:
        workspace_id, now = principal.workspace_id, self._now()
        dataset_id = (
            found.id
            if found is not None
            else store.add_dataset(connection, workspace_id, name=name, created_by=principal.name, now=now)
        )
        number = 1 if found is None else found.latest.number + 1
        facts = {
            "workspace_id": workspace_id,
            "dataset_id": dataset_id,
            "number": number,
            "digest": digest,
            "item_count": len(items),
            "size_bytes": sum(item.size_bytes for item in items),
            "splits": [split.model_dump(mode="json") for split in splits],
            "created_by": principal.name,
            "created_at": now,
        }
        store.add_version(connection, facts, items)
        version = store.find_version(connection, workspace_id, dataset_id, number)
        assert version is not None
        return version


def _check_name(name: str) -> None:
    if not (name.strip() == name and name.isprintable() and 0 < len(name) <= NAME_LIMIT):
        problem = {
            "loc": ["name"],
            "msg": f"it takes 1 to {NAME_LIMIT} printable characters without space around them",
            "type": "name",
            "input": name[:NAME_LIMIT],
        }
        raise InvalidError.of_fields([problem])


def _measure_splits(
    folder_by_split: Sequence[tuple[str, str]], items: Sequence[Item]
) -> tuple[DatasetSplit, ...]:
    splits, problems, taken = [], [], set[str]()
    for index, (name, folder) in enumerate(folder_by_split):
        sizes = [item.size_bytes for item in items if item.path.startswith(f"{folder}/")]
        splits.append(DatasetSplit(name=name, folder=folder, item_count=len(sizes), size_bytes=sum(sizes)))
        if name in taken or not sizes:
            said = "the name is there twice" if name in taken else "there are no files in this folder"
            problems.append({"loc": ["splits", index], "msg": said, "type": "split", "input": folder})
        taken.add(name)
    if problems:
        raise InvalidError.of_fields(problems)
    return tuple(splits)
