"""Two steps for exports that the server carries out by itself. There are none here: the job exports."""

from __future__ import annotations

from synapse_sdk.plugins.actions.export.context import ExportContext, is_delegated
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

#: Under this name the server's own progress is shown.
SERVER_EXPORT_STEP = "server_export"


class DelegateEnqueueStep(BaseStep[ExportContext]):
    """Would ask the server to export."""

    name = "delegate_enqueue"
    progress_weight = 0.02
    progress_proportion = 2

    def can_skip(self, context: ExportContext) -> bool:
        """Say yes; and that it is so, to those who asked for something else."""
        if context.params.get("disable_async_delegate") is False or context.params.get(
            "async_job_size_threshold"
        ):
            context.log_message(
                "The job exports by itself; the server is not asked to, however many items there are."
            )
        return not is_delegated(context)

    def execute(self, context: ExportContext) -> StepResult:
        """Do nothing: it is always skipped."""
        return StepResult()


class DelegateStreamProgressStep(BaseStep[ExportContext]):
    """Would follow the server's export."""

    name = "delegate_stream_progress"
    progress_weight = 0.05
    progress_proportion = 5

    def can_skip(self, context: ExportContext) -> bool:
        """Say yes."""
        return not is_delegated(context)

    def execute(self, context: ExportContext) -> StepResult:
        """Do nothing: it is always skipped."""
        return StepResult()
