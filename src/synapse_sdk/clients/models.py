"""Models of a server: bring files there, and look at what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from synapse_sdk._internal.jsonable import to_jsonable
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.clients.datasets import describe_items, parse_items
from synapse_sdk.clients.errors import NotFoundError as MissingError
from synapse_sdk.clients.jobs import iter_results
from synapse_sdk.clients.transport import Transport
from synapse_sdk.clients.upload import Content, OnProgress, upload_contents
from synapse_sdk.workspace.errors import NotFoundError
from synapse_sdk.workspace.manifest import Item
from synapse_sdk.workspace.records import Model, ModelCategory, ModelOrigin

#: How many models an error names.
_NAMED = 100
_CREATE_TIMEOUT_S = 300.0


class RemoteModel(Model):
    """A model as the server describes it."""

    job: str | None = Field(default=None, description="Id of the job that made it.")
    created_by: str = ""


def create_model(
    transport: Transport,
    path: Path,
    items: list[Item],
    *,
    name: str,
    description: str = "",
    metrics: Mapping[str, float] | None = None,
    category: ModelCategory = "fine_tuned",
    parent_model_id: int | None = None,
    origin: ModelOrigin | None = None,
    on_progress: OnProgress | None = None,
) -> RemoteModel:
    """Bring a file or folder to the server as a new model; repeated sending makes one.

    Args:
        transport: The server.
        path: The file or folder, with the name that the model shall have.
        items: Its files with their digests; a file has the one item of its name.
        name: What people call the model.
        description: One sentence about it.
        metrics: What it reached, by name.
        category: "fine_tuned" or "base".
        parent_model_id: The model that it was trained from.
        origin: The run that made it.
        on_progress: Called with the bytes that the server has, and all.

    Raises:
        StorageError: The files changed.
        ClientError: The server can not be reached, or refuses.
    """
    is_folder = path.is_dir()
    contents = (
        Content(item.digest, item.size_bytes, path / item.path if is_folder else path) for item in items
    )
    upload_contents(transport, contents, on_progress=on_progress)
    body: dict[str, Any] = {
        "name": name,
        "manifest": describe_items(items),
        "filename": path.name,
        "is_folder": is_folder,
        "description": description,
        "metrics": to_jsonable(dict(metrics or {}), path="metrics"),
        "category": category,
        "parent_model_id": parent_model_id,
        "origin": None if origin is None else origin.model_dump(mode="json"),
    }
    document = transport.post("models/", json=body, idempotency_key=uuid7(), timeout_s=_CREATE_TIMEOUT_S)
    return RemoteModel.model_validate(document)


def iter_models(transport: Transport) -> Iterator[RemoteModel]:
    """Yield all models, oldest first."""
    return map(RemoteModel.model_validate, iter_results(transport, "models/"))


def get_model(transport: Transport, model_id: int) -> RemoteModel:
    """Return a model.

    Raises:
        NotFoundError: There is none; the message names those that there are.
    """
    try:
        return RemoteModel.model_validate(transport.get(f"models/{model_id}/"))
    except MissingError:
        page = transport.get("models/", params={"limit": _NAMED, "order": "newest"})
        raise NotFoundError.among(
            "model",
            model_id,
            {item["id"]: item["name"] for item in page["results"]},
            way_in="A run of a train action saves one: synapse plugin run train",
        ) from None


def load_files(transport: Transport, model: RemoteModel) -> list[Item]:
    """Return the manifest of a model; a file has the one item of its name."""
    return parse_items(iter_results(transport, f"models/{model.id}/files/", params={"limit": 1000}))
