"""Contents that lie in a pack, downloaded whole and in parts, as if they were files."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.server.registry.made_release import send_contents

from synapse_sdk._internal.digests import digest_bytes

DATA = bytes(range(200))
SIZE = len(DATA)


@pytest.fixture(params=["packed", "alone"])
def download(server: Any, request: pytest.FixtureRequest) -> Any:
    """Return what asks for `DATA`, which lies between others in a pack, or in a file of its own."""
    client = server.client()
    if request.param == "packed":
        send_contents(client, b"before", DATA, b"after")
    else:
        client.put(f"blobs/{digest_bytes(DATA)}/", content=DATA)
    stored = server.services.files.get(digest_bytes(DATA))
    assert stored.is_whole_file == (request.param == "alone")
    item = {"path": "a.bin", "size_bytes": SIZE, "digest": digest_bytes(DATA)}
    client.post("datasets/", json={"name": "d", "manifest": [item]})
    headers = {"Synapse-Access-Token": f"Token {server.token()}"}

    def ask(**more: str) -> httpx.Response:
        asked = {name.replace("_", "-"): value for name, value in more.items()}
        return httpx.get(f"{server.url}/datasets/1/versions/1/items/a.bin", headers=headers | asked)

    return ask


def test_all_of_it(download):
    answer = download()

    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"] == f'"{digest_bytes(DATA)}"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=150-", 150, SIZE),
        ("bytes=150-9999", 150, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        ("bytes=-9999", 0, SIZE),
        ("BYTES = 3 - 4", 3, 5),
    ],
)
def test_a_part_of_it(download, asked: str, start: int, stop: int):
    answer = download(Range=asked)

    assert (answer.status_code, answer.content) == (206, DATA[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(stop - start)
    assert answer.headers["etag"] == f'"{digest_bytes(DATA)}"'


def test_what_is_behind_its_end_is_refused(download):
    answer = download(Range=f"bytes={SIZE}-")

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(("etag", "status"), [(f'"{digest_bytes(DATA)}"', 206), ('"another"', 200)])
def test_a_part_of_another_state_is_not_given(download, etag: str, status: int):
    assert download(Range="bytes=0-9", If_Range=etag).status_code == status


def test_several_parts_are_answered_somehow(download):
    answer = download(Range="bytes=0-1,5-6")

    assert answer.status_code in (200, 206)
    assert DATA[5:7] in answer.content
