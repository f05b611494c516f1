"""Rows of packed contents; the only SQL about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from synapse_sdk.server.contents.tables import packed_contents
from synapse_sdk.server.db.bulk_insert import insert_rows
from synapse_sdk.storage.pack import pack_size_bytes

#: Parameters of one statement.
_ASKED = 500
_ANY = "sha256:" + "0" * 64


class Location(NamedTuple):
    """Where a content lies, in the order of the table's columns."""

    digest: str
    pack: str
    offset: int
    size_bytes: int


def add_locations(connection: sa.Connection, locations: Sequence[Location]) -> None:
    """Note where contents lie, in place of what was noted of them before."""
    insert_rows(connection, packed_contents, locations, is_replacing=True)


def find_locations(connection: sa.Connection, digests: Iterable[str]) -> dict[str, Location]:
    """Return where those of the contents lie that are in packs, by digest."""
    found: dict[str, Location] = {}
    left = iter(digests)
    while asked := list(islice(left, _ASKED)):
        found.update((row[0], Location(*row)) for row in _select(connection, asked))
    return found


def list_of_pack(connection: sa.Connection, pack: str) -> list[Location]:
    """Return what lives in a pack, in the order in which it lies there."""
    query = sa.select(packed_contents).where(packed_contents.c.pack == pack)
    return [Location(*row) for row in connection.execute(query.order_by(packed_contents.c.offset))]


def sum_living(connection: sa.Connection) -> dict[str, int]:
    """Return the bytes that live in each pack, headers among them. A pack without any is not named."""
    digits = sa.func.length(sa.cast(packed_contents.c.size_bytes, sa.String))
    length = packed_contents.c.size_bytes + digits + pack_size_bytes([(_ANY, 0)]) - 1
    query = sa.select(packed_contents.c.pack, sa.func.sum(length))
    rows = connection.execute(query.group_by(packed_contents.c.pack))
    return {pack: int(size_bytes) for pack, size_bytes in rows}


def forget_locations(connection: sa.Connection, digests: Collection[str]) -> None:
    """Forget where contents lie."""
    left = iter(digests)
    while batch := list(islice(left, _ASKED)):
        connection.execute(sa.delete(packed_contents).where(packed_contents.c.digest.in_(batch)))


def _select(connection: sa.Connection, digests: list[str]) -> Sequence[Any]:
    if connection.dialect.paramstyle == "qmark":
        # As text, because SQLAlchemy spends more on hundreds of parameters than SQLite does.
        places = ",".join("?" * len(digests))
        columns = 'digest, pack, "offset", size_bytes'
        statement = f"SELECT {columns} FROM packed_content WHERE digest IN ({places})"  # noqa: S608 - only places
        return connection.exec_driver_sql(statement, tuple(digests)).all()
    return connection.execute(sa.select(packed_contents).where(packed_contents.c.digest.in_(digests))).all()
