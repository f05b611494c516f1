"""The step that writes."""

from __future__ import annotations

from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.handlers import EXPORT_MAX_RESUMES
from synapse_sdk.plugins.actions.export.items import save_items
from synapse_sdk.plugins.actions.export.log_messages import ExportLogMessageCode
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

__all__ = ["EXPORT_MAX_RESUMES", "SaveFilesStep"]


class SaveFilesStep(BaseStep[ExportContext]):
    """Writes labels and originals."""

    name = "save_files"
    progress_weight = 0.38
    progress_proportion = 38

    def can_skip(self, context: ExportContext) -> bool:
        """Is there nothing to write?"""
        return context.total_count == 0

    def execute(self, context: ExportContext) -> StepResult:
        """Write."""
        codes = ExportLogMessageCode
        context.log_message(codes.EXPORT_SAVING_FILES, count=context.total_count)
        save_items(context)
        if context.failed_count:
            context.log_message(
                codes.EXPORT_FILES_SAVED_WITH_FAILURES,
                success=context.exported_count,
                failed=context.failed_count,
            )
        else:
            context.log_message(codes.EXPORT_FILES_SAVED, count=context.exported_count)
        return StepResult(data={"exported": context.exported_count, "failed": context.failed_count})
