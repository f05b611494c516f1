"""Files below an address: read whole, never written, never somewhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.storage_providers.file_server import FileServer, file_server

from synapse_sdk.storage_providers.config import HTTPStorageConfig
from synapse_sdk.storage_providers.errors import (
    StorageCapabilityError,
    StorageConfigError,
    StorageConnectionError,
    StorageError,
    StorageNotFoundError,
    StoragePermissionError,
)
from synapse_sdk.utils.storage import StoragePath, get_path_total_size, get_pathlib, get_storage


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as server:
        server.files = {"a%20b/cat.txt": b"a cat"}
        yield server


def describe(server: FileServer, **more: Any) -> dict[str, Any]:
    return {"provider": "https", "configuration": {"base_url": f"{server.url}/files/", **more}}


def test_a_file_is_read(server: FileServer):
    path = get_pathlib(describe(server), "a b") / "cat.txt"

    assert (path.read_bytes(), path.read_text(), path.open("r").read()) == (b"a cat", "a cat", "a cat")
    assert (path.name, path.stem, path.suffix, path.parent.name) == ("cat.txt", "cat", ".txt", "a b")
    assert (
        str(path)
        == get_storage(describe(server)).get_url("a b/cat.txt")
        == f"{server.url}/files/a%20b/cat.txt"
    )
    assert isinstance(path, StoragePath)


@pytest.mark.parametrize("has_head", [True, False])
def test_what_is_there_is_known_and_weighed(server: FileServer, has_head: bool):
    server.has_head = has_head
    storage = get_storage(describe(server))

    assert (storage.exists("a b/cat.txt"), storage.exists("dog.txt")) == (True, False)
    assert get_path_total_size(describe(server), "a b/cat.txt") == 5


def test_a_password_in_the_address_is_sent_and_not_told(server: FileServer):
    server.asks_for = ("Authorization", "Basic bWU6cEBzcw==")
    base_url = f"{server.url}/files/".replace("://", "://me:p%40ss@")
    described = {"provider": "http", "configuration": {"base_url": base_url}}

    path = get_pathlib(described, "a b/cat.txt")

    assert path.read_bytes() == b"a cat"
    with pytest.raises(StorageNotFoundError) as caught:
        (path.parent / "dog.txt").read_bytes()
    told = f"{caught.value} {caught.value.details} {path} {path!r} {get_storage(described).get_url('x')}"
    assert "p%40ss" not in told
    assert "p%40ss" not in repr(HTTPStorageConfig(base_url=base_url))


def test_every_request_has_the_headers_of_the_configuration(server: FileServer):
    server.asks_for = ("X-Key", "s3cret")

    assert get_pathlib(describe(server, headers={"X-Key": "s3cret"}), "a b/cat.txt").exists()
    with pytest.raises(StoragePermissionError, match="the server answers 401") as caught:
        get_storage(describe(server, headers={"X-Key": "wr0ng"})).exists("a b/cat.txt")
    assert "wr0ng" not in repr(caught.value)


def test_a_file_that_breaks_off_is_not_taken_for_a_short_one(server: FileServer):
    server.breaks_off.add("a%20b/cat.txt")

    with pytest.raises(StorageConnectionError, match="can not be reached"):
        get_pathlib(describe(server), "a b/cat.txt").read_bytes()


@pytest.mark.parametrize(
    ("status", "kind"), [(410, StorageNotFoundError), (503, StorageConnectionError), (302, StorageError)]
)
def test_other_answers_have_their_errors_and_other_addresses_are_not_followed(
    server: FileServer, status: int, kind: type[StorageError]
):
    server.troubles["/files/x"] = status

    with pytest.raises(kind) as caught:
        get_pathlib(describe(server), "x").read_bytes()

    assert type(caught.value) is kind
    assert caught.value.details["status_code"] == status
    assert server.asked == ["GET /files/x"]


def test_it_can_be_read_only_and_lists_nothing(server: FileServer, tmp_path):
    storage, path = get_storage(describe(server)), get_pathlib(describe(server), "a b/cat.txt")

    for ask in (
        lambda: storage.upload(tmp_path / "x", "x"),
        lambda: path.open("wb"),
        lambda: path.write_bytes(b""),
        path.iterdir,
        lambda: path.glob("*"),
        lambda: path.mkdir(parents=True),
    ):
        with pytest.raises(StorageCapabilityError, match="A storage of the kind 'http' can not"):
            ask()
    assert server.asked == []


def test_no_path_leads_out(server: FileServer):
    with pytest.raises(StoragePermissionError):
        get_pathlib(describe(server), "../secret")
    with pytest.raises(StoragePermissionError):
        get_pathlib(describe(server), "a") / "../../secret"


@pytest.mark.parametrize(
    "address", ["files", "ftp://x/y", "http://", "http://x:port/", "http://x/?key=s3cret"]
)
def test_a_base_url_is_an_address(address: str):
    with pytest.raises(StorageConfigError, match="begins with http://") as caught:
        get_storage({"provider": "http", "configuration": {"base_url": address}})

    assert "s3cret" not in repr(caught.value)


def test_a_server_that_is_away_is_told(server: FileServer):
    described = {"provider": "http", "configuration": {"base_url": "http://127.0.0.1:9/files"}}

    with pytest.raises(StorageConnectionError, match=r"http://127\.0\.0\.1:9/files/x can not be reached"):
        get_storage(described).exists("x")
