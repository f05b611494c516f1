"""The first step: where to write."""

from __future__ import annotations

import shutil
from pathlib import Path

from synapse_sdk.plugins.actions._storage import find_storage_root, open_storage
from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.log_messages import ExportLogMessageCode
from synapse_sdk.plugins.actions.export.storage_folder import list_missing, make_export_folder, remove_empty
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class InitializeStep(BaseStep[ExportContext]):
    """Checks the filter, opens the storage and makes the export's own folder."""

    name = "initialize"
    progress_weight = 0.02
    progress_proportion = 2

    def execute(self, context: ExportContext) -> StepResult:
        """Begin. Nothing is made for an export that is refused."""
        params = context.params
        assert context.handler is not None
        context.handler.validate_filter(params["filter"])
        context.storage = open_storage(context.client, params["storage"], "write")
        context.path_root = find_storage_root(context.storage)
        context.made_parents = list_missing(context.path_root, params["path"])
        context.unique_export_path = create_unique_export_path(
            context.path_root, params["path"], params["name"]
        )
        context.output_path = str(context.unique_export_path)
        context.log_message(ExportLogMessageCode.EXPORT_INITIALIZED)
        return StepResult(data={"output_path": context.output_path})

    def rollback(self, context: ExportContext, result: StepResult) -> None:
        """Remove what was made where nothing was exported; else leave it, and say that it is not all."""
        folder = context.unique_export_path
        if folder is not None and folder.exists():
            if context.exported_count or context.failed_count:
                context.log_message(f"The export ended early; {folder} is not complete.", "warning")
                return
            shutil.rmtree(folder)
        remove_empty(context.made_parents)


def create_unique_export_path(root: Path, path: str, name: str) -> Path:
    """Make and return `<path>/<name>` below a storage's root, else `<name>(1)`, `<name>(2)`, …."""
    return make_export_folder(root, path, name)


def setup_output_directories(context: ExportContext) -> dict[str, Path]:
    """Have the exporter make its folders in the export's own."""
    assert context.exporter is not None
    assert context.unique_export_path is not None
    save_original = bool(context.params.get("save_original_file"))
    return context.exporter.setup_output_directories(context.unique_export_path, save_original)
