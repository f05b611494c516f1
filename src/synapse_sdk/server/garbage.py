"""Contents that nothing names any more: found, listed, removed."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server import garbage_store as store
from synapse_sdk.server.db import Database
from synapse_sdk.storage.blobs import Blob, BlobStore

#: An upload names its contents last. What is younger than this may still be on its way to a name.
YOUNGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Garbage:
    """What can go, or has gone."""

    #: Contents that a workspace has and no row names.
    unnamed: tuple[Blob, ...]
    #: Contents of the blob store that no workspace knows: a crash between bytes and row leaves them.
    strays: tuple[Blob, ...]

    @property
    def size_bytes(self) -> int:
        """How much room it takes."""
        return sum(blob.size_bytes for blob in (*self.unnamed, *self.strays))


def find_garbage(database: Database, blobs: BlobStore, *, youngest: timedelta = YOUNGEST) -> Garbage:
    """Say what can go; change nothing."""
    with database.read() as connection:
        unnamed = store.list_unnamed(connection, before=utc_now() - youngest)
        known = store.list_known(connection)
    return Garbage(tuple(unnamed), tuple(_iter_strays(blobs, known, youngest)))


def remove_garbage(database: Database, blobs: BlobStore, *, youngest: timedelta = YOUNGEST) -> Garbage:
    """Remove what can go; return it. No server may run on the folder meanwhile: hold its claim.

    First the rows, in one transaction, then the files: a crash in between leaves strays, which go next time.
    """
    with database.write() as connection:
        unnamed = store.list_unnamed(connection, before=utc_now() - youngest)
        store.forget(connection, [blob.digest for blob in unnamed])
        known = store.list_known(connection)
    for blob in unnamed:
        blobs.remove(blob.digest)
    strays = tuple(_iter_strays(blobs, known, youngest))
    for blob in strays:
        blobs.remove(blob.digest)
    return Garbage(tuple(unnamed), strays)


def _iter_strays(blobs: BlobStore, known: Collection[str], youngest: timedelta) -> Iterator[Blob]:
    oldest_spared = time.time() - youngest.total_seconds()
    for blob, changed_at in blobs.iter_blobs():
        if blob.digest not in known and changed_at < oldest_spared:
            yield blob
