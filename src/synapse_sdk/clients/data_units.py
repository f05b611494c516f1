"""Data units, and their files in bulk, as the vendor's servers offer them.

Source: interface sheet `platform.md` §3.2; `actions.md` §10. A server of ours has none of them and answers
404.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synapse_sdk.clients.presigned_upload import BulkUpload

Document = dict[str, Any]


class DataUnitRequests:
    """The part of a `BackendClient` that brings data into collections."""

    def create_data_units(
        self,
        data: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        idempotency_key: str | None = None,
    ) -> list[Document]:
        """Make data units: `{data_collection, files: {name: {checksum, path}}, meta?, groups?}`.

        Args:
            data: One, or several.
            idempotency_key: The same with each try of the same request, so that a server which has carried it
                out answers as before; one of its own for each call unless given.

        Returns:
            One record for each, in the same order; `id` is the unit's.
        """
        answer: Any = self._post("data_units/", data, idempotency_key=idempotency_key)
        records = answer.get("results", [answer]) if isinstance(answer, dict) else answer
        return list(records)

    def upload_files_bulk(
        self,
        paths: Iterable[str | os.PathLike[str]],
        max_workers: int = 10,
        batch_size: int = 200,
        max_upload_retries: int = 2,
    ) -> Iterator[BulkUpload]:
        """Upload files straight to the storage behind the server; yield what became of each.

        Args:
            paths: The files.
            max_workers: Files that travel at once.
            batch_size: Files that addresses are asked for at once.
            max_upload_retries: How often a file is sent again.

        Raises:
            NotFoundError: The server gives no addresses; `create_data_file` sends a file through it.
            ClientError: Anything else that it refuses.
        """
        from synapse_sdk.clients.presigned_upload import upload_presigned

        return upload_presigned(
            self._post,
            (Path(path) for path in paths),
            max_workers=max_workers,
            batch_size=batch_size,
            max_retries=max_upload_retries,
        )

    @abstractmethod
    def _post(self, path: str, data: Any, *, idempotency_key: str | None = None) -> Document: ...
