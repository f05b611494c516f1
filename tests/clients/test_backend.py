"""`BackendClient` against the real server."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.clients.errors import AuthenticationError, AuthorizationError, NotFoundError


@pytest.fixture
def backend(server):
    client = BackendClient(server.url, server.token("developer"), url_host="https://elsewhere.example")
    yield client
    client.close()


def test_a_model_is_uploaded_in_chunks_and_read_back(server, backend, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPSE_HOME", str(tmp_path / "home"))
    file = tmp_path / "best.zip"
    file.write_bytes(b"0123456789" * 1000)
    seen = []
    upload = backend.create_chunked_upload(file, chunk_size=3000, on_progress=lambda *at: seen.append(at))

    body = {"name": "best", "plugin": "p", "version": "1.0.0", "chunked_upload": upload["id"]}
    made = backend.create_model({**body, "checkpoint": None})

    assert seen == [(3000, 10000), (6000, 10000), (9000, 10000), (10000, 10000)]
    assert upload["checksum"] == hashlib.md5(file.read_bytes()).hexdigest()
    assert backend.get_chunked_upload(upload["id"])["completed_at"]
    got = backend.get_model(made["id"])
    assert Path(got["file"]).read_bytes() == file.read_bytes()
    assert {**got, "file": ""} == {**made, "file": ""}
    assert backend.exists("list_models")


def test_an_empty_file_can_be_uploaded(backend, tmp_path):
    (tmp_path / "empty").touch()

    assert backend.create_model({"name": "x"}, tmp_path / "empty")["size_bytes"] == 0


def test_list_all_follows_the_pages(backend, tmp_path):
    (tmp_path / "m").write_text("m")
    number = backend.create_chunked_upload(tmp_path / "m")["id"]
    for name in "abc":
        backend.create_model({"name": name, "chunked_upload": number})

    found, count = backend.list_models({"limit": 2}, list_all=True)

    assert count == 3
    assert [model["name"] for model in found] == ["a", "b", "c"]
    assert backend.list_models({"name": "b"})["count"] == 1
    assert not backend.exists("list_models", {"name": "z"})


@pytest.mark.parametrize("use_chunked_upload", [None, True])
def test_data_files_come_whole_or_in_chunks(backend, tmp_path, use_chunked_upload):
    (tmp_path / "a.png").write_bytes(b"pixels")

    made = backend.create_data_file(tmp_path / "a.png", use_chunked_upload)

    sha1 = hashlib.sha1(b"pixels").hexdigest()
    assert (made["checksum"], made["name"]) == (sha1, "a.png")
    assert backend.verify_data_files_checksums([sha1]) == {"existing_checksums": [sha1]}


def test_the_default_storage_is_found(server, backend):
    storage = backend.get_default_storage()

    assert storage["provider"] == "file_system"
    assert backend.get_storage(storage["id"])["configuration"]["location"].startswith(
        str(server.services.folder.root)
    )


def test_tokens_go_as_either_header_and_refusals_have_names(server):
    stranger = BackendClient(server.url, "wrong")
    with pytest.raises(AuthenticationError):
        stranger.list_models()
    stranger.close()
    client = BackendClient(server.url, authorization_token=server.token("viewer"), tenant="default")
    assert client.list_models()["count"] == 0
    with pytest.raises(AuthorizationError):
        client.create_model({"name": "x"}, __file__)
    with pytest.raises(NotFoundError):
        client.get_model(9)
    client.close()
    assert server.token("viewer") not in repr(client)


@pytest.mark.parametrize("odd", ["{}\n", "{}\r\nHost: elsewhere", "{} {}", "{}é", "\ufeff{}"])
@pytest.mark.parametrize("kind", ["access_token", "authorization_token", "agent_token"])
def test_a_token_that_can_be_none_is_refused_without_showing_it(odd, kind):
    token = "syn_user_secret_part"

    with pytest.raises(AuthenticationError, match="no token does") as caught:
        BackendClient("http://127.0.0.1:9", **{kind: odd.format(token, token)})

    assert "secret" not in f"{caught.value!r} {caught.value.details} {caught.value.__cause__}"
