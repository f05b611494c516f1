"""Events and points in chunks: filled databases of the schema before, out of order, sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from synapse_sdk.server.db import Database
from synapse_sdk.server.db.migrate import _config, migrate
from synapse_sdk.server.jobs import event_store, metric_store, store
from synapse_sdk.server.jobs.event_store import EventRun
from synapse_sdk.server.jobs.metric_store import Point, SeriesKey
from synapse_sdk.server.jobs.point_columns import PointColumns

AT = "2026-11-02T10:00:00.000000Z"
LATER = "2026-11-02T10:00:01.000000Z"
NAN = float("nan")
LOSS = SeriesKey(1, "worker", "train", "loss")


@pytest.fixture
def old_database(tmp_path: Path) -> Iterator[Database]:
    """A database of the schema 0005 with a job and a producer."""
    database = Database(tmp_path / "synapse.db")
    config = _config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        _insert(connection, "workspace", id=1, code="default", name="Default", created_at=AT)
        _insert(connection, "plugin", id=1, workspace_id=1, code="tiny", name="Tiny", created_at=AT)
        _insert(connection, "release", id=1, workspace_id=1, plugin_id=1, source="synapse", created_at=AT)
        _insert(
            connection,
            "job",
            key=1,
            workspace_id=1,
            number=1,
            id="job",
            release_id=1,
            state="PENDING",
            created_at=AT,
            last_cursor=0,
        )
        _insert(
            connection,
            "event_producer",
            workspace_id=1,
            id=7,
            job_key=1,
            attempt=1,
            name="worker",
            last_seq=9,
        )
        _insert(
            connection,
            "metric_series",
            workspace_id=1,
            id=3,
            job_key=1,
            attempt=1,
            producer="worker",
            step="train",
            key="loss",
            point_count=8,
        )
    yield database
    database.close()


def test_a_filled_database_keeps_its_events_and_points(old_database: Database) -> None:
    stored = [(1, 1, AT), (2, 2, AT), (3, 4, AT), (4, 5, LATER)]
    points = [(0, 0.5, None, None), (1, None, 1.0, None), (5, float("inf"), 2.0, 30.0)]
    with old_database.write() as connection:
        for cursor, seq, at in stored:
            _insert(
                connection,
                "event",
                workspace_id=1,
                job_key=1,
                cursor=cursor,
                producer_id=7,
                seq=seq,
                kind="metric" if seq < 3 else "log",
                received_at=at,
                line=f'{{"seq":{seq}}}',
            )
        for ordinal, value, epoch, global_step in points:
            _insert(
                connection,
                "metric_point",
                workspace_id=1,
                series_id=3,
                ordinal=ordinal,
                value=value,
                epoch=epoch,
                global_step=global_step,
            )

    migrate(old_database)

    with old_database.read() as connection:
        events = event_store.list_events(connection, 1, after=0, limit=100)
        logs = event_store.list_events(connection, 1, after=0, limit=100, kinds=["log"])
        assert metric_store.list_points(connection, 3) == [Point(*point) for point in points]
        assert event_store.find_lines(connection, 7, 2, 4) == {2: '{"seq":2}', 4: '{"seq":4}'}
    assert events == [(cursor, at, f'{{"seq":{seq}}}') for cursor, seq, at in stored]
    assert [event.cursor for event in logs] == [3, 4]


def test_pages_may_begin_and_end_within_a_chunk(old_database: Database) -> None:
    migrate(old_database)
    with old_database.write() as connection:
        job = store.get_job(connection, 1)
        for start in (0, 10, 20):
            lines = [f"line {seq}" for seq in range(start + 1, start + 11)]
            run = EventRun(7, start + 1, ["log"] * 10, lines)
            event_store.add_events(connection, job, [run], received_at=AT)

        pages = [
            [event.cursor for event in event_store.list_events(connection, 1, after=after, limit=4)]
            for after in (0, 8, 28, 30)
        ]

    assert pages == [[1, 2, 3, 4], [9, 10, 11, 12], [29, 30], []]


def test_points_that_come_out_of_order_or_twice_stand_once_in_their_order(old_database: Database) -> None:
    migrate(old_database)
    with old_database.write() as connection:
        job = store.get_job(connection, 1)
        for ordinals in ([10, 8, 12], [11, 9, 10, 9], [8]):
            nothing = [NAN] * len(ordinals)
            new = PointColumns(ordinals, [float(number) for number in range(len(ordinals))], nothing, nothing)
            metric_store.add_points(connection, job, {LOSS: new.sort()})

        points = metric_store.list_points(connection, 3)
        buckets = metric_store.list_buckets(connection, 3, metric_store.WIDTHS[0])

    assert [(point.ordinal, point.value) for point in points] == [(8, 1), (9, 1), (10, 0), (11, 0), (12, 2)]
    assert [(bucket.point_count, bucket.total, bucket.last_ordinal) for bucket in buckets] == [(5, 4.0, 12)]


def _insert(connection: sa.Connection, table: str, **values: object) -> None:
    """Insert a row; columns that the test does not care about get what their type takes."""
    for column in sa.inspect(connection).get_columns(table):
        if column["name"] not in values and not column["nullable"] and column["default"] is None:
            is_text = isinstance(column["type"], sa.String)
            values[column["name"]] = f"{table}-{column['name']}" if is_text else 1
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f'INSERT INTO "{table}" ({names}) VALUES ({places})'), values)
