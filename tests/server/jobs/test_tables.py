"""The migrated schema is the schema that the code expects."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from synapse_sdk.server.db import Database, metadata
from synapse_sdk.server.db.migrate import migrate
from synapse_sdk.server.jobs import tables

NAMES = {
    "agent", "attempt", "event_chunk", "event_producer", "job", "job_document", "job_progress",
    "log_cut", "metric_bucket", "metric_chunk", "metric_series",
}  # fmt: skip


def test_a_migrated_database_has_the_tables_of_the_code(tmp_path):
    database = Database(tmp_path / "synapse.db")
    migrate(database)

    with database.read() as connection:
        options = {"include_object": lambda _, name, kind, *__: kind != "table" or name in NAMES}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, metadata)
        existing = connection.dialect.get_table_names(connection)

    assert differences == []
    assert set(existing) >= NAMES
    database.close()


def test_every_table_carries_the_workspace():
    for name in NAMES:
        assert "workspace_id" in tables.metadata.tables[name].c, name
