"""The subject's services in one place, for its routes and for other subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.manifest import ManifestFile
from synapse_sdk.server.contents.content_files import ContentFiles
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import Principal
from synapse_sdk.server.registry.content_service import ContentService, SizedContent
from synapse_sdk.server.registry.models import Release
from synapse_sdk.server.registry.release_service import (
    IsGiven,
    ReleaseOfJob,
    ReleaseService,
    no_release,
    nothing_given,
)
from synapse_sdk.storage.blobs import Blob
from synapse_sdk.storage.stored_bytes import StoredBytes


class RegistryService:
    """Contents, plugins and releases."""

    def __init__(
        self,
        database: Database,
        files: ContentFiles,
        *,
        uploads: Path,
        release_of_job: ReleaseOfJob = no_release,
        is_given: IsGiven = nothing_given,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Wire the subject.

        Args:
            database: Where its rows lie.
            files: Where contents lie.
            uploads: Folder of contents on their way in; on the file system of the blobs.
            release_of_job: Digest of the release that a job's envelope names; a job reads no other.
            is_given: Was an agent given a job of a release? It reads no other.
            now: The clock.
        """
        self.files = files
        self.contents = ContentService(database, files, uploads=uploads, now=now)
        self.releases = ReleaseService(
            database, self.contents, release_of_job=release_of_job, is_given=is_given, now=now
        )

    def get_release(self, reader: Principal | int, lookup: str | int) -> Release:
        """Return a release; see `ReleaseService.get_release`."""
        return self.releases.get_release(reader, lookup)

    def get_release_for_run(
        self, principal: Principal, code: str, version: str | None = None, debug: bool = False
    ) -> Release:
        """Return the release that somebody wants to run; see `ReleaseService.get_release_for_run`."""
        return self.releases.get_release_for_run(principal, code, version, debug)

    def list_files(self, release: Release, *, after: str = "", limit: int = 1000) -> list[ManifestFile]:
        """Return files of a release in the order of their paths."""
        return self.releases.list_files(release, after=after, limit=limit)

    def open_blob(self, workspace_id: int, digest: str) -> StoredBytes:
        """Return the bytes of a content that the workspace has; `NotFoundError` without one."""
        return self.contents.open_blob(workspace_id, digest)

    def require_blobs(self, connection: sa.Connection, workspace_id: int, digests: Iterable[str]) -> None:
        """Raise `ConflictError`, naming some, unless the workspace has all contents of these digests."""
        self.contents.require_blobs(connection, workspace_id, digests)

    def require_contents(
        self, connection: sa.Connection, workspace_id: int, items: Iterable[SizedContent]
    ) -> None:
        """Raise `ConflictError`, naming some, unless the workspace has all these contents, in these sizes."""
        self.contents.require_contents(connection, workspace_id, items)

    def record_blob(self, connection: sa.Connection, workspace_id: int, blob: Blob) -> None:
        """Note that a workspace has a content whose bytes are in the blob store; once is enough."""
        self.contents.record_blob(connection, workspace_id, blob)
