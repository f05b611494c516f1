"""Rules of single files: uploads in chunks, data files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.data import file_store as store
from synapse_sdk.server.data.access import DataAccess
from synapse_sdk.server.data.contents import Contents
from synapse_sdk.server.data.incoming import ByteRange, hash_file, write_part
from synapse_sdk.server.data.manifest import find_path_problem
from synapse_sdk.server.data.models import ChunkedUpload, DataFile
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import ConflictError, InvalidError, NotFoundError, Principal
from synapse_sdk.storage.blobs import Blob, BlobStore


class FileService:
    """Files of all workspaces that are neither datasets nor models yet."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        access: DataAccess,
        contents: Contents,
        *,
        uploads: Path,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._access = access
        self._contents = contents
        self._uploads = uploads
        self._now = now

    def begin_upload(
        self, principal: Principal, filename: str, part: ByteRange, source: BinaryIO
    ) -> tuple[ChunkedUpload, int]:
        """Take the first part of a file; return the upload and where it goes on."""
        self._access.require_create(principal)
        _check_filename(filename)
        if part.start:
            raise ConflictError(f"An upload begins at byte 0, not {part.start}.", {"offset": 0})
        facts = {
            "workspace_id": principal.workspace_id,
            "filename": filename,
            "size_bytes": part.total,
            "created_by": principal.key,
            "created_at": self._now(),
        }
        with self._database.write() as connection:
            upload_id = store.add_upload(connection, facts)
        return self.continue_upload(principal, upload_id, part, source)

    def continue_upload(
        self, principal: Principal, upload_id: int, part: ByteRange, source: BinaryIO
    ) -> tuple[ChunkedUpload, int]:
        """Take another part of a file; return the upload and where it goes on."""
        upload = self.get_upload(principal, upload_id)
        if upload.completed_at is not None:
            return upload, upload.size_bytes
        if part.total != upload.size_bytes:
            raise ConflictError(
                f"This upload has {upload.size_bytes} bytes in all; this part says {part.total}."
            )
        return upload, write_part(self._path(upload_id), part, source)

    def complete_upload(self, principal: Principal, upload_id: int, md5: str | None) -> ChunkedUpload:
        """End an upload; the same end again changes nothing.

        Raises:
            ConflictError: Parts are missing; `details["offset"]` is where to go on.
            InvalidError: The bytes that came have another MD5.
        """
        upload = self.get_upload(principal, upload_id)
        if upload.completed_at is None:
            self._keep_upload(principal, upload, md5)
            upload = self.get_upload(principal, upload_id)
        elif md5 is not None and md5.lower() != upload.md5:
            raise InvalidError(f"This upload was completed with the MD5 {upload.md5}, not {md5[:64]}.")
        self._path(upload_id).unlink(missing_ok=True)
        return upload

    def get_upload(self, principal: Principal, upload_id: int) -> ChunkedUpload:
        """Return an upload, to whoever began it."""
        self._access.require_create(principal)
        with self._database.read() as connection:
            found = store.find_upload(connection, principal.workspace_id, upload_id)
        if found is None or found.created_by != principal.key:
            raise NotFoundError(f"There is no upload {upload_id} of yours.", {"id": upload_id})
        return found

    def get_completed_upload(self, principal: Principal, upload_id: int) -> ChunkedUpload:
        """Return an upload that has a digest.

        Raises:
            ConflictError: It is not complete.
        """
        upload = self.get_upload(principal, upload_id)
        if upload.digest is None:
            raise ConflictError(
                f"The upload {upload_id} ({upload.filename}) is not complete.",
                {"id": upload_id},
                hint="Send its last part, then POST its md5 to its address.",
            )
        return upload

    def find_offset(self, upload: ChunkedUpload) -> int:
        """Return how far an upload has come."""
        path = self._path(upload.id)
        if upload.completed_at is not None:
            return upload.size_bytes
        return path.stat().st_size if path.exists() else 0

    def create_data_file(self, principal: Principal, name: str, source: BinaryIO) -> DataFile:
        """Keep a file that came whole."""
        self._access.require_create(principal)
        _check_filename(name)
        with self._temporary_file() as path:
            write_part(path, ByteRange(0, 0, 0), source)
            hashes = hash_file(path)
            self._blobs.adopt_file(path, hashes.digest)
        return self._add_data_file(principal, name, Blob(hashes.digest, hashes.size_bytes), hashes.sha1)

    def create_data_file_of_upload(self, principal: Principal, upload_id: int) -> DataFile:
        """Keep a file that came in chunks."""
        upload = self.get_completed_upload(principal, upload_id)
        assert upload.digest is not None
        checksum = hash_file(self._blobs.get(upload.digest)).sha1
        blob = Blob(upload.digest, upload.size_bytes)
        return self._add_data_file(principal, upload.filename, blob, checksum)

    def get_data_file(self, principal: Principal, file_id: int) -> DataFile:
        """Return a data file. A job sees those that it made itself."""
        with self._database.read() as connection:
            found = store.find_data_file(connection, principal.workspace_id, file_id)
        if principal.kind != "job" or found is None or found.created_by != principal.key:
            principal.require("data:read")
        if found is None:
            raise NotFoundError(f"There is no data file {file_id}.", {"id": file_id})
        return found

    def find_checksums(self, principal: Principal, checksums: Collection[str]) -> list[str]:
        """Return those of the SHA-1 checksums whose files are here already."""
        self._access.require_create(principal)
        with self._database.read() as connection:
            return sorted(store.find_checksums(connection, principal.workspace_id, checksums))

    def _keep_upload(self, principal: Principal, upload: ChunkedUpload, md5: str | None) -> None:
        path, offset = self._path(upload.id), self.find_offset(upload)
        if offset != upload.size_bytes:
            raise ConflictError(
                f"The upload {upload.id} is at byte {offset} of {upload.size_bytes}.", {"offset": offset}
            )
        hashes = hash_file(path)
        found = hashes.md5
        if md5 is not None and md5.lower() != found:
            raise InvalidError(
                f"What came has the MD5 {found}, not {md5[:64]}: something was changed on the way.",
                {"expected": md5[:64], "found": found},
                hint="Upload the file again.",
            )
        blob = Blob(hashes.digest, hashes.size_bytes)
        # By a second name, so that a crash before the row is written leaves the upload as it was.
        link = path.with_name(f".{path.name}-{os.urandom(6).hex()}.partial")
        link.hardlink_to(path)
        self._blobs.adopt_file(link, blob.digest)
        with self._database.write() as connection:
            self._contents.record_blob(connection, principal.workspace_id, blob)
            store.complete_upload(connection, upload.id, digest=blob.digest, md5=found, now=self._now())

    def _add_data_file(self, principal: Principal, name: str, blob: Blob, checksum: str) -> DataFile:
        facts = {
            "workspace_id": principal.workspace_id,
            "name": name,
            "digest": blob.digest,
            "checksum": checksum,
            "size_bytes": blob.size_bytes,
            "created_by": principal.key,
            "created_at": self._now(),
        }
        with self._database.write() as connection:
            self._contents.record_blob(connection, principal.workspace_id, blob)
            file_id = store.add_data_file(connection, facts)
            found = store.find_data_file(connection, principal.workspace_id, file_id)
        assert found is not None
        return found

    def _path(self, upload_id: int) -> Path:
        return self._uploads / f"chunked-{upload_id}"

    @contextmanager
    def _temporary_file(self) -> Iterator[Path]:
        descriptor, name = tempfile.mkstemp(prefix=".data-file-", suffix=".partial", dir=self._uploads)
        os.close(descriptor)
        path = Path(name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def _check_filename(filename: str) -> None:
    if "/" in filename or (problem := find_path_problem(filename)) is not None:
        said = "a file's name has no slashes" if "/" in filename else problem
        raise InvalidError.of_fields(
            [{"loc": ["filename"], "msg": said, "type": "filename", "input": filename[:200]}]
        )
