"""Which contents may go."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.server.registry.made_release import make_pack, send_contents

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.server.db import metadata
from synapse_sdk.server.garbage import YOUNGEST, find_garbage, remove_garbage
from synapse_sdk.server.garbage_store import NAMING_COLUMNS
from synapse_sdk.storage.pack import PackError
from synapse_sdk.storage.pack_folder import check_pack_file

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
    "packed_content.digest",
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
    return find_garbage(services.database, services.files, services.folder.uploads, youngest=youngest)


def remove(server, youngest: timedelta = NOW):
    services = server.services
    return remove_garbage(services.database, services.files, services.folder.uploads, youngest=youngest)


def test_only_what_nothing_names_goes(server, digests):
    assert [blob.digest for blob in look(server).unnamed] == [digests["unnamed"]]

    gone = remove(server)

    assert [blob.digest for blob in gone.unnamed] == [digests["unnamed"]]
    assert server.services.files.find(digests["unnamed"]) is None
    assert server.services.files.find(digests["kept"]) is not None
    assert look(server).size_bytes == 0
    assert server.client().get("datasets/1/versions/1/items/a.txt") == "kept"


def test_what_is_young_may_still_be_named(server, digests):
    assert look(server, YOUNGEST).size_bytes == 0


def test_bytes_without_a_row_go_when_they_are_old(server, tmp_path: Path):
    (tmp_path / "stray").write_text("stray")
    blob = server.services.files.blobs.put_file(tmp_path / "stray")
    assert look(server, YOUNGEST).strays == ()
    os.utime(server.services.files.get(blob.digest).path, (0, 0))

    assert look(server, YOUNGEST).strays == (blob,)
    remove(server, YOUNGEST)
    assert server.services.files.find(blob.digest) is None


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


def keep_some(server, kept: list[bytes], unnamed: list[bytes]) -> None:
    """Send all of them in one pack, and name some."""
    client = server.client()
    send_contents(client, *unnamed, *kept)
    items = [
        {"path": f"{place}.txt", "size_bytes": len(data), "digest": digest_bytes(data)}
        for place, data in enumerate(kept)
    ]
    client.post("datasets/", json={"name": "d", "manifest": items})


def read(server, data: bytes) -> bytes:
    return server.services.files.get(digest_bytes(data)).read_bytes()


def list_packs(server) -> list[str]:
    return [pack.name for pack in server.services.files.packs.iter_packs()]


def test_a_pack_in_which_less_than_half_lives_is_written_anew(server):
    kept, unnamed = [b"kept", b"", b"k" * 300], [b"u" * 1000, b"v" * 1000]
    keep_some(server, kept, unnamed)
    (before,) = list_packs(server)

    (shown,) = look(server).packs
    assert (shown.name, shown.living_bytes) == (before, len(make_pack(*kept)))
    assert remove(server).packs == (shown,)

    (after,) = list_packs(server)
    assert after != before
    assert [read(server, data) for data in kept] == kept
    assert [server.services.files.find(digest_bytes(data)) for data in unnamed] == [None, None]
    check_pack_file(server.services.files.packs.path_of(after))
    assert server.client().get("datasets/1/versions/1/items/2.txt") == "k" * 300
    assert look(server).packs == ()


def test_a_pack_in_which_most_lives_stays_as_it_is(server):
    keep_some(server, [b"k" * 3000], [b"u" * 1000])
    before = list_packs(server)

    gone = remove(server)

    assert ([blob.size_bytes for blob in gone.unnamed], gone.packs) == ([1000], ())
    assert list_packs(server) == before
    assert server.services.files.find(digest_bytes(b"u" * 1000)) is None


def test_a_pack_of_tiny_contents_is_not_worn_by_their_headers(server):
    keep_some(server, [b"a", b"b", b""], [])

    assert look(server).packs == ()


def test_a_pack_in_which_nothing_lives_is_removed(server):
    keep_some(server, [b"kept"], [])
    send_contents(server.client(), b"unnamed")
    assert len(list_packs(server)) == 2

    remove(server)

    (left,) = list_packs(server)
    assert server.services.files.get(digest_bytes(b"kept")).path.stem == left


def test_a_pack_that_no_row_knows_goes_when_it_is_old(server):
    packs = server.services.files.packs
    with packs.create() as pack:
        pack.write(b"whatever")
        pack.seal(8)
    assert look(server, YOUNGEST).packs == ()
    os.utime(packs.path_of(pack.name), (0, 0))

    assert [worn.name for worn in look(server, YOUNGEST).packs] == [pack.name]
    remove(server, YOUNGEST)
    assert list_packs(server) == []


def test_a_damaged_pack_is_not_written_anew(server):
    keep_some(server, [b"kept"], [b"u" * 1000])
    path = server.services.files.get(digest_bytes(b"kept")).path
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"kept", b"lost"))

    with pytest.raises(PackError, match="has the digest"):
        remove(server)

    assert path.exists()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_gc_says_which_packs_it_would_write_anew(server, synapse):
    keep_some(server, [b"kept"], [b"u" * 1000])
    with server.services.database.write() as connection:
        connection.execute(sa.text("UPDATE blob SET created_at = '2020-01-01T00:00:00.000000Z'"))
    (pack,) = server.services.folder.packs.iterdir()
    os.utime(pack, (0, 0))
    words = ("server", "gc", "--data-dir", server.services.folder.root)

    shown = synapse(*words, "--dry-run", "--json").json()
    assert shown["packs"] == [{"name": pack.stem, "size_bytes": pack.stat().st_size, "living_bytes": 71}]
    said = synapse(*words)
    assert said.returncode == 0, said
    assert "1 content, 1.0 kB gone." in said.stderr
    assert "1 of the packs have been removed, or written anew without them." in said.stderr
    assert not pack.exists()
    assert read(server, b"kept") == b"kept"


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
