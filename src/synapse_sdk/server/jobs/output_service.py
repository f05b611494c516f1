"""Rules of outputs: the attempt's agent brings them, whoever may see the job may read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

import sqlalchemy as sa

from synapse_sdk.server.db import Database
from synapse_sdk.server.http import InvalidError, NotFoundError, Principal
from synapse_sdk.server.jobs import output_store as store
from synapse_sdk.server.jobs.attempt_service import require_holder
from synapse_sdk.server.jobs.job_service import require_job
from synapse_sdk.workspace.manifest import Item


class RequireContents(Protocol):
    """Makes sure that a workspace has contents; the registry's."""

    def __call__(self, connection: sa.Connection, workspace_id: int, contents: Iterable[Item], /) -> None:
        """Raise ConflictError naming some of those that are not there."""


class OutputService:
    """The outputs of all jobs."""

    def __init__(self, database: Database, require_contents: RequireContents) -> None:
        self._database = database
        self._require_contents = require_contents

    def record(self, principal: Principal, lookup: str, attempt: int, items: Collection[Item]) -> None:
        """Note what an attempt left, whose contents must be here. Saying it again changes nothing.

        Raises:
            ConflictError: Contents are missing; names some.
            InvalidError: A path leads out of the folder, or is there twice.
        """
        _check_paths(items)
        principal.require("agents:work")
        with self._database.write() as connection:
            job = require_job(connection, principal, lookup)
            require_holder(connection, principal, job, attempt)
            self._require_contents(connection, job.workspace_id, items)
            store.add_outputs(connection, job.workspace_id, job.key, attempt, items)

    def list_outputs(
        self, principal: Principal, lookup: str, *, attempt: int | None, after: str, limit: int
    ) -> list[Item]:
        """Return outputs of an attempt, the latest unless told, in the order of their paths."""
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            number = attempt or job.attempt_count
            return store.list_outputs(connection, job.key, number, after=after, limit=limit)

    def get_output(self, principal: Principal, lookup: str, path: str, *, attempt: int | None) -> Item:
        """Return one output.

        Raises:
            NotFoundError: The attempt left no such file.
        """
        with self._database.read() as connection:
            job = require_job(connection, principal, lookup)
            found = store.find_output(connection, job.key, attempt or job.attempt_count, path)
        if found is None:
            raise NotFoundError(f"Job {job.number} has left no output {path!r}.", {"path": path})
        return found


def _check_paths(items: Collection[Item]) -> None:
    seen: set[str] = set()
    for item in items:
        parts = item.path.split("/")
        is_inside = all(part not in ("", ".", "..") for part in parts)
        if not is_inside or item.path in seen or "\\" in item.path or not item.path.isprintable():
            raise InvalidError(
                f"{item.path!r} is no path below outputs/, or is there twice.", {"path": item.path}
            )
        seen.add(item.path)
