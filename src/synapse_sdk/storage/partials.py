"""Half-written files and folders that a killed process left behind."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

#: Seconds after which an untouched partial belongs to nobody. A live writer touches its own far more often.
ABANDONED_AFTER_S = 24 * 3600.0


def remove_abandoned_partials(folder: Path, *, abandoned_after_s: float = ABANDONED_AFTER_S) -> None:
    """Remove `.<…>.partial` files and folders in `folder` that nobody has touched for so long.

    Nobody reads them; they only take room. Several processes may do this at once.
    """
    oldest_kept = time.time() - abandoned_after_s
    for partial in folder.glob(".*.partial"):
        with suppress(FileNotFoundError):  # another process was faster: renamed into place, or removed
            if partial.stat().st_mtime >= oldest_kept:
                continue
            if partial.is_dir():
                shutil.rmtree(partial)
            else:
                partial.unlink()
