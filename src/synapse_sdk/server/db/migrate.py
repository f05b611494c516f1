"""From any shipped schema to this one."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from synapse_sdk.server.db.copying import copy_database
from synapse_sdk.server.db.engine import Database, DatabaseError
from synapse_sdk.storage.errors import explain_disk_errors

_log = logging.getLogger("synapse.server")
_SCRIPTS = Path(__file__).with_name("migrations")


def migrate(database: Database) -> None:
    """Bring the database to the newest schema, in one transaction; a new file gets all of it.

    An older one is copied first, as it is, to `before-upgrade-from-<schema>.db` beside it.

    Raises:
        DatabaseError: The database is of a newer version than this server.
        DiskFullError: There is no room for the copy. The database is as it was.
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
        if found is not None:
            _keep(database.path, found)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _keep(path: Path, revision: str) -> None:
    """Copy a database of an older schema, for whoever wants to go back."""
    copy = path.with_name(f"before-upgrade-from-{revision}.db")
    with explain_disk_errors(path.parent, needed_bytes=path.stat().st_size):
        copy_database(path, copy)
    _log.warning(
        "The database has the older schema %s and is brought up. As it was, it is in %s.", revision, copy
    )


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
