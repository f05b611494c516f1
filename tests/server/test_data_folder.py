"""Which folders a server takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.server.app import open_services
from synapse_sdk.server.data_folder import DataFolder, DataFolderError
from synapse_sdk.server.db.engine import DatabaseError


def test_a_newer_format_is_refused(tmp_path: Path):
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    (folder.root / "format").write_text("2\n")
    with pytest.raises(DataFolderError, match="format '2'"):
        folder.prepare()


def test_a_newer_schema_is_refused(tmp_path: Path):
    folder = DataFolder(tmp_path / "data")
    services = open_services(folder)
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    services.database.close()
    with pytest.raises(DatabaseError, match="'9999'"):
        open_services(folder)


def test_somebody_elses_folder_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(DataFolderError, match="not empty"):
        DataFolder(tmp_path).prepare()
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_nobody_else_may_look_into_it(tmp_path: Path):
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    assert folder.root.stat().st_mode & 0o077 == 0


def test_one_server_at_a_time(tmp_path: Path):
    folder = DataFolder(tmp_path / "data")
    assert not folder.is_claimed()
    with folder.claimed():
        assert folder.is_claimed()
        with pytest.raises(DataFolderError, match="Another server"), folder.claimed():
            pass
    assert not folder.is_claimed()
