"""The step that converts: it sets up what `save_files` goes through, so that few items are held."""

from __future__ import annotations

from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.items import convert_items
from synapse_sdk.plugins.actions.export.log_messages import ExportLogMessageCode
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class ConvertDataStep(BaseStep[ExportContext]):
    """Converts items, one by one, as they are written."""

    name = "convert_data"
    progress_weight = 0.32
    progress_proportion = 32

    def can_skip(self, context: ExportContext) -> bool:
        """Is there nothing to convert?"""
        return context.total_count == 0

    def execute(self, context: ExportContext) -> StepResult:
        """Set up."""
        context.log_message(ExportLogMessageCode.EXPORT_CONVERTING, count=context.total_count)
        context.converted_items = convert_items(context)
        return StepResult()
