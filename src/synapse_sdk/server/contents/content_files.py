"""The bytes of contents, wherever they lie: one reader for files of their own and for packs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import sqlalchemy as sa

from synapse_sdk.server.contents import location_store as store
from synapse_sdk.server.contents.location_store import Location
from synapse_sdk.server.db import Database
from synapse_sdk.storage.blobs import BlobStore
from synapse_sdk.storage.errors import BlobNotFoundError, StorageError
from synapse_sdk.storage.pack import ContentEnds, PackedContent, iter_pack
from synapse_sdk.storage.pack_folder import NewPack, PackFolder
from synapse_sdk.storage.stored_bytes import StoredBytes

#: Contents that are looked up at once.
_LOOKED_UP = 1000


class ContentFiles:
    """Blobs and packs. What a row names is here, and its file never changes while a server runs."""

    def __init__(self, database: Database, blobs: BlobStore, packs: PackFolder) -> None:
        self._database = database
        self.blobs = blobs
        self.packs = packs

    def get(self, digest: str) -> StoredBytes:
        """Return the bytes of a content; none of them is read.

        Raises:
            BlobNotFoundError: It is not here.
        """
        with self._database.read() as connection:
            location = store.find_locations(connection, [digest]).get(digest)
        return self._locate(digest, location)

    def find(self, digest: str) -> StoredBytes | None:
        """Return the bytes of a content, None when it is not here."""
        try:
            return self.get(digest)
        except BlobNotFoundError:
            return None

    def iter_packed(self, contents: Iterable[tuple[str, int]]) -> Iterator[bytes]:
        """Yield contents, given with their sizes, as one pack in this order."""
        return iter_pack(self._iter_sources(contents))

    def forget(self, connection: sa.Connection, digests: Collection[str]) -> None:
        """Forget contents that nothing names any more. Those in packs leave their bytes behind."""
        store.forget_locations(connection, digests)

    def keep_pack(self, pack: NewPack, ended: Sequence[ContentEnds]) -> list[Location]:
        """Put a pack in its place, up to its last whole content; return the rows to be written.

        Contents that are here already stay where they are. A pack of nothing else is not kept.
        """
        known = self._find_sound({content.digest for content in ended})
        rows = {
            content.digest: Location(content.digest, pack.name, content.offset, content.size_bytes)
            for content in ended
            if content.digest not in known
        }
        if rows:
            pack.seal(max(content.offset + content.size_bytes for content in ended))
        return list(rows.values())

    def record(self, connection: sa.Connection, rows: Sequence[Location]) -> None:
        """Write the rows that `keep_pack` returned, in place of those of damaged contents.

        Where another request was faster with the same content, the last one stays; both are good.
        """
        store.add_locations(connection, rows)

    def _find_sound(self, digests: Collection[str]) -> set[str]:
        # A content that is here may have been damaged since. A good copy at hand mends it.
        with self._database.read() as connection:
            located = store.find_locations(connection, digests)
        return {digest for digest, location in located.items() if self._is_sound(location)}

    def _is_sound(self, location: Location) -> bool:
        try:
            return self._stored(location).compute_digest() == location.digest
        except (OSError, StorageError):
            return False

    def _iter_sources(self, contents: Iterable[tuple[str, int]]) -> Iterator[PackedContent]:
        left = iter(contents)
        while asked := list(islice(left, _LOOKED_UP)):
            with self._database.read() as connection:
                located = store.find_locations(connection, [digest for digest, _ in asked])
            for digest, size_bytes in asked:
                yield PackedContent(digest, size_bytes, self._locate(digest, located.get(digest)))

    def _locate(self, digest: str, location: Location | None) -> StoredBytes:
        if location is not None:
            return self._stored(location)
        path = self.blobs.get(digest)
        return StoredBytes(path, 0, path.stat().st_size)

    def _stored(self, location: Location) -> StoredBytes:
        return StoredBytes(self.packs.path_of(location.pack), location.offset, location.size_bytes)
