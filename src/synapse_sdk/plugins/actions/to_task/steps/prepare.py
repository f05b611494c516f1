"""The second step: is there what the method needs?"""

from __future__ import annotations

from synapse_sdk.plugins.actions.to_task.context import ToTaskContext
from synapse_sdk.plugins.actions.to_task.log_messages import ToTaskLogMessageCode as Code
from synapse_sdk.plugins.actions.to_task.models import ToTaskMethod
from synapse_sdk.plugins.actions.to_task.preprocessor import find_preprocessor
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class PrepareStep(BaseStep[ToTaskContext]):
    """Checks the file's specification, or gets the pre-processor running, which takes longer."""

    name = "prepare"

    def __init__(self, method: ToTaskMethod = ToTaskMethod.FILE) -> None:
        """Prepare this method."""
        self._method = method

    @property
    def progress_weight(self) -> float:
        """A pre-processor takes longer."""
        return 0.2 if self._method is ToTaskMethod.INFERENCE else 0.05

    @property
    def progress_proportion(self) -> int:
        """As the weight."""
        return 20 if self._method is ToTaskMethod.INFERENCE else 5

    def execute(self, context: ToTaskContext) -> StepResult:
        """Prepare."""
        if self._method is ToTaskMethod.FILE:
            context.log_message(Code.TASK_PREPARING_FILE_METHOD)
            _check_specification(context)
        else:
            context.log_message(Code.TASK_PREPARING_INFERENCE_METHOD)
            _prepare_inference(context)
        return StepResult()


def _check_specification(context: ToTaskContext) -> None:
    wanted = context.params["target_specification_name"]
    names = [one["name"] for one in context.data_collection.get("file_specifications") or ()]
    if wanted not in names:
        raise ExecutionError(
            f"target_specification_name is {wanted!r}; the data collection has {', '.join(names) or 'none'}.",
            {"target_specification_name": wanted, "available": names},
        )
    context.log_message(Code.TASK_SPECIFICATION_VALIDATED)


def _prepare_inference(context: ToTaskContext) -> None:
    params = context.params
    context.log_message(
        Code.TASK_INFERENCE_PARAMS_VALIDATED, model=params["model"], pre_processor=params["pre_processor"]
    )
    context.inference = find_preprocessor(
        context.client, params["pre_processor"], params["agent"], context.log_message
    )
    context.inference.ensure_running()
    context.log_message(Code.TASK_INFERENCE_CONTEXT_READY)
