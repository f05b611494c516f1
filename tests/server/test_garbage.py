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
    return find_garbage(server.services.database, server.services.blobs, youngest=youngest)


def test_only_what_nothing_names_goes(server, digests):
    assert [blob.digest for blob in look(server).unnamed] == [digests["unnamed"]]

    gone = remove_garbage(server.services.database, server.services.blobs, youngest=NOW)

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
    remove_garbage(server.services.database, server.services.blobs)
    assert server.services.blobs.find(blob.digest) is None


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
