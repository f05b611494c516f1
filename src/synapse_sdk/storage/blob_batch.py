"""Many small blobs at once, made durable together: one sync for all instead of one for each."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from synapse_sdk.storage.blobs import Blob, BlobStore
from synapse_sdk.storage.copying import sync_file_system


class BlobBatch:
    """Blobs that are written one after the other. Not for several threads at once.

    ```text
    with BlobBatch(store) as batch:
        batch.begin(); batch.write(b"…"); batch.end(digest)
        …
        batch.sync()
    ```

    What ended is in the store, whole; only after `sync` does it survive a power cut. Until then nothing may
    point at it. What begins and does not end leaves nothing behind.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        store.root.mkdir(parents=True, exist_ok=True)
        # One name for all, which each blob leaves when it is renamed.
        self._partial = str(store.new_partial())
        self._descriptor = -1
        self._size_bytes = 0
        #: Blobs that ended since the last `sync`.
        self.unsynced: list[Blob] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandon()

    def begin(self) -> None:
        """Start a blob."""
        self._descriptor = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        self._size_bytes = 0

    def write(self, data: bytes | memoryview) -> None:
        """Write more of it."""
        view = memoryview(data)
        while view:
            written = os.write(self._descriptor, view)
            view = view[written:]
            self._size_bytes += written

    def end(self, digest: str) -> Blob:
        """Put the blob in its place. `digest` must be that of its bytes."""
        os.close(self._descriptor)
        self._descriptor = -1
        if not self._store.place(self._partial, digest):
            Path(self._partial).unlink()
        blob = Blob(digest, self._size_bytes)
        self.unsynced.append(blob)
        return blob

    def sync(self) -> list[Blob]:
        """Make everything that ended survive a power cut; return what the last `sync` did not know of."""
        blobs, self.unsynced = self.unsynced, []
        if blobs:
            sync_file_system(self._store.root)
        return blobs

    def _abandon(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        Path(self._partial).unlink(missing_ok=True)
