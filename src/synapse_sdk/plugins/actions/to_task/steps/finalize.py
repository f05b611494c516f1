"""The last step: one sentence on how it went."""

from __future__ import annotations

from synapse_sdk.plugins.actions.to_task.context import ToTaskContext
from synapse_sdk.plugins.actions.to_task.log_messages import ToTaskLogMessageCode as Code
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class FinalizeStep(BaseStep[ToTaskContext]):
    """Tells how many tasks have their annotations."""

    name = "finalize"
    progress_weight = 0.05
    progress_proportion = 5

    def execute(self, context: ToTaskContext) -> StepResult:
        """Tell it."""
        context.log_message(Code.TASK_FINALIZING)
        if context.failed_count:
            context.log_message(
                Code.TASK_DATA_COMPLETED_WITH_FAILURES,
                success=context.success_count,
                failed=context.failed_count,
            )
        else:
            context.log_message(Code.TASK_DATA_COMPLETED, count=context.success_count)
        return StepResult()
