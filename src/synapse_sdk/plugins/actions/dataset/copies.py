"""Copies of ground truths in the cache: found by what they hold; those that nobody uses any more go.

```text
<cache>/ground-truths/<digest>/.summary.json   what is in it; its time is that of the last use
```
"""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.storage.partials import remove_abandoned_partials

#: Says in a copy how many items it has, and how they are written.
SUMMARY_FILE: Final = ".summary.json"
#: So many of the last used copies stay, however long ago that was.
KEPT_COPIES: Final = 30
#: Seconds since its last use for which any copy stays: a training may read from it all the while.
KEPT_S: Final = 7 * 24 * 3600.0


def find_copy(folder: Path) -> dict[str, Any] | None:
    """Return a copy's summary, and note that it is used; None where it is not there."""
    summary = folder / SUMMARY_FILE
    try:
        os.utime(summary)
        found: dict[str, Any] = json.loads(summary.read_bytes())
    except FileNotFoundError:
        return None
    return found


def remove_unused_copies(room: Path) -> None:
    """Remove copies that were not used for `KEPT_S`, but for the last `KEPT_COPIES`; and what broke off.

    Several processes may do this at once.
    """
    remove_abandoned_partials(room, abandoned_after_s=KEPT_S)
    oldest_kept = time.time() - KEPT_S
    by_age = sorted(((_used_at(folder), folder) for folder in room.glob("[!.]*")), reverse=True)
    for used_at, folder in by_age[KEPT_COPIES:]:
        if used_at < oldest_kept:
            # Away at once: who looks for it meanwhile finds a whole copy, or none.
            aside = room / f".{folder.name}.{uuid7()}.partial"
            with suppress(FileNotFoundError):  # another process was faster
                folder.rename(aside)
                shutil.rmtree(aside)


def _used_at(folder: Path) -> float:
    try:
        return (folder / SUMMARY_FILE).stat().st_mtime
    except FileNotFoundError:
        return 0.0
