"""Rules of contents: who may bring them in, which a workspace has. Bytes first, then their row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.units import format_size
from synapse_sdk.server.contents.content_files import ContentFiles
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import ConflictError, InvalidError, NotFoundError, Principal, TooLargeError
from synapse_sdk.server.registry import content_store as store
from synapse_sdk.server.registry.pack_receiver import PackReceiver
from synapse_sdk.server.registry.partial_contents import PartialContents
from synapse_sdk.storage.blob_batch import BlobBatch
from synapse_sdk.storage.blobs import Blob
from synapse_sdk.storage.pack import ContentEnds
from synapse_sdk.storage.pack_folder import NewPack
from synapse_sdk.storage.stored_bytes import StoredBytes

CONTENT_LIMIT_BYTES = 50 * 1024**3
#: Missing contents that an error names.
_NAMED = 20


class SizedContent(Protocol):
    """Anything that names a content: an item or file of a manifest."""

    @property
    def digest(self) -> str:
        """`sha256:<hex>`."""

    @property
    def size_bytes(self) -> int:
        """Its size."""


class ContentService:
    """The contents of all workspaces. The same bytes in two workspaces are stored once and known twice."""

    def __init__(
        self,
        database: Database,
        files: ContentFiles,
        *,
        uploads: Path,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._files = files
        self._blobs = files.blobs
        self._partials = PartialContents(uploads)
        self._now = now

    def find_missing(
        self, principal: Principal, asked: Mapping[str, int]
    ) -> tuple[list[str], dict[str, int]]:
        """Say which contents the workspace lacks, and how far those came that were interrupted.

        Args:
            principal: Who asks.
            asked: Sizes in bytes by digest.

        Returns:
            The digests that are missing, in the order of the question; and by digest the bytes that are here
            of those that are partly here.

        Raises:
            InvalidError: A content is here with another size: its digest or size was mistaken.
        """
        _require_upload(principal)
        with self._database.read() as connection:
            found = store.find_sizes(connection, principal.workspace_id, asked)
        _check_sizes(asked, found)
        missing = [digest for digest in asked if digest not in found]
        return missing, self._partials.find_sizes(principal.workspace_id, missing)

    def receive_pack(self, principal: Principal) -> PackReceiver:
        """Return what takes a pack piece by piece, for contents of this workspace."""
        _require_upload(principal)

        def keep(pack: NewPack, ended: Sequence[ContentEnds]) -> None:
            rows = self._files.keep_pack(pack, ended)
            blobs = [Blob(content.digest, content.size_bytes) for content in ended]
            with self._database.write() as connection:
                self._files.record(connection, rows)
                store.add_contents(connection, principal.workspace_id, blobs, self._now())

        return PackReceiver(self._files.packs.create(), keep)

    def receive_streams(self, principal: Principal, streams: Iterable[Iterable[bytes]]) -> list[Blob]:
        """Bring in contents whose digests nobody has said; return them in the order of the streams.

        Nothing of them is known to anybody when one of the streams breaks off with an error.
        """
        _require_upload(principal)
        with BlobBatch(self._blobs) as batch:
            for stream in streams:
                digest = hashlib.sha256()
                batch.begin()
                for chunk in stream:
                    digest.update(chunk)
                    batch.write(chunk)
                batch.end(f"sha256:{digest.hexdigest()}")
            found = batch.sync()
        with self._database.write() as connection:
            store.add_contents(connection, principal.workspace_id, found, self._now())
        return found

    def begin_content(
        self, principal: Principal, digest: str, offset: int, total_bytes: int | None
    ) -> int | None:
        """Get ready for the bytes of a content from `offset` on; return its size if it is here already.

        Raises:
            ConflictError: Another offset is the right one; `details["offset"]`.
            TooLargeError: It is larger than any content may be.
        """
        _require_upload(principal)
        if total_bytes is not None and total_bytes > CONTENT_LIMIT_BYTES:
            raise TooLargeError(
                f"A content has up to {format_size(CONTENT_LIMIT_BYTES)}, not {format_size(total_bytes)}.",
                {"limit_bytes": CONTENT_LIMIT_BYTES},
            )
        if (known := self._find_size(principal.workspace_id, digest)) is not None:
            return known
        here = self._partials.size_bytes(principal.workspace_id, digest)
        if offset and offset != here:
            raise _wrong_offset(digest, offset, here)
        return None

    def append_content(self, principal: Principal, digest: str, offset: int, data: bytes) -> None:
        """Write bytes of a content. Several requests may bring the same one; what is here is passed over.

        Raises:
            ConflictError: There is a gap before them; `details["offset"]` is where to go on.
            TooLargeError: It is larger than any content may be.
        """
        if offset + len(data) > CONTENT_LIMIT_BYTES:
            raise TooLargeError(f"A content has up to {format_size(CONTENT_LIMIT_BYTES)}.")
        with self._partials.opened(principal.workspace_id, digest) as partial:
            if offset > partial.size_bytes:
                if self._find_size(principal.workspace_id, digest) is not None:
                    return  # another request was faster and has completed it
                raise _wrong_offset(digest, offset, partial.size_bytes)
            partial.append(offset, data)

    def end_content(self, principal: Principal, digest: str, total_bytes: int | None) -> tuple[int, bool]:
        """Make what came durable; when it is all, check it and keep it.

        Args:
            principal: Who sent it.
            digest: What the bytes must have.
            total_bytes: How many there are; None when it ends here, whatever its size.

        Returns:
            The bytes that are here, and whether the content is complete.

        Raises:
            InvalidError: The bytes have another digest. They are forgotten.
        """
        workspace_id = principal.workspace_id
        with self._partials.opened(workspace_id, digest) as partial:
            if (known := self._find_size(workspace_id, digest)) is not None:
                partial.discard()
                return known, True
            size_bytes = partial.size_bytes
            if total_bytes is not None and size_bytes < total_bytes:
                partial.sync()
                return size_bytes, False
            found = partial.compute_digest()
            if found != digest or (total_bytes is not None and size_bytes != total_bytes):
                partial.discard()
                raise InvalidError(
                    f"What came as {digest} has {size_bytes} bytes and the digest {found}.",
                    {"digest": digest, "found": found, "size_bytes": size_bytes},
                    hint="Send it again from the start; if the file has changed, with its new digest.",
                )
            partial.sync()
            self._blobs.adopt_file(partial.path, digest)
            with self._database.write() as connection:
                store.add_contents(connection, workspace_id, [Blob(digest, size_bytes)], self._now())
            return size_bytes, True

    def pause_content(self, principal: Principal, digest: str) -> None:
        """Make durable what came of a content before the connection broke."""
        with self._partials.opened(principal.workspace_id, digest) as partial:
            partial.sync()

    def require_contents(
        self, connection: sa.Connection, workspace_id: int, contents: Iterable[SizedContent]
    ) -> None:
        """Raise unless the workspace has all these contents.

        Raises:
            ConflictError: Some are missing; names up to 20, `details["missing"]`.
            InvalidError: One has another size than is said here.
        """
        asked = {content.digest: content.size_bytes for content in contents}
        found = store.find_sizes(connection, workspace_id, asked)
        _check_sizes(asked, found)
        _refuse_missing([digest for digest in asked if digest not in found])

    def require_blobs(self, connection: sa.Connection, workspace_id: int, digests: Iterable[str]) -> None:
        """Raise unless the workspace has all contents of these digests.

        Raises:
            ConflictError: Some are missing; names up to 20, `details["missing"]`.
        """
        asked = list(dict.fromkeys(digests))
        found = store.find_sizes(connection, workspace_id, asked)
        _refuse_missing([digest for digest in asked if digest not in found])

    def record_blob(self, connection: sa.Connection, workspace_id: int, blob: Blob) -> None:
        """Note that a workspace has a content whose bytes are in the blob store; once is enough."""
        store.add_contents(connection, workspace_id, [blob], self._now())

    def open_blob(self, workspace_id: int, digest: str) -> StoredBytes:
        """Return the bytes of a content; none of them is read yet.

        Raises:
            NotFoundError: The workspace has no such content.
        """
        if self._find_size(workspace_id, digest) is None:
            raise NotFoundError(f"There is no content {digest} here.", {"digest": digest})
        return self._files.get(digest)

    def _find_size(self, workspace_id: int, digest: str) -> int | None:
        with self._database.read() as connection:
            return store.find_sizes(connection, workspace_id, [digest]).get(digest)


def _require_upload(principal: Principal) -> None:
    if principal.kind != "job":  # which brings in what its action made
        principal.require("blobs:write")


def _check_sizes(asked: Mapping[str, int], found: Mapping[str, int]) -> None:
    for digest, size_bytes in found.items():
        if asked[digest] != size_bytes:
            raise InvalidError(
                f"{digest} is here with {size_bytes} bytes, not {asked[digest]}.",
                {"digest": digest, "size_bytes": size_bytes},
                hint="Compute the digest again: no two contents share one.",
            )


def _refuse_missing(missing: list[str]) -> None:
    if not missing:
        return
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    raise ConflictError(
        f"{len(missing)} contents are not here yet: {', '.join(missing[:_NAMED])}{more}.",
        {"missing": missing[:_NAMED], "missing_count": len(missing)},
        hint="Send them to blobs/ first, then repeat this request.",
    )


def _wrong_offset(digest: str, offset: int, right: int) -> ConflictError:
    return ConflictError(
        f"{digest} is here up to byte {right}; these bytes begin at {offset}.",
        {"digest": digest, "offset": right},
        hint=f"Go on at byte {right}.",
    )
