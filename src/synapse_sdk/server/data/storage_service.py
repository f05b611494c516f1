"""Rules of storages: places for files, as the vendor's clients know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.data import file_store as store
from synapse_sdk.server.data.models import Storage
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import NotFoundError, Principal


class StorageService:
    """The storages of all workspaces: each has one from the start."""

    def __init__(self, database: Database, *, root: Path, now: Callable[[], datetime] = utc_now) -> None:
        """Serve storages; those that the server keeps itself lie in `root`."""
        self._database = database
        self._root = root
        self._now = now

    def list_storages(self, principal: Principal, *, category: str | None = None) -> Sequence[Storage]:
        """Return the workspace's storages; their configurations are left out."""
        principal.require("data:read")
        self._ensure_default(principal.workspace_id)
        with self._database.read() as connection:
            found = store.list_storages(connection, principal.workspace_id, category=category)
        return [replace(storage, configuration={}) for storage in found]

    def get_storage(
        self, principal: Principal, storage_id: int, *, with_configuration: bool = False
    ) -> Storage:
        """Return a storage; its configuration only to those who may write."""
        principal.require("data:write" if with_configuration else "data:read")
        self._ensure_default(principal.workspace_id)
        with self._database.read() as connection:
            found = store.find_storage(connection, principal.workspace_id, storage_id)
        if found is None:
            raise NotFoundError(f"There is no storage {storage_id}.", {"id": storage_id})
        return replace(found, configuration=self._locate(found) if with_configuration else {})

    def _ensure_default(self, workspace_id: int) -> None:
        with self._database.read() as connection:
            is_there = bool(store.list_storages(connection, workspace_id, category="internal"))
        if not is_there:
            location = f"storages/{workspace_id}"
            (self._root / location).mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._database.write() as connection:
                store.ensure_default_storage(connection, workspace_id, location=location, now=self._now())

    def _locate(self, storage: Storage) -> dict[str, object]:
        # Relative in the database, so that a data folder can move.
        location = storage.configuration.get("location")
        inside = {} if location is None else {"location": str(self._root / location)}
        return {**storage.configuration, **inside}
