"""Contents that nothing names any more, and uploads that nobody ended: found, listed, removed."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server import garbage_store as store
from synapse_sdk.server.contents.content_files import ContentFiles
from synapse_sdk.server.contents.repacking import WornPack, find_worn, replace_pack
from synapse_sdk.server.db import Database
from synapse_sdk.storage.blobs import Blob, BlobStore

#: An upload names its contents last. What is younger than this may still be on its way to a name.
YOUNGEST = timedelta(days=1)
#: An upload can be taken up again where it broke off, for so long.
ABANDONED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AbandonedUpload:
    """The part of a file that came before its sender went away."""

    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Garbage:
    """What can go, or has gone."""

    #: Contents that a workspace has and no row names.
    unnamed: tuple[Blob, ...]
    #: Contents of the blob store that no workspace knows: a crash between bytes and row leaves them.
    strays: tuple[Blob, ...]
    #: Packs of which less than half lives: what is dead in them goes, what lives moves to a new one.
    packs: tuple[WornPack, ...]
    #: Files on their way in, of which nothing came for a week.
    uploads: tuple[AbandonedUpload, ...]

    @property
    def size_bytes(self) -> int:
        """How much room it takes. Of contents in a pack that is not worn, none is given back yet."""
        contents = sum(blob.size_bytes for blob in (*self.unnamed, *self.strays))
        return contents + sum(upload.size_bytes for upload in self.uploads)


def find_garbage(
    database: Database, files: ContentFiles, uploads: Path, *, youngest: timedelta = YOUNGEST
) -> Garbage:
    """Say what can go; change nothing.

    Args:
        database: Its rows name contents.
        files: The contents.
        uploads: Folder of files on their way in.
        youngest: Contents that are younger may still be on their way to a name.
    """
    with database.read() as connection:
        unnamed = store.list_unnamed(connection, before=utc_now() - youngest)
        known = store.list_known(connection)
    strays = tuple(_iter_strays(files.blobs, known, youngest))
    dying = [blob.digest for blob in unnamed]
    worn = find_worn(database, files, dying=dying, written_before=_oldest_spared(youngest))
    return Garbage(tuple(unnamed), strays, tuple(worn), tuple(_iter_abandoned(uploads)))


def remove_garbage(
    database: Database, files: ContentFiles, uploads: Path, *, youngest: timedelta = YOUNGEST
) -> Garbage:
    """Remove what can go; return it. No server may run on the folder meanwhile: hold its claim.

    First the rows, in one transaction, then the files: a crash in between leaves strays, which go next time.
    A client that goes on with an abandoned upload after all begins again.

    Raises:
        PackError: A pack that is to be written anew is damaged. It is left as it is.
        DiskFullError: There is no room to write one anew. It is left as it is.
    """
    with database.write() as connection:
        unnamed = store.list_unnamed(connection, before=utc_now() - youngest)
        digests = [blob.digest for blob in unnamed]
        store.forget(connection, digests)
        files.forget(connection, digests)
        known = store.list_known(connection)
    for blob in unnamed:
        files.blobs.remove(blob.digest)
    strays = tuple(_iter_strays(files.blobs, known, youngest))
    for blob in strays:
        files.blobs.remove(blob.digest)
    abandoned = tuple(_iter_abandoned(uploads))
    for upload in abandoned:
        upload.path.unlink(missing_ok=True)
    files.packs.remove_abandoned()
    worn = tuple(find_worn(database, files, written_before=_oldest_spared(youngest)))
    for pack in worn:  # last, and each by itself: it takes room and time
        replace_pack(database, files, pack)
    return Garbage(tuple(unnamed), strays, worn, abandoned)


def _iter_strays(blobs: BlobStore, known: Collection[str], youngest: timedelta) -> Iterator[Blob]:
    oldest_spared = _oldest_spared(youngest)
    for blob, changed_at in blobs.iter_blobs():
        if blob.digest not in known and changed_at < oldest_spared:
            yield blob


def _oldest_spared(youngest: timedelta) -> float:
    return time.time() - youngest.total_seconds()


def _iter_abandoned(uploads: Path) -> Iterator[AbandonedUpload]:
    oldest_kept = time.time() - ABANDONED_AFTER.total_seconds()
    for path in sorted(uploads.iterdir()):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # it was completed a moment ago: the server may run while garbage is only looked for
        if status.st_mtime < oldest_kept:
            yield AbandonedUpload(path, status.st_size)
