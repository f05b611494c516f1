"""The files of the last few releases, in memory: a plugin's next one is told as a difference from them."""

from __future__ import annotations

import threading
from collections import OrderedDict

from synapse_sdk.server.registry.models import WrittenFiles

#: Files of all releases together that are kept: about ten megabytes.
LIMIT_COUNT = 20_000


class RecentFiles:
    """Files by the id of their release, which never change. Those that nobody asked for longest go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, WrittenFiles] = OrderedDict()
        self._count = 0

    def find(self, release_id: int) -> WrittenFiles | None:
        """Return the files of a release, if they are still kept."""
        with self._lock:
            found = self._kept.get(release_id)
            if found is not None:
                self._kept.move_to_end(release_id)
            return found

    def keep(self, release_id: int, files: WrittenFiles) -> None:
        """Keep the files of a release, in place of others if need be."""
        with self._lock:
            if release_id not in self._kept:
                self._count += len(files.files)
            self._kept[release_id] = files
            while self._count > LIMIT_COUNT:
                _, forgotten = self._kept.popitem(last=False)
                self._count -= len(forgotten.files)
