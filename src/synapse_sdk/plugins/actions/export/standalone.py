"""An exporter by itself: its items, converted and written, without a workflow around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.ending import describe_counts, find_failure, tell_end, write_reports
from synapse_sdk.plugins.actions.export.items import convert_items, save_items
from synapse_sdk.plugins.actions.export.storage_folder import make_export_folder

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.export.exporter import BaseExporter


def export_by_itself(exporter: BaseExporter, items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Export items into a folder of their own below the exporter's `path_root`.

    Raises:
        ExecutionError: Some could not be exported; the others are there.
    """
    context = ExportContext(exporter.ctx, params=dict(exporter.params), export_items=items, exporter=exporter)
    context.handler = exporter.handler
    context.total_count = exporter.total_count or 0
    context.export_params = {"save_original_file": True, **exporter.params}
    exporter.path_root.mkdir(parents=True, exist_ok=True)
    name = str(exporter.params.get("name") or "export")
    context.unique_export_path = make_export_folder(exporter.path_root, "", name)
    save_original = bool(context.export_params["save_original_file"])
    context.sdk_managed_original_files = exporter.sdk_managed_original_files
    exporter.setup_output_directories(context.unique_export_path, save_original)
    context.converted_items = convert_items(context)
    context.current_step = "save_files"  # what is reported belongs to a step, as in the workflow
    save_items(context)
    context.total_count = max(context.total_count, context.exported_count + context.failed_count)
    write_reports(context)
    tell_end(context)
    if (failure := find_failure(context)) is not None:
        raise failure
    return {"export_path": str(context.unique_export_path), **describe_counts(context)}
