"""Connections: many readers, one writer."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from synapse_sdk._internal.errors import SynapseError

#: How long a writer waits for another process, such as `synapse server token`.
BUSY_TIMEOUT_MS = 5_000


class DatabaseError(SynapseError):
    """The database can not be opened."""


class Database:
    """A SQLite database in WAL mode. Every `read` and `write` is one transaction.

    What a `write` acknowledges survives the end of the process at any moment, and that of the machine.
    """

    def __init__(self, path: Path) -> None:
        """Prepare to open the file at `path`, whose folder must exist. It is made by the first migration."""
        self.path = path
        self._engine = sa.create_engine(
            f"sqlite:///{path}", connect_args={"check_same_thread": False}, pool_size=16, max_overflow=32
        )
        sa.event.listen(self._engine, "connect", _configure)
        sa.event.listen(self._engine, "begin", _begin)
        # SQLite lets one process write at a time anyway; a lock queues our threads without its polling.
        self._write_lock = threading.Lock()

    @property
    def engine(self) -> sa.Engine:
        """The engine, for migrations."""
        return self._engine

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one moment of the database. It must not write."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open the writing transaction: committed at the end of the block, rolled back by an exception.

        Keep it short: nothing slow, no network, no file copies.
        """
        with self._write_lock, _explained(self.path), self._engine.connect() as plain:
            connection = plain.execution_options(synapse_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Have a full disk look as it does everywhere else."""
    try:
        yield
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def _configure(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # IMMEDIATE: a reader that turns writer half-way can be refused; a writer from the start only waits.
    writes = connection.get_execution_options().get("synapse_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
