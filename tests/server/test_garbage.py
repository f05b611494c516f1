"""Which contents may go."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.server.db import metadata
from synapse_sdk.server.garbage import YOUNGEST, find_garbage, remove_garbage
from synapse_sdk.server.garbage_store import NAMING_COLUMNS

NOW = timedelta(0)
#: Columns with digests of something else than a content.
OTHERS = {
    "blob.digest",
    "release.digest",
    "dataset_version.digest",
    "model.digest",
    "model.release_digest",
    "job.release_digest",
    "job.lock_digest",
}


@pytest.fixture
def digests(server) -> dict[str, str]:
    """One content in a dataset, one that was sent and never named."""
    client = server.client()
    found = {}
    for name in ("kept", "unnamed"):
        data = name.encode()
        found[name] = digest_bytes(data)
        client.put(f"blobs/{found[name]}/", content=data)
    item = {"path": "a.txt", "size_bytes": 4, "digest": found["kept"]}
    client.post("datasets/", json={"name": "d", "manifest": [item]})
    return found


def look(server, youngest: timedelta = NOW):
    services = server.services
    return find_garbage(services.database, services.blobs, services.folder.uploads, youngest=youngest)


def remove(server, youngest: timedelta = NOW):
    services = server.services
    return remove_garbage(services.database, services.blobs, services.folder.uploads, youngest=youngest)


def test_only_what_nothing_names_goes(server, digests):
    assert [blob.digest for blob in look(server).unnamed] == [digests["unnamed"]]

    gone = remove(server)

    assert [blob.digest for blob in gone.unnamed] == [digests["unnamed"]]
    assert server.services.blobs.find(digests["unnamed"]) is None
    assert server.services.blobs.find(digests["kept"]) is not None
    assert look(server).size_bytes == 0
    assert server.client().get("datasets/1/versions/1/items/a.txt") == "kept"


def test_what_is_young_may_still_be_named(server, digests):
    assert look(server, YOUNGEST).size_bytes == 0


def test_bytes_without_a_row_go_when_they_are_old(server, tmp_path: Path):
    (tmp_path / "stray").write_text("stray")
    blob = server.services.blobs.put_file(tmp_path / "stray")
    assert look(server, YOUNGEST).strays == ()
    os.utime(server.services.blobs.get(blob.digest), (0, 0))

    assert look(server, YOUNGEST).strays == (blob,)
    remove(server, YOUNGEST)
    assert server.services.blobs.find(blob.digest) is None


def test_an_upload_that_rests_for_a_week_goes(server):
    client = server.client("developer")
    whole = b"x" * 100
    headers = {"Content-Range": "bytes 0-9/100"}
    client.put(f"blobs/{digest_bytes(whole)}/", content=whole[:10], headers=headers)
    begun = client.put(
        "chunked_upload/", files={"file": ("a", whole[:10])}, data={"filename": "a"}, headers=headers
    )
    uploads = sorted(server.services.folder.uploads.iterdir())
    assert len(uploads) == 2
    assert look(server).uploads == ()
    for path in uploads:
        os.utime(path, (0, 0))

    assert [upload.path for upload in look(server).uploads] == uploads
    assert look(server).size_bytes == 20
    assert [upload.path for upload in remove(server).uploads] == uploads
    assert list(server.services.folder.uploads.iterdir()) == []

    # Whoever comes back after all is told to begin again.
    assert client.get(f"chunked_upload/{begun['id']}/")["offset"] == 0
    asked = {"blobs": [{"digest": digest_bytes(whole), "size_bytes": 100}]}
    assert client.post("blobs/missing/", json=asked)["offsets"] == {}


def test_gc_shows_abandoned_uploads_and_removes_them(server, synapse):
    folder = server.services.folder
    upload = folder.uploads / "chunked-7"
    upload.write_bytes(b"half")
    os.utime(upload, (0, 0))
    words = ("server", "gc", "--data-dir", folder.root)

    shown = synapse(*words, "--dry-run", "--json").json()
    assert (shown["removed"], shown["uploads"]) == (False, [{"name": "chunked-7", "size_bytes": 4}])
    assert upload.exists()
    said = synapse(*words)
    assert said.returncode == 0, said
    assert "chunked-7" in said.stdout
    assert "1 content, 4 bytes gone." in said.stderr
    assert not upload.exists()


def test_every_column_that_names_a_content_is_known(server):
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.c
        if "digest" in column.name
    }
    known = {f"{column.table.name}.{column.name}" for column in NAMING_COLUMNS}
    assert found - OTHERS == known
    assert all(isinstance(column, sa.Column) for column in NAMING_COLUMNS)
