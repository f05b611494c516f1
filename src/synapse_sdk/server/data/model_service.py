"""Rules of models: what they hold is here before they are, and where they came from is the server's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.jsonable import NotJsonError, to_jsonable
from synapse_sdk.server.data import model_store as store
from synapse_sdk.server.data.access import DataAccess
from synapse_sdk.server.data.contents import Contents
from synapse_sdk.server.data.models import Model, Order
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import InvalidError, NotFoundError, Principal
from synapse_sdk.server.http.once import UNREPEATED, Once
from synapse_sdk.wire.envelope import InputReference
from synapse_sdk.workspace.manifest import Item, manifest_digest
from synapse_sdk.workspace.records import ModelCategory, ModelOrigin

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model to make."""

    name: str
    files: Sequence[Item]  # in the order of their paths
    filename: str
    is_folder: bool = False
    description: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    category: ModelCategory = "fine_tuned"
    parent_model_id: int | None = None
    configuration: Mapping[str, Any] = field(default_factory=dict)
    origin: ModelOrigin | None = None
    #: Where there is no origin, as the vendor's clients have none.
    plugin_code: str | None = None
    plugin_version: str | None = None


class ModelService:
    """The models of all workspaces."""

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

    def create(self, principal: Principal, new: NewModel, *, once: Once = UNREPEATED) -> tuple[Model, bool]:
        """Make a model; return it, and whether it is new: an Idempotency-Key may have made it before.

        What a job makes came from that job, whatever the request says.

        Raises:
            InvalidError: There is no such parent, or the files do not make one model.
            ConflictError: Contents are missing; names some.
        """
        self._access.require_create(principal)
        if not new.is_folder and [item.path for item in new.files] != [new.filename]:
            raise InvalidError(f"A model of one file has exactly the file {new.filename!r} in its manifest.")
        origin = self._trace(principal, new.origin)
        facts = self._facts(principal, new, origin)
        with self._database.write() as connection:
            if (known_id := once.recall(connection)) is not None:
                return self._load(connection, principal.workspace_id, int(known_id)), False
            self._require_parent(connection, principal.workspace_id, new.parent_model_id)
            self._contents.require_contents(connection, principal.workspace_id, new.files)
            model_id = store.add_model(connection, facts, new.files)
            once.remember(connection, model_id)
            return self._load(connection, principal.workspace_id, model_id), True

    def list_models(
        self,
        principal: Principal,
        *,
        after: int | None = None,
        limit: int = 100,
        order: Order = "oldest",
        name: str | None = None,
        job_id: str | None = None,
    ) -> tuple[list[Model], int]:
        """Return models after one of them, and how many there are in all."""
        self._access.require_list(principal)
        workspace_id = principal.workspace_id
        with self._database.read() as connection:
            found = store.list_models(
                connection, workspace_id, after=after, limit=limit, order=order, name=name, job_id=job_id
            )
            return found, store.count_models(connection, workspace_id, name=name, job_id=job_id)

    def get_model(self, principal: Principal, model_id: int) -> Model:
        """Return a model. A job sees those of its envelope, and those that it made itself.

        Raises:
            NotFoundError: There is none.
            ForbiddenError: It is none of the job's.
        """
        with self._database.read() as connection:
            found = store.find_model(connection, principal.workspace_id, model_id)
        if found is None or principal.job_id is None or found.job_id != principal.job_id:
            self._access.require_input(principal, "model", model_id)
        if found is None:
            raise NotFoundError(f"There is no model {model_id}.", {"id": model_id})
        return found

    def list_files(self, model: Model, *, after: str = "", limit: int = 1000) -> list[Item]:
        """Return files of a model that `get_model` gave, in the order of their paths."""
        with self._database.read() as connection:
            return store.list_files(connection, model.id, after=after, limit=limit)

    def iter_files(self, model: Model) -> Iterator[Item]:
        """Yield all files of a model, in the order of their paths."""
        after = ""
        while items := self.list_files(model, after=after, limit=_PAGE):
            yield from items
            after = items[-1].path

    def get_file(self, model: Model, path: str) -> Item:
        """Return the file of a model that lies at `path`."""
        with self._database.read() as connection:
            found = store.find_file(connection, model.id, path)
        if found is None:
            raise NotFoundError(f"Model {model.id} has no file {path!r}.", {"id": model.id, "path": path})
        return found

    def find_input(self, workspace_id: int, model_id: int) -> InputReference | None:
        """Return what an envelope records of a model."""
        with self._database.read() as connection:
            found = store.find_model(connection, workspace_id, model_id)
        return None if found is None else InputReference(kind="model", id=model_id, digest=found.digest)

    def _trace(self, principal: Principal, claimed: ModelOrigin | None) -> ModelOrigin | None:
        if principal.kind != "job" or principal.job_id is None or claimed is None:
            return claimed
        truth = {
            "job": principal.job_id,
            "attempt": principal.attempt or 1,
            "inputs": tuple(self._access.find_inputs(principal) or ()),
        }
        return claimed.model_copy(update=truth)

    def _facts(self, principal: Principal, new: NewModel, origin: ModelOrigin | None) -> dict[str, Any]:
        is_job = principal.kind == "job"
        return {
            "workspace_id": principal.workspace_id,
            "name": new.name,
            "description": new.description,
            "metrics": _require_json(new.metrics, "metrics"),
            "category": new.category,
            "parent_model_id": new.parent_model_id,
            "configuration": _require_json(new.configuration, "configuration"),
            "filename": new.filename,
            "is_folder": new.is_folder,
            "item_count": len(new.files),
            "digest": manifest_digest(new.files) if new.is_folder else new.files[0].digest,
            "size_bytes": sum(item.size_bytes for item in new.files),
            "origin": None if origin is None else origin.model_dump(mode="json"),
            "job_id": principal.job_id if is_job else origin and origin.job,
            "attempt": principal.attempt if is_job else origin and origin.attempt,
            "release_digest": origin and origin.plugin.release_digest,
            "plugin_code": new.plugin_code if origin is None else origin.plugin.code,
            "plugin_version": new.plugin_version if origin is None else origin.plugin.version,
            "created_by": principal.name,
            "created_at": self._now(),
        }

    def _require_parent(self, connection: sa.Connection, workspace_id: int, parent_id: int | None) -> None:
        if parent_id is not None and store.find_model(connection, workspace_id, parent_id) is None:
            problem = {
                "loc": ["parent_model_id"],
                "msg": f"there is no model {parent_id}",
                "type": "unknown",
                "input": parent_id,
            }
            raise InvalidError.of_fields([problem])

    def _load(self, connection: sa.Connection, workspace_id: int, model_id: int) -> Model:
        found = store.find_model(connection, workspace_id, model_id)
        assert found is not None
        return found


def _require_json(value: Mapping[str, Any], name: str) -> Any:
    try:
        return to_jsonable(value, path=name)
    except NotJsonError as error:
        raise InvalidError(error.message, error.details, hint=error.hint) from error
