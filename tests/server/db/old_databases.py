"""Filled databases of every schema that was ever shipped, made by the migrations themselves."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory

from synapse_sdk.server.data_folder import DataFolder
from synapse_sdk.server.db import Database
from synapse_sdk.server.db.migrate import _config

ROWS = Path(__file__).with_name("rows")
#: Oldest first.
REVISIONS = [revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def make_data_folder(root: Path, revision: str) -> DataFolder:
    """Make a data folder as a server of this schema left it: each table has a row or more.

    The rows of a schema's new tables are `rows/<revision>.sql`; they go through all later migrations.
    """
    folder = DataFolder(root)
    folder.prepare()
    database = Database(folder.database)
    for step in REVISIONS[: REVISIONS.index(revision) + 1]:
        config = _config()
        with database.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, step)
        database.close()
        if (rows := ROWS / f"{step}.sql").exists():
            with sqlite3.connect(folder.database) as plain:
                plain.executescript(rows.read_text(encoding="utf-8"))
            plain.close()
    return folder


def read_rows(database: Path) -> dict[str, list[dict[str, Any]]]:
    """Return all rows by table, as SQLite has them."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    try:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = [row["name"] for row in connection.execute(query)]
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in tables}
    finally:
        connection.close()
