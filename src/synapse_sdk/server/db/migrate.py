"""From any shipped schema to this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synapse_sdk.server.db.engine import Database, DatabaseError

_SCRIPTS = Path(__file__).with_name("migrations")


def migrate(database: Database) -> None:
    """Bring the database to the newest schema, in one transaction; a new file gets all of it.

    Raises:
        DatabaseError: The database is of a newer version than this server.
    """
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = _config()
    script = ScriptDirectory.from_config(config)
    with database.write() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        if found == script.get_current_head():
            return
        if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
            raise DatabaseError(
                f"{database.path} has the schema {found!r}, which this version of the server does not know.",
                {"schema": found, "known": script.get_current_head()},
                hint="It was written by a newer server. Upgrade synapse-sdk, or restore an older backup.",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
