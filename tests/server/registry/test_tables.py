"""The migrations make the schema that the tables say."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from synapse_sdk.server.app import open_services
from synapse_sdk.server.data_folder import DataFolder
from synapse_sdk.server.db import metadata

TABLES = ("blob", "plugin", "release", "release_file")


def test_a_fresh_database_has_the_schema_of_the_tables(tmp_path: Path):
    services = open_services(DataFolder(tmp_path / "data"))

    with services.database.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)

    assert [item for item in found if any(f"'{name}'" in repr(item) for name in TABLES)] == []
    assert set(TABLES) <= set(metadata.tables)
    services.database.close()
