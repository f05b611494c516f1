"""A data folder out and back, while its server runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.server.registry.made_release import send_contents

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.transport import Transport
from synapse_sdk.server.backup import BackupError, restore_backup, write_backup
from synapse_sdk.server.data_folder import DataFolder


def silent(done: int, total: int) -> None:
    """Tell nobody."""


def put_blob(server, text: str, tmp_path: Path) -> str:
    file = tmp_path / "content"
    file.write_text(text)
    return server.services.files.blobs.put_file(file).digest


def test_what_was_backed_up_of_a_running_server_serves_again(server, start_server, tmp_path: Path):
    token = server.token()
    digest = put_blob(server, "weights", tmp_path)

    facts = write_backup(server.services.folder, tmp_path / "backup", on_progress=silent)
    restore_backup(tmp_path / "backup", DataFolder(tmp_path / "again"), on_progress=silent)

    assert facts["file_count"] == 1
    restored = start_server(tmp_path / "again")
    assert restored.client(token=token).get("whoami/")["role"] == "admin"
    assert restored.services.files.get(digest).read_bytes() == b"weights"


def test_a_damaged_backup_is_refused_and_leaves_nothing(server, tmp_path: Path):
    put_blob(server, "weights", tmp_path)
    write_backup(server.services.folder, tmp_path / "backup", on_progress=silent)
    blob = next(file for file in (tmp_path / "backup/blobs").rglob("*") if file.is_file())
    blob.chmod(0o644)
    blob.write_text("weightz")

    with pytest.raises(BackupError, match="is damaged"):
        restore_backup(tmp_path / "backup", DataFolder(tmp_path / "again"), on_progress=silent)

    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".*partial"))


def test_a_damaged_pack_is_refused_and_leaves_nothing(server, tmp_path: Path):
    send_contents(server.client(), b"small")
    write_backup(server.services.folder, tmp_path / "backup", on_progress=silent)
    (pack,) = (tmp_path / "backup/packs").iterdir()
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes().replace(b"small", b"smell"))

    with pytest.raises(BackupError, match="is damaged: What came as"):
        restore_backup(tmp_path / "backup", DataFolder(tmp_path / "again"), on_progress=silent)

    assert not (tmp_path / "again").exists()


def test_packs_are_backed_up_and_serve_again(server, start_server, tmp_path: Path):
    token = server.token()
    make_dataset(server.client(), {"a.txt": b"one", "b.txt": b"", "c.txt": b"two"})

    write_backup(server.services.folder, tmp_path / "backup", on_progress=silent)
    restore_backup(tmp_path / "backup", DataFolder(tmp_path / "again"), on_progress=silent)

    restored = start_server(tmp_path / "again").client(token=token)
    assert restored.get("datasets/1/versions/1/items/c.txt") == "two"


def make_dataset(client: Transport, files: Mapping[str, bytes]) -> None:
    send_contents(client, *files.values())
    items = [
        {"path": path, "size_bytes": len(data), "digest": digest_bytes(data)} for path, data in files.items()
    ]
    client.post("datasets/", json={"name": "d", "manifest": items})


def test_a_damaged_database_is_refused(server, tmp_path: Path):
    write_backup(server.services.folder, tmp_path / "backup", on_progress=silent)
    (tmp_path / "backup/db/synapse.db").write_bytes(b"not a database, surely" * 100)
    with pytest.raises(BackupError, match="database is damaged"):
        restore_backup(tmp_path / "backup", DataFolder(tmp_path / "again"), on_progress=silent)


def test_nothing_that_is_there_is_overwritten(server, tmp_path: Path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup/mine").write_text("keep")
    with pytest.raises(BackupError, match="there already"):
        write_backup(server.services.folder, tmp_path / "backup", on_progress=silent)
    assert (tmp_path / "backup/mine").read_text() == "keep"


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path):
    with pytest.raises(BackupError, match="no backup"):
        restore_backup(tmp_path, DataFolder(tmp_path / "again"), on_progress=silent)
