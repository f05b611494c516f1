"""Copies of a database file that is in use."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path


def copy_database(source: Path, target: Path) -> None:
    """Copy one moment of a database: its last commit. `target` appears, or is replaced, when it is complete.

    Raises:
        OSError: There is no room, or `target` can not be written. Nothing stays behind.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        # The file is made by us, for its owner only: it holds what the database does.
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(partial)) as new:
            old.backup(new)
        partial.replace(target)
    except sqlite3.OperationalError as error:
        partial.unlink(missing_ok=True)
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(partial)) from error
        raise
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
