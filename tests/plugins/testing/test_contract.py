"""What actions call on a server: the fake backend answers as the real one. Each test runs against both."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.clients.errors import HTTPError, NotFoundError, ValidationError
from synapse_sdk.plugins import BaseAction, LocalExecutor


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "best.pt"
    file.write_bytes(b"0123456789" * 1000)
    return file


def test_a_model_is_made_of_a_file_and_read_back(backend: BackendClient, file: Path):
    made = backend.create_model({"name": "best", "description": "good", "checkpoint": None}, file)

    got = backend.get_model(made["id"])
    assert (got["name"], got["description"], got["size_bytes"]) == ("best", "good", 10_000)
    assert Path(got["file"]).read_bytes() == file.read_bytes()
    assert Path(got["file"]).name == "best.pt"
    assert backend.exists("list_models")


def test_an_upload_in_chunks_tells_how_far_it_is(backend: BackendClient, file: Path):
    seen: list[tuple[int, int]] = []

    upload = backend.create_chunked_upload(file, 3000, lambda *at: seen.append(at))

    assert seen == [(3000, 10_000), (6000, 10_000), (9000, 10_000), (10_000, 10_000)]
    assert upload["checksum"] == hashlib.md5(file.read_bytes()).hexdigest()
    assert backend.get_chunked_upload(upload["id"])["completed_at"]


def test_models_are_listed_page_by_page_and_by_name(backend: BackendClient, file: Path):
    for name in "abc":
        backend.create_model({"name": name}, file)

    found: Any = backend.list_models({"limit": 2}, list_all=True)
    models, count = found
    assert (count, [model["name"] for model in models]) == (3, ["a", "b", "c"])
    page: Any = backend.list_models({"limit": 2})
    assert (len(page["results"]), page["count"], bool(page["next"])) == (2, 3, True)
    only: Any = backend.list_models({"name": "b"})
    assert (only["count"], only["next"]) == (1, None)
    assert not backend.exists("list_models", {"name": "z"})


def test_files_are_known_by_their_sha1(backend: BackendClient, file: Path):
    sha1 = hashlib.sha1(file.read_bytes()).hexdigest()
    assert backend.verify_data_files_checksums([sha1]) == {"existing_checksums": []}

    whole, chunked = backend.create_data_file(file), backend.create_data_file(file, True)

    assert (whole["checksum"], whole["name"]) == (chunked["checksum"], chunked["name"]) == (sha1, "best.pt")
    assert backend.verify_data_files_checksums([sha1, "0" * 40]) == {"existing_checksums": [sha1]}


def test_the_default_storage_is_a_folder(backend: BackendClient):
    storage = backend.get_default_storage()

    assert storage is not None
    assert storage["provider"] == "file_system"
    assert Path(backend.get_storage(storage["id"])["configuration"]["location"]).is_absolute()
    with pytest.raises(NotFoundError):
        backend.open_storage_session(storage["id"], "read")


def test_what_is_not_there_is_not_found(backend: BackendClient):
    for ask in (backend.get_model, backend.get_chunked_upload, backend.get_storage):
        with pytest.raises(NotFoundError) as caught:
            ask(99)
        assert caught.value.status_code == 404


@pytest.mark.parametrize("body", [{}, {"name": "x"}])
def test_a_model_without_name_or_file_is_refused(backend: BackendClient, body: dict[str, Any]):
    with pytest.raises(ValidationError):
        backend.create_model(body)


def test_a_model_of_an_upload_that_is_not_there_is_refused(backend: BackendClient):
    with pytest.raises(HTTPError):
        backend.create_model({"name": "x", "chunked_upload": 99})


def test_signed_addresses_are_not_given(backend: BackendClient, file: Path):
    with pytest.raises(NotFoundError):
        list(backend.upload_files_bulk([file]))


def test_an_action_works_with_either(backend: BackendClient, file: Path):
    class Keep(BaseAction):  # type: ignore[type-arg]
        def execute(self) -> dict[str, Any]:
            made = self.ctx.client.create_model({"name": "kept"}, file)
            return {"bytes": len(Path(self.ctx.client.get_model(made["id"])["file"]).read_bytes())}

    assert LocalExecutor(sinks=[], client=backend).execute(Keep) == {"bytes": 10_000}
