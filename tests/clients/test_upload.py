"""Contents on their way to a real server: what is sent, what is not, and what happens when it is cut."""

from __future__ import annotations

import hashlib
import os

import pytest

from synapse_sdk.clients import upload
from synapse_sdk.clients.datasets import describe_items
from synapse_sdk.clients.errors import ClientError
from synapse_sdk.clients.upload import SMALL_BYTES, Content, upload_contents
from synapse_sdk.storage.errors import StorageError
from synapse_sdk.workspace.manifest import Item


@pytest.fixture
def transport(server):
    return server.client("developer")


def make_content(folder, name, data):
    (folder / name).write_bytes(data)
    return Content(f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), folder / name)


class CutError(Exception):
    pass


def test_only_what_is_missing_is_sent_and_equal_contents_once(transport, tmp_path):
    one = make_content(tmp_path, "one", b"1" * 10)
    same = make_content(tmp_path, "same", b"1" * 10)
    large = make_content(tmp_path, "large", os.urandom(SMALL_BYTES + 1))
    seen = []

    first = upload_contents(transport, [one, same, large], on_progress=lambda *at: seen.append(at))
    again = upload_contents(transport, [one, same, large])
    empty = upload_contents(transport, [])

    total = SMALL_BYTES + 11
    assert (first.sent_count, first.sent_bytes) == (2, total)
    assert (again.sent_count, again.sent_bytes) == (0, 0)
    assert empty.sent_count == 0
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


def test_an_empty_content_is_a_content(transport, tmp_path):
    empty = make_content(tmp_path, "empty", b"")

    upload_contents(transport, [empty])

    body = {"name": "x", "manifest": describe_items([Item("empty", 0, empty.digest)])}
    assert transport.post("datasets/", json=body)["size_bytes"] == 0


def test_each_of_many_small_ones_is_progress(transport, tmp_path):
    contents = [make_content(tmp_path, str(number), bytes([number]) * 1000) for number in range(5)]
    seen = []

    upload_contents(transport, contents, on_progress=lambda *at: seen.append(at))

    assert [done for done, _ in seen] == [0, 1000, 2000, 3000, 4000, 5000, 5000]
    assert {total for _, total in seen} == {5000}


def test_many_small_ones_go_in_several_packs(transport, tmp_path, monkeypatch):
    monkeypatch.setattr(upload, "PACK_COUNT", 1000)
    contents = [make_content(tmp_path, str(number), str(number).encode()) for number in range(2500)]

    assert upload_contents(transport, contents).sent_count == 2500
    assert upload_contents(transport, contents).sent_count == 0


def test_an_upload_that_was_cut_goes_on_where_it_was(transport, tmp_path, monkeypatch):
    data = os.urandom(20_000_000)
    large = make_content(tmp_path, "large", data)
    put, sent = transport.put, []

    def cut(path, **options):
        if len(sent) == 2:
            raise CutError
        sent.append(len(options["content"]))
        return put(path, **options)

    monkeypatch.setattr(transport, "put", cut)  # the wire, cut between two chunks
    with pytest.raises(CutError):
        upload_contents(transport, [large])
    monkeypatch.undo()

    rest = upload_contents(transport, [large])

    assert rest.sent_bytes == len(data) - sum(sent)
    assert upload_contents(transport, [large]).sent_count == 0


def test_a_content_whose_last_byte_came_and_whose_end_was_not_heard_is_completed(transport, tmp_path, server):
    data = os.urandom(SMALL_BYTES + 1)
    large = make_content(tmp_path, "large", data)
    # What a server leaves that is killed after the last byte, before it has looked at the whole.
    partial = tmp_path / "data/uploads" / f"1-{large.digest.removeprefix('sha256:')}"
    partial.write_bytes(data)

    upload_contents(transport, [large])

    assert not partial.exists()
    assert upload_contents(transport, [large]).sent_count == 0


def test_two_at_once_bring_one_content(server, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    large = make_content(tmp_path, "large", os.urandom(30_000_000))
    clients = [server.client("developer") for _ in range(3)]

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda client: upload_contents(client, [large]), clients))

    assert upload_contents(clients[0], [large]).sent_count == 0


@pytest.mark.parametrize("size_bytes", [10, SMALL_BYTES + 10])
def test_a_file_that_changed_is_not_taken(transport, tmp_path, size_bytes):
    content = make_content(tmp_path, "file", b"1" * size_bytes)
    content.path.write_bytes(b"2" * size_bytes)

    with pytest.raises((StorageError, ClientError)):
        upload_contents(transport, [content])

    content.path.write_bytes(b"1" * size_bytes)
    assert upload_contents(transport, [content]).sent_bytes > 0
