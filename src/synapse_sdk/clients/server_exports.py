"""Exports that a server of the vendor's kind carries out by itself, and the jobs that they are.

Source: interface sheet `platform.md`, Appendices A, B and D: `plugin_exports`, `async_jobs`. Answers come in
an envelope, `{data, meta}`.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from synapse_sdk.clients.errors import ClientError
from synapse_sdk.clients.sse import read_messages

if TYPE_CHECKING:
    import httpx

Document = dict[str, Any]


class ServerExportRequests:
    """The part of a `BackendClient` that speaks about exports which the server carries out."""

    def create_server_export(
        self,
        *,
        storage: int,
        path: str,
        targets: Sequence[str],
        filters: Mapping[str, Any],
        project: int | None = None,
        include_original_files: bool = False,
        format: str = "raw_bundle_v1",
    ) -> Document:
        """Ask the server to export into a storage; return `{job_id, status, targets, total_count?}`.

        Args:
            storage: Id of the storage that it writes to.
            path: Folder in it.
            targets: "tasks", "assignments", "ground_truths".
            filters: Which of them.
            project: The project that they are of.
            include_original_files: Write the labelled files, too.
            format: How it writes.
        """
        body: Document = {
            "storage_id": storage,
            "path": path,
            "targets": list(targets),
            "filter": dict(filters),
            "include_original_files": include_original_files,
            "format": format,
        }
        if project is not None:
            body["project_id"] = project
        return _unwrap(self._post("v2/plugin_exports/", body))

    def get_async_job(self, job: str) -> Document:
        """Return a job of the server's own: `{id, status, progress, data?}`."""
        return _unwrap(self._get(f"v2/async_jobs/{_part(job)}/"))

    def cancel_async_job(self, job: str) -> Document:
        """Ask the server to end a job of its own."""
        return _unwrap(self._post(f"v2/async_jobs/{_part(job)}/cancel/", {}))

    def stream_async_job(self, job: str, timeout_s: float | None = None) -> Iterator[Document]:
        """Yield what a job of the server's own tells of itself, until it or the connection ends.

        Args:
            job: Its id.
            timeout_s: How long it may say nothing; as long as any answer may take unless given.

        Raises:
            ClientError: The connection broke off, or what came is no JSON.
        """
        with self._open_stream(f"v2/async_jobs/{_part(job)}/progress/", timeout_s) as response:
            for message in read_messages(response.iter_lines()):
                try:
                    told = json.loads(message.data)
                except json.JSONDecodeError as error:
                    raise ClientError(None, f"The server tells of job {job} in no JSON: {error}.") from error
                if isinstance(told, dict):
                    yield {"event": message.event, **told}

    @abstractmethod
    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Document: ...

    @abstractmethod
    def _post(self, path: str, data: Mapping[str, Any]) -> Document: ...

    @abstractmethod
    def _open_stream(self, path: str, timeout_s: float | None) -> AbstractContextManager[httpx.Response]: ...


def _unwrap(answer: Document) -> Document:
    inner = answer.get("data")
    return inner if isinstance(inner, dict) and "meta" in answer else answer


def _part(value: str) -> str:
    return quote(str(value), safe="")
