"""The last step: what belongs to the whole."""

from __future__ import annotations

from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.ending import tell_end, write_reports
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class FinalizeStep(BaseStep[ExportContext]):
    """Writes lists of failures and reports, and tells how it went."""

    name = "finalize"
    progress_weight = 0.10
    progress_proportion = 10

    def can_skip(self, context: ExportContext) -> bool:
        """Was there nothing, and does the exporter have nothing to write then?"""
        exporter = context.exporter
        return context.total_count == 0 and not (exporter is not None and exporter.finalize_empty_export)

    def execute(self, context: ExportContext) -> StepResult:
        """Finish."""
        write_reports(context)
        tell_end(context)
        return StepResult()
