"""Events and metric points in chunks: a row for what arrived together, instead of a row for each."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

#: As the jobs' code writes them: one letter for the kind of each event.
_LETTERS = {"message": "m", "progress": "p", "metric": "n", "state": "s", "loss": "x", "log": "l"}
_CHUNK_ROWS = 1_000
_CHUNK_CHARACTERS = 4 * 1024 * 1024
#: Chunks that are inserted at once.
_ROUND = 100


def upgrade() -> None:
    """Make the new tables, move what the old ones hold, drop those."""
    _create_event_chunk()
    _create_metric_chunk()
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT workspace_id, job_key, producer_id, received_at, cursor, seq, kind, line FROM event"
            " ORDER BY job_key, cursor"
        )
    )
    _insert(connection, "event_chunk", map(_event_chunk, _split(rows, _events_belong_together)))
    rows = connection.execute(
        sa.text(
            "SELECT workspace_id, series_id, ordinal, value, epoch, global_step FROM metric_point"
            " ORDER BY series_id, ordinal"
        )
    )
    _insert(connection, "metric_chunk", map(_metric_chunk, _split(rows, _points_belong_together)))
    op.drop_table("event")
    op.drop_table("metric_point")


def _create_event_chunk() -> None:
    op.create_table(
        "event_chunk",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("first_cursor", sa.BigInteger(), nullable=False),
        sa.Column("last_cursor", sa.BigInteger(), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.String(27), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_event_chunk_job_key")),
        sa.ForeignKeyConstraint(
            ["producer_id"], ["event_producer.id"], name=op.f("fk_event_chunk_producer_id")
        ),
        sa.PrimaryKeyConstraint("job_key", "last_cursor", name=op.f("pk_event_chunk")),
        sa.UniqueConstraint("producer_id", "last_seq", name=op.f("uq_event_chunk_producer_id_last_seq")),
    )


def _create_metric_chunk() -> None:
    op.create_table(
        "metric_chunk",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("first_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("last_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("ordinals_i64", sa.LargeBinary(), nullable=True),
        sa.Column("values_f64", sa.LargeBinary(), nullable=False),
        sa.Column("epochs_f64", sa.LargeBinary(), nullable=True),
        sa.Column("global_steps_f64", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["metric_series.id"], name=op.f("fk_metric_chunk_series_id")),
        sa.PrimaryKeyConstraint("series_id", "first_ordinal", name=op.f("pk_metric_chunk")),
    )


def _split(rows: Iterable[Any], belong_together: Callable[[Any, Any], bool]) -> Iterator[list[Any]]:
    """Yield rows that may share a chunk."""
    chunk: list[Any] = []
    characters = 0
    for row in rows:
        size = len(row.line) if hasattr(row, "line") else 0
        is_full = len(chunk) == _CHUNK_ROWS or characters + size > _CHUNK_CHARACTERS
        if chunk and (is_full or not belong_together(chunk[-1], row)):
            yield chunk
            chunk, characters = [], 0
        chunk.append(row)
        characters += size
    if chunk:
        yield chunk


def _events_belong_together(one: Any, next_one: Any) -> bool:
    # Equal: workspace, job, producer and when they were received.
    is_next = (one.cursor + 1, one.seq + 1) == (next_one.cursor, next_one.seq)
    return bool(is_next and tuple(one[:4]) == tuple(next_one[:4]))


def _points_belong_together(one: Any, next_one: Any) -> bool:
    return bool(one.series_id == next_one.series_id)


def _event_chunk(rows: Sequence[Any]) -> dict[str, Any]:
    first, last = rows[0], rows[-1]
    return {
        "workspace_id": first.workspace_id,
        "job_key": first.job_key,
        "first_cursor": first.cursor,
        "last_cursor": last.cursor,
        "producer_id": first.producer_id,
        "first_seq": first.seq,
        "last_seq": last.seq,
        "received_at": first.received_at,
        "kinds": "".join(_LETTERS[row.kind] for row in rows),
        "lines": "\n".join(row.line for row in rows),
    }


def _metric_chunk(rows: Sequence[Any]) -> dict[str, Any]:
    first, last = rows[0], rows[-1]
    ordinals = [row.ordinal for row in rows]
    has_gaps = last.ordinal - first.ordinal + 1 != len(rows)
    return {
        "workspace_id": first.workspace_id,
        "series_id": first.series_id,
        "first_ordinal": first.ordinal,
        "last_ordinal": last.ordinal,
        "ordinals_i64": struct.pack(f"<{len(ordinals)}q", *ordinals) if has_gaps else None,
        "values_f64": _pack([row.value for row in rows]),
        "epochs_f64": _pack_any([row.epoch for row in rows]),
        "global_steps_f64": _pack_any([row.global_step for row in rows]),
    }


def _pack(numbers: Sequence[float | None]) -> bytes:
    return struct.pack(f"<{len(numbers)}d", *(math.nan if number is None else number for number in numbers))


def _pack_any(numbers: Sequence[float | None]) -> bytes | None:
    return None if all(number is None for number in numbers) else _pack(numbers)


def _insert(connection: sa.Connection, table: str, chunks: Iterable[dict[str, Any]]) -> None:
    chunks = iter(chunks)
    while some := list(islice(chunks, _ROUND)):
        names = list(some[0])
        places = ", ".join(f":{name}" for name in names)
        connection.execute(sa.text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"), some)  # noqa: S608 - names of ours
