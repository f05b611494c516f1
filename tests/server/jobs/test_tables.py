"""The migrated schema is the schema that the code expects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.server.jobs.desk import make_metric

from synapse_sdk.server.db import Database, metadata
from synapse_sdk.server.db.migrate import migrate
from synapse_sdk.server.jobs import tables
from synapse_sdk.server.jobs.metric_store import WIDTHS

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


def test_a_database_without_the_middle_buckets_gets_those_that_ingest_would_have_made(server, desk):
    job = desk.start_one()["job"]
    values = [float(index % 97) if index % 50 else None for index in range(700)]
    desk.send(
        job,
        (
            make_metric(job, seq, "NaN" if value is None else value, global_step=float(seq))
            for seq, value in enumerate(values, start=1)
        ),
    )
    query = sa.select(tables.metric_buckets).order_by(*tables.metric_buckets.primary_key)
    with server.services.database.write() as connection:
        made = connection.execute(query).all()
        connection.execute(sa.delete(tables.metric_buckets).where(tables.metric_buckets.c.width == 256))
        for younger in ("packed_content", "job_secret"):
            connection.execute(sa.text(f"DROP TABLE {younger}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0006'"))

    migrate(server.services.database)

    with server.services.database.read() as connection:
        assert connection.execute(query).all() == made
    assert {row.width for row in made} == set(WIDTHS)


def test_every_table_carries_the_workspace():
    for name in NAMES:
        assert "workspace_id" in tables.metadata.tables[name].c, name
