"""Contents over HTTP: whole ones are kept, torn ones go on, wrong ones are forgotten."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.server.registry.made_release import make_pack, send_contents

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.errors import AuthorizationError, HTTPError, ValidationError
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE
from synapse_sdk.storage.pack_folder import check_pack_file

LARGE = os.urandom(3_000_000)


def ask(client: Any, *contents: bytes) -> Any:
    blobs = [{"digest": digest_bytes(data), "size_bytes": len(data)} for data in contents]
    return client.post("blobs/missing/", json={"blobs": blobs})


def send_part(client: Any, data: bytes, start: int, end: int) -> Any:
    return client.put(
        f"blobs/{digest_bytes(data)}/",
        content=data[start:end],
        headers={"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"},
    )


def send_raw(server: Any, head: str, body: bytes, *, length: int) -> None:
    """Send a request that says it has `length` bytes, and break off after `body`."""
    address = urlsplit(server.url)
    lines = [head, "Host: 127.0.0.1", f"Synapse-Access-Token: {server.token()}", f"Content-Length: {length}"]
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def wait_for(found: Any, wanted: Any) -> None:
    deadline = time.monotonic() + 30
    while (last := found()) != wanted:
        assert time.monotonic() < deadline, f"{last!r}, not {wanted!r}"
        time.sleep(0.02)


def test_contents_are_missing_until_they_came(server):
    client = server.client("developer")

    assert ask(client, b"one", b"")["missing"] == [digest_bytes(b"one"), digest_bytes(b"")]
    assert send_contents(client, b"one", b"") == {"stored": 2}
    assert ask(client, b"one", b"", b"two") == {"missing": [digest_bytes(b"two")], "offsets": {}}
    assert server.services.registry.open_blob(1, digest_bytes(b"one")).read_bytes() == b"one"


def test_the_same_content_twice_is_stored_once(server):
    client = server.client("developer")

    send_contents(client, b"one", b"one")
    send_contents(client, b"one")

    (pack,) = server.services.folder.packs.iterdir()
    assert pack.suffix == ".pack"
    assert not [path for path in server.services.folder.blobs.rglob("*") if path.is_file()]


def test_what_is_new_in_a_pack_of_known_contents_is_found_in_it(server):
    client = server.client("developer")
    send_contents(client, b"one")
    send_contents(client, b"one", b"two", b"")

    def lies_in(data: bytes) -> str:
        stored = server.services.registry.open_blob(1, digest_bytes(data))
        assert stored.read_bytes() == data
        return stored.path.name

    assert lies_in(b"one") != lies_in(b"two") == lies_in(b"")


def test_a_pack_that_is_cut_keeps_what_came_whole(server):
    client = server.client("developer")
    first, second = os.urandom(2_000_000), os.urandom(2_000_000)
    pack = make_pack(first, second)

    send_raw(server, "POST /blobs/pack/ HTTP/1.1", pack[:3_000_000], length=len(pack))

    wait_for(lambda: ask(client, first, second)["missing"], [digest_bytes(second)])
    (pack,) = server.services.folder.packs.iterdir()
    assert pack.stat().st_size < 2_000_100  # without the half that came after it
    check_pack_file(pack)


def test_a_pack_with_a_wrong_content_keeps_those_before_it(server):
    client = server.client("developer")
    lie = make_pack(b"something")[:-1] + b"!"

    with pytest.raises(ValidationError, match="has the digest"):
        client.post("blobs/pack/", content=make_pack(b"good") + lie + make_pack(b"later"))

    assert ask(client, b"good", b"something", b"later")["missing"] == [
        digest_bytes(b"something"),
        digest_bytes(b"later"),
    ]
    with pytest.raises(ValidationError, match="Not a pack"):
        client.post("blobs/pack/", content=b"{}" * 100)


def test_a_pack_that_is_too_large_is_refused_and_says_so(server):
    client = server.client("developer")

    with pytest.raises(HTTPError, match=r"A pack has up to") as caught:
        client.post(
            "blobs/pack/",
            content=make_pack(*[os.urandom(10) + bytes(8_000_000) for _ in range(9)]),
            headers={"Content-Type": PACK_MEDIA_TYPE},
        )
    assert caught.value.status_code == 413


def test_a_large_content_comes_in_parts_and_goes_on_where_it_was(server):
    client = server.client("developer")
    digest = digest_bytes(LARGE)

    assert send_part(client, LARGE, 0, 1_000_000) == {
        "digest": digest,
        "offset": 1_000_000,
        "is_complete": False,
    }
    assert ask(client, LARGE) == {"missing": [digest], "offsets": {digest: 1_000_000}}
    for wrong in (500_000, 2_000_000):
        with pytest.raises(HTTPError) as caught:
            send_part(client, LARGE, wrong, 2_500_000)
        assert caught.value.status_code == 409
        assert caught.value.details["problem"]["offset"] == 1_000_000
    assert send_part(client, LARGE, 1_000_000, 3_000_000)["is_complete"]
    assert ask(client, LARGE)["missing"] == []
    assert server.services.registry.open_blob(1, digest).read_bytes() == LARGE
    assert not list(server.services.folder.uploads.iterdir())
    # And once more is no work and no error.
    assert send_part(client, LARGE, 0, 1_000_000) == {
        "digest": digest,
        "offset": 3_000_000,
        "is_complete": True,
    }


def test_a_large_content_goes_on_after_the_server_was_started_again(start_server, tmp_path):
    first = start_server(tmp_path / "data")
    send_part(first.client("developer"), LARGE, 0, 1_200_000)

    second = start_server(tmp_path / "data")

    assert send_part(second.client("developer"), LARGE, 1_200_000, 3_000_000)["is_complete"]
    assert second.services.registry.open_blob(1, digest_bytes(LARGE)).read_bytes() == LARGE


def test_a_content_may_come_whole_without_a_range(server):
    client = server.client("developer")
    send_part(client, LARGE, 0, 1_000_000)

    answer = client.put(f"blobs/{digest_bytes(LARGE)}/", content=LARGE)

    assert answer == {"digest": digest_bytes(LARGE), "offset": len(LARGE), "is_complete": True}
    assert client.put(f"blobs/{digest_bytes(b'')}/", content=b"")["is_complete"]


def test_wrong_bytes_are_forgotten(server):
    client = server.client("developer")
    damaged = LARGE[:-1] + bytes([LARGE[-1] ^ 1])
    headers = {"Content-Range": f"bytes 0-{len(LARGE) - 1}/{len(LARGE)}"}

    with pytest.raises(ValidationError, match="has 3000000 bytes and the digest sha256:"):
        client.put(f"blobs/{digest_bytes(LARGE)}/", content=damaged, headers=headers)

    assert ask(client, LARGE) == {"missing": [digest_bytes(LARGE)], "offsets": {}}
    assert not list(server.services.folder.uploads.iterdir())


def test_an_upload_cut_at_every_tenth_goes_on_and_completes(server):
    client = server.client("developer")
    digest, total = digest_bytes(LARGE), len(LARGE)

    def offset() -> int:
        return int(ask(client, LARGE)["offsets"].get(digest, 0))

    for tenth in range(1, 10):
        start, end = offset(), tenth * total // 10
        head = f"PUT /blobs/{digest}/ HTTP/1.1\r\nContent-Range: bytes {start}-{total - 1}/{total}"
        send_raw(server, head, LARGE[start:end], length=total - start)
        wait_for(offset, end)
    assert send_part(client, LARGE, offset(), total)["is_complete"]
    assert server.services.registry.open_blob(1, digest).read_bytes() == LARGE


def test_several_may_bring_the_same_content_at_once(server):
    clients = [server.client("developer", token=server.token("developer")) for _ in range(4)]
    answers: list[Any] = []

    def bring(client: Any) -> None:
        answers.append(client.put(f"blobs/{digest_bytes(LARGE)}/", content=LARGE))

    threads = [threading.Thread(target=bring, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [answer["is_complete"] for answer in answers] == [True] * 4
    assert server.services.registry.open_blob(1, digest_bytes(LARGE)).read_bytes() == LARGE
    assert not list(server.services.folder.uploads.iterdir())


@pytest.mark.parametrize("text", ["bytes 5-2/10", "bytes 0-10/10", "bytes */10", "0-1/2", "bytes 0--1/0"])
def test_a_range_that_is_none_is_refused(server, text: str):
    with pytest.raises(ValidationError, match="Content-Range is"):
        server.client("developer").put(
            f"blobs/{digest_bytes(b'x')}/", content=b"x", headers={"Content-Range": text}
        )


def test_more_bytes_than_the_range_says_are_refused(server):
    with pytest.raises(ValidationError, match="more bytes than the Content-Range"):
        server.client("developer").put(
            f"blobs/{digest_bytes(b'12345')}/",
            content=b"12345",
            headers={"Content-Range": "bytes 0-2/5"},
        )


def test_a_content_beyond_the_limit_is_refused_before_its_bytes(server):
    with pytest.raises(HTTPError, match="A content has up to") as caught:
        server.client("developer").put(
            f"blobs/{digest_bytes(b'x')}/",
            content=b"x",
            headers={"Content-Range": f"bytes 0-0/{51 * 1024**3}"},
        )
    assert caught.value.status_code == 413


def test_a_size_that_the_content_does_not_have_is_refused(server):
    client = server.client("developer")
    send_contents(client, b"one")

    with pytest.raises(ValidationError, match="is here with 3 bytes, not 4"):
        client.post("blobs/missing/", json={"blobs": [{"digest": digest_bytes(b"one"), "size_bytes": 4}]})


def test_nobody_brings_contents_without_the_right(server):
    viewer = server.client("viewer")
    agent = server.client(token=server.agent_token())

    for client in (viewer, agent):
        with pytest.raises(AuthorizationError, match="blobs:write"):
            send_contents(client, b"one")
        with pytest.raises(AuthorizationError, match="blobs:write"):
            ask(client, b"one")
        with pytest.raises(AuthorizationError, match="blobs:write"):
            client.put(f"blobs/{digest_bytes(b'one')}/", content=b"one")
    assert httpx.post(f"{server.url}/blobs/pack/", content=b"").status_code == 401


def test_a_job_brings_what_it_made(server):
    token = server.services.accounts.create_token(
        workspace_id=1, kind="job", name="job", job_id="j1", attempt=1
    )

    assert send_contents(server.client(token=token.text), b"made") == {"stored": 1}


def test_a_damaged_content_is_mended_by_a_good_copy(server):
    client = server.client("developer")
    send_contents(client, b"one")
    before = server.services.registry.open_blob(1, digest_bytes(b"one"))
    before.path.chmod(0o600)
    before.path.write_bytes(before.path.read_bytes().replace(b"one", b"two"))

    send_contents(client, b"one")

    after = server.services.registry.open_blob(1, digest_bytes(b"one"))
    assert after.read_bytes() == b"one"
    assert after.path != before.path
