"""The schema that the migrations make is the schema that the code means."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from synapse_sdk.server.data import tables
from synapse_sdk.server.db import Database, metadata
from synapse_sdk.server.db.migrate import migrate


def test_a_new_database_has_exactly_these_tables(tmp_path):
    own = {table.name for table in vars(tables).values() if hasattr(table, "primary_key")}
    database = Database(tmp_path / "synapse.db")
    migrate(database)

    def is_own(_item, name, kind, _reflected, _compared):
        return kind != "table" or name in own

    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_own, "compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)
    database.close()

    assert len(own) == 8
    assert differences == []
    assert all("workspace_id" in metadata.tables[name].c for name in own)
