"""An action's way to its server's storages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import LabellingServer, labelling_server

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.plugins.errors import ExecutionError, MissingClientError
from synapse_sdk.plugins.storage import acquire_storage
from synapse_sdk.utils.storage import StorageSession


@dataclass
class Context:
    client: Any


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LabellingServer]:
    with labelling_server(tmp_path / "storage") as server:
        yield server


@pytest.fixture
def context(server: LabellingServer) -> Iterator[Context]:
    client = BackendClient(server.url, "token")
    yield Context(client)
    client.close()


def test_a_storage_is_opened_for_writing(context: Context, server: LabellingServer, tmp_path: Path):
    (tmp_path / "cat.png").write_bytes(b"a cat")

    session = acquire_storage(context, 1)

    assert isinstance(session, StorageSession)
    with session:
        session.storage.upload(tmp_path / "cat.png", "cats/cat.png")
    assert (server.storage / "cats/cat.png").read_bytes() == b"a cat"
    assert server.requests("storages/1/session", "POST")[0].body == {"purpose": "write"}


def test_without_an_id_it_is_the_workspace_s_own(context: Context, server: LabellingServer):
    server.documents["storages"] = {
        "results": [{"id": 7, "is_default": False}, {"id": 8, "is_default": True}]
    }

    session = acquire_storage(context, None, purpose="read")

    assert isinstance(session, StorageSession)
    assert (session.storage_id, session.purpose) == (8, "read")


def test_what_is_missing_is_told(context: Context, server: LabellingServer):
    server.documents["storages"] = {"results": []}

    with pytest.raises(ExecutionError, match="no storage of its own"):
        acquire_storage(context, None)
    with pytest.raises(MissingClientError, match="Backend client is None"):
        acquire_storage(Context(None), 1)
