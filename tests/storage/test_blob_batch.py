"""Many blobs at once: whole or not at all, durable after one sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.storage.blob_batch import BlobBatch
from synapse_sdk.storage.blobs import Blob, BlobStore


def put(batch: BlobBatch, data: bytes) -> Blob:
    batch.begin()
    batch.write(data)
    return batch.end(digest_bytes(data))


def test_what_ended_is_in_the_store(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")

    with BlobBatch(store) as batch:
        blobs = [put(batch, data) for data in (b"one", b"", b"three")]
        assert batch.sync() == blobs
        assert batch.sync() == []

    assert [store.get(blob.digest).read_bytes() for blob in blobs] == [b"one", b"", b"three"]
    assert blobs[2].size_bytes == 5
    assert store.get(blobs[0].digest).stat().st_mode & 0o777 == 0o444


def test_what_did_not_end_leaves_nothing(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")

    def break_off() -> None:
        with BlobBatch(store) as batch:
            put(batch, b"one")
            batch.begin()
            batch.write(b"half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()

    files = [path for path in store.root.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [b"one"]


def test_a_blob_that_is_here_stays_and_a_damaged_one_is_mended(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")
    with BlobBatch(store) as batch:
        blob = put(batch, b"one")
        before = store.get(blob.digest).stat().st_ino
        put(batch, b"one")
        assert store.get(blob.digest).stat().st_ino == before
        store.get(blob.digest).chmod(0o600)
        store.get(blob.digest).write_bytes(b"damaged")
        put(batch, b"one")

    assert store.get(blob.digest).read_bytes() == b"one"
    assert not list(store.root.glob(".*.partial"))


def test_a_whole_file_is_taken_by_renaming(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")
    for _ in range(2):
        file = tmp_path / "upload"
        file.write_bytes(b"large")

        store.adopt_file(file, digest_bytes(b"large"))

        assert not file.exists()
    assert store.get(digest_bytes(b"large")).read_bytes() == b"large"
    assert store.get(digest_bytes(b"large")).stat().st_mode & 0o777 == 0o444
