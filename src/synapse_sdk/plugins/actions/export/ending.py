"""The end of an export: lists of what failed, reports, and one sentence on how it went.

Source: interface sheet `actions.md` §6.3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.json_file import encode_json
from synapse_sdk.plugins.actions.export.log_messages import ExportLogMessageCode
from synapse_sdk.plugins.errors import ExecutionError

ERROR_FILE = "error_file_list.json"
COLLISIONS_FILE = "filename_collisions.json"
#: Failures that an error names itself; the file has all.
_SHOWN = 5


def write_reports(context: ExportContext) -> None:
    """Write what there is to say beside the files: what failed, what got another name, the report."""
    folder, exporter = context.unique_export_path, context.exporter
    assert folder is not None
    assert exporter is not None
    exporter.additional_file_saving(folder)
    if context.errors_json or context.errors_original:
        failures = {"json_file_name": context.errors_json, "origin_file_name": context.errors_original}
        _write(folder / ERROR_FILE, failures)
    if exporter.stems.collisions:
        _write(folder / COLLISIONS_FILE, exporter.stems.collisions)
    context.filename_collision_count = len(exporter.stems.collisions)
    if exporter.export_report_enabled:
        summary = {"target": context.params.get("target"), **describe_counts(context)}
        exporter.report.write(folder, summary)


def describe_counts(context: ExportContext) -> dict[str, Any]:
    """Return how many items were exported, failed, and were there."""
    return {
        "exported_count": context.exported_count,
        "failed_count": context.failed_count,
        "total_count": context.total_count,
    }


def tell_end(context: ExportContext) -> None:
    """Tell a person how it went."""
    codes = ExportLogMessageCode
    exported, failed, missing = context.exported_count, context.failed_count, count_missing(context)
    if failed:
        context.log_message(codes.EXPORT_COMPLETED_WITH_FAILURES, exported=exported, failed=failed)
    if missing:
        context.log_message(codes.EXPORT_COMPLETED_WITH_MISSING_PAGES, exported=exported, pages=missing)
    if not failed and not missing:
        context.log_message(codes.EXPORT_COMPLETED, count=exported)


def count_missing(context: ExportContext) -> int:
    """Return how many items the server counted and did not send."""
    return max(context.total_count - context.exported_count - context.failed_count, 0)


def find_failure(context: ExportContext) -> ExecutionError | None:
    """Return the error of an export that is not whole; None for one that is."""
    failed, missing = context.failed_count, count_missing(context)
    if not failed and not missing:
        return None
    named = [name for name, _ in [*context.errors_json, *context.errors_original]][:_SHOWN]
    parts = [
        f"{failed} of {context.total_count} items could not be exported: {', '.join(named)}"
        + (", …" if failed > _SHOWN else "")
        if failed
        else "",
        f"the server counted {context.total_count} items and sent {missing} fewer" if missing else "",
    ]
    folder = context.unique_export_path
    sentence = "; ".join(part for part in parts if part)
    return ExecutionError(
        f"{sentence[0].upper()}{sentence[1:]}.",
        {
            **describe_counts(context),
            "missing_count": missing,
            "output_path": str(folder),
            "failures": [*context.errors_json, *context.errors_original][:100],
        },
        hint=f"The others are in {folder}; each failure with its reason is in {ERROR_FILE} there."
        if failed
        else f"What came is in {folder}. Was something deleted meanwhile? Export again.",
    )


def _write(file: Path, document: Any) -> None:
    file.write_bytes(encode_json(document, indent=4))
