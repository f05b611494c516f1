"""Uploads in chunks, data files and storages, as the vendor's clients speak."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest


@pytest.fixture
def http(server):
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Token {server.token()}"}) as client:
        yield client


def put_chunk(http, url, data, start, stop, total):
    return http.put(
        url,
        data={"filename": "best.zip"},
        files={"file": ("file", data[start:stop])},
        headers={"Content-Range": f"bytes {start}-{stop - 1}/{total}"},
    )


def upload(http, data, chunk=4):
    answer = put_chunk(http, "/chunked_upload/", data, 0, min(chunk, len(data)), len(data)).json()
    while answer["offset"] < len(data):
        start = answer["offset"]
        stop = min(start + chunk, len(data))
        answer = put_chunk(http, answer["url"], data, start, stop, len(data)).json()
    return http.post(answer["url"], json={"md5": hashlib.md5(data).hexdigest()}).json()


def test_a_file_comes_in_chunks_and_becomes_a_model(server, http):
    done = upload(http, b"0123456789")

    assert done["url"].startswith(server.url)
    assert done["completed_at"].endswith("Z")
    assert (done["size"], done["checksum"]) == (10, hashlib.md5(b"0123456789").hexdigest())
    assert http.get(f"/chunked_upload/{done['id']}/").json() == done
    body = {"name": "best", "plugin": "p", "version": "1.0.0", "chunked_upload": done["id"]}
    model = http.post("/models/", json=body).json()
    assert (model["filename"], model["plugin"], model["version"]) == ("best.zip", "p", "1.0.0")
    assert http.get(model["file"]).content == b"0123456789"
    assert list(server.services.folder.uploads.iterdir()) == []


def test_a_chunk_may_come_twice_but_none_may_be_left_out(http):
    data = b"0123456789"
    url = put_chunk(http, "/chunked_upload/", data, 0, 4, 10).json()["url"]

    assert put_chunk(http, url, data, 0, 4, 10).json()["offset"] == 4
    gap = put_chunk(http, url, data, 8, 10, 10)
    assert (gap.status_code, gap.json()["offset"]) == (409, 4)
    early = http.post(url, json={"md5": "0" * 32})
    assert (early.status_code, early.json()["offset"]) == (409, 4)
    assert put_chunk(http, url, data, 2, 10, 10).json()["offset"] == 10
    assert http.post(url, json={"md5": hashlib.md5(data).hexdigest()}).status_code == 200


def test_another_md5_is_refused(http):
    url = put_chunk(http, "/chunked_upload/", b"abcd", 0, 4, 4).json()["url"]

    refused = http.post(url, json={"md5": "0" * 32})

    assert refused.status_code == 400
    assert "changed on the way" in refused.json()["detail"]
    assert http.get(url).json()["completed_at"] is None


def test_ending_again_gives_the_same_answer(http):
    done = upload(http, b"0123456789")

    assert http.post(done["url"], json={"md5": done["checksum"]}).json() == done
    assert http.post(done["url"], json={"md5": "0" * 32}).status_code == 400


@pytest.mark.parametrize(
    "header", ["bytes 0-3/2", "bytes 0-9/10", "lines 0-3/4", "bytes 3-0/4", "bytes 0-3/*"]
)
def test_a_range_that_does_not_fit_is_refused(http, header):
    answer = http.put(
        "/chunked_upload/",
        data={"filename": "x"},
        files={"file": ("file", b"abcd")},
        headers={"Content-Range": header},
    )

    assert answer.status_code == 400
    assert "Content-Range" in answer.json()["detail"]


def test_a_file_that_is_too_large_is_refused_at_its_first_chunk(http):
    answer = put_chunk(http, "/chunked_upload/", b"abcd", 0, 4, 10**17)

    assert answer.status_code == 413


def test_an_upload_is_only_for_whoever_began_it(server, http):
    url = put_chunk(http, "/chunked_upload/", b"abcd", 0, 4, 4).json()["url"]
    other = {"Authorization": server.token("developer")}

    assert httpx.get(url, headers=other).status_code == 404
    assert httpx.post(url, json={}, headers=other).status_code == 404


def test_an_upload_goes_on_after_a_restart(start_server, tmp_path):
    first = start_server(tmp_path / "data")
    token = {"Authorization": first.token()}
    with httpx.Client(base_url=first.url, headers=token) as http:
        number = put_chunk(http, "/chunked_upload/", b"0123456789", 0, 4, 10).json()["id"]
    second = start_server(tmp_path / "data")
    with httpx.Client(base_url=second.url, headers=token) as http:
        url = f"/chunked_upload/{number}/"
        assert http.get(url).json()["offset"] == 4
        put_chunk(http, url, b"0123456789", 4, 10, 10)
        assert http.post(url, json={}).json()["checksum"] == hashlib.md5(b"0123456789").hexdigest()


def test_data_files_are_known_by_their_sha1(http):
    made = http.post("/data_files/", files={"file": ("a.png", b"pixels")})
    sha1 = hashlib.sha1(b"pixels").hexdigest()

    assert made.status_code == 201
    assert (made.json()["checksum"], made.json()["size"]) == (sha1, 6)
    assert http.get(made.json()["file"]).content == b"pixels"
    found = http.post("/data_files/verify_checksums/", json={"checksums": [sha1, "0" * 40]}).json()
    assert found == {"existing_checksums": [sha1]}


@pytest.mark.parametrize("form", ["json", "data"])
def test_a_data_file_may_be_an_upload_in_chunks(http, form):
    done = upload(http, b"0123456789")

    made = http.post("/data_files/", **{form: {"chunked_upload": done["id"]}}).json()

    assert made["checksum"] == hashlib.sha1(b"0123456789").hexdigest()
    assert made["name"] == "best.zip"


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {}},
        {"json": {"chunked_upload": "x"}},
        {"data": {"nothing": "1"}},
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
        {"files": {"file": ("../../etc/passwd", b"x")}},
    ],
)
def test_what_is_no_data_file_is_refused(http, request_):
    answer = http.post("/data_files/", **request_)

    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_workspace_has_a_storage_whose_configuration_is_for_those_who_write(server, http):
    (storage,) = http.get("/storages/", params={"category": "internal"}).json()["results"]
    viewer = {"Authorization": server.token("viewer")}
    address = f"{server.url}/storages/{storage['id']}/"

    assert (storage["is_default"], storage["configuration"]) == (True, {})
    full = http.get(address, params={"with_configuration": "true"}).json()
    location = Path(full["configuration"]["location"])
    assert location == server.services.folder.root / "storages/1"
    assert location.is_dir()
    assert httpx.get(address, params={"with_configuration": "true"}, headers=viewer).status_code == 403
    assert http.post(f"{address}session/", json={"purpose": "read"}).status_code == 404
    assert http.get("/storages/99/").status_code == 404
