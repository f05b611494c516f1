"""What an exporter reports: progress, numbers, and an event for each file.

Source: interface sheet `actions.md` §6.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.plugins.actions.export.enums import ExportStatus

if TYPE_CHECKING:
    from synapse_sdk.plugins.context import RuntimeContext
    from synapse_sdk.plugins.log_messages import LogMessageCode


@dataclass
class MetricsRecord:
    """How many files are still to come, are there, are not."""

    stand_by: int = 0
    success: int = 0
    failed: int = 0

    def count(self, status: ExportStatus) -> None:
        """Count one file that was still to come."""
        self.stand_by = max(self.stand_by - 1, 0)
        if status is ExportStatus.SUCCESS:
            self.success += 1
        else:
            self.failed += 1


class ExporterRunAdapter:
    """An exporter's way to its run: `self.run` of a `BaseExporter`."""

    def __init__(self, ctx: RuntimeContext) -> None:
        """Report through `ctx`."""
        self._ctx = ctx

    def log_message(
        self, message: str | Mapping[str, str] | LogMessageCode, level: str = "info", **values: Any
    ) -> None:
        """Tell a person something. See `RuntimeContext.log_message`."""
        self._ctx.log_message(message, level, **values)

    def log_export_event(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Record an event of the export."""
        self._ctx.log(event, dict(data or {}))

    def log_dev_event(self, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Record something for the plugin's developer."""
        self._ctx.log_dev_event(message, data)

    def set_progress(self, current: float, total: float, step: str | None = None) -> None:
        """Say how far a step has come."""
        self._ctx.set_progress(current, total, step)

    def log_metrics(self, record: MetricsRecord, step: str) -> None:
        """Record how many files there are: `original_file` or `data_file`."""
        self._ctx.set_metrics(asdict(record), step)

    def export_log_original_file(
        self,
        target_id: int,
        data_file_info: Mapping[str, Any],
        status: ExportStatus,
        error: str | None = None,
    ) -> None:
        """Record how an original ended."""
        self._log_file("export_original_file", target_id, data_file_info, status, error)

    def export_log_data_file(
        self,
        target_id: int,
        data_file_info: Mapping[str, Any],
        status: ExportStatus,
        error: str | None = None,
    ) -> None:
        """Record how a file of labels ended."""
        self._log_file("export_data_file", target_id, data_file_info, status, error)

    def _log_file(
        self, event: str, target_id: int, info: Mapping[str, Any], status: ExportStatus, error: str | None
    ) -> None:
        body = {
            "target_id": target_id,
            "data_file_info": json.dumps(dict(info), ensure_ascii=False, default=str),
            "status": str(status),
            "error": error,
            "created": utc_now().isoformat(),
        }
        self._ctx.log(event, body, level="info" if status is ExportStatus.SUCCESS else "error")
