"""Which workspace has which contents: the registry's knowledge, as this subject needs it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import sqlalchemy as sa

from synapse_sdk.storage.blobs import Blob
from synapse_sdk.workspace.manifest import Item


class Contents(Protocol):
    """Rows of contents. Their bytes are in the blob store before there is a row."""

    def require_contents(self, connection: sa.Connection, workspace_id: int, items: Collection[Item]) -> None:
        """Raise `ConflictError`, naming some, unless the workspace has all these contents, in these sizes."""

    def record_blob(self, connection: sa.Connection, workspace_id: int, blob: Blob) -> None:
        """Note that a workspace has a content whose bytes are in the blob store; once is enough."""
