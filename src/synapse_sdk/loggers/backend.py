"""`BackendLogger`: every call handed to an object of yours, when it is made."""

from __future__ import annotations

from typing import Any

from synapse_sdk.plugins.base_logger import BaseLogger
from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.models.log_entry import LogEntry, LoggerBackend, ProgressData


class BackendLogger(BaseLogger):
    """Publishes to a `LoggerBackend`. Unlike the vendor's, progress says which step it is of.

    What the backend raises comes back to the caller: nothing is lost without a word.
    """

    def __init__(self, backend: LoggerBackend | None, job_id: str) -> None:
        """Publish to `backend` under `job_id`; without a backend to nobody."""
        super().__init__()
        self._backend = backend
        self._job_id = job_id

    def _log_impl(
        self,
        event: str,
        data: dict[str, Any],
        file: str | None,
        step: str | None,
        level: LogLevel | str | None = None,
    ) -> None:
        if self._backend is not None:
            entry = LogEntry(event, data, file=file, step=step, level=level)
            self._backend.publish_log(self._job_id, entry)

    def _on_progress(self, progress: ProgressData, step: str | None) -> None:
        if self._backend is not None:
            self._backend.publish_progress(self._job_id, progress)

    def _on_metrics(self, step: str, metrics: dict[str, Any]) -> None:
        if self._backend is not None:
            self._backend.publish_metrics(self._job_id, {step: metrics})
