"""A data folder out and back, while its server runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.server.backup import BackupError, restore_backup, write_backup
from synapse_sdk.server.data_folder import DataFolder


def silent(done: int, total: int) -> None:
    """Tell nobody."""


def put_blob(server, text: str, tmp_path: Path) -> str:
    file = tmp_path / "content"
    file.write_text(text)
    return server.services.blobs.put_file(file).digest


def test_what_was_backed_up_of_a_running_server_serves_again(server, start_server, tmp_path: Path):
    token = server.token()
    digest = put_blob(server, "weights", tmp_path)

    facts = write_backup(server.services.folder, tmp_path / "backup", on_progress=silent)
    restore_backup(tmp_path / "backup", DataFolder(tmp_path / "again"), on_progress=silent)

    assert facts["file_count"] == 1
    restored = start_server(tmp_path / "again")
    assert restored.client(token=token).get("whoami/")["role"] == "admin"
    assert restored.services.blobs.get(digest).read_text() == "weights"


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
