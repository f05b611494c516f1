"""The database: one writer, short transactions, the same statements on SQLite and PostgreSQL."""

from synapse_sdk.server.db.columns import Moment, insert_ignoring, metadata
from synapse_sdk.server.db.engine import Database

__all__ = ["Database", "Moment", "insert_ignoring", "metadata"]
