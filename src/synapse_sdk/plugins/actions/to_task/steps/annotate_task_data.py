"""The step that annotates: task by task, or several at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.clients.errors import (
    AuthenticationError,
    ClientConnectionError,
    ClientResponseIncompleteError,
)
from synapse_sdk.plugins.actions.export.item_failure import explain
from synapse_sdk.plugins.actions.export.parallel_download import look_ahead
from synapse_sdk.plugins.actions.inference.deferred import POLL_REQUEST_KEY, STATUS_FAILED, STATUS_NOT_FOUND
from synapse_sdk.plugins.actions.to_task.context import ToTaskContext
from synapse_sdk.plugins.actions.to_task.log_messages import ToTaskLogMessageCode as Code
from synapse_sdk.plugins.actions.to_task.models import (
    AnnotateTaskEvent,
    TaskInfo,
    TaskProcessStatus,
    ToTaskMethod,
)
from synapse_sdk.plugins.actions.to_task.task_files import TaskFiles, load_task_files, read_address
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.to_task.action import ToTaskAction

__all__ = ["POLL_REQUEST_KEY", "STATUS_FAILED", "STATUS_NOT_FOUND", "AnnotateTaskDataStep"]


class AnnotateTaskDataStep(BaseStep[ToTaskContext]):
    """Asks for each task, has the action convert, and submits. One that fails does not hold the others up."""

    name = "annotate_task_data"

    def __init__(self, action: ToTaskAction[Any]) -> None:
        """Convert with `action`'s hooks."""
        self._action = action
        #: Why no task can be worked on any more: the server is away, or does not let us in.
        self._hopeless: str | None = None

    @property
    def progress_weight(self) -> float:
        """What the other steps leave."""
        return 0.7 if self._action.params.method is ToTaskMethod.FILE else 0.6

    @property
    def progress_proportion(self) -> int:
        """As the weight."""
        return 70 if self._action.params.method is ToTaskMethod.FILE else 60

    def execute(self, context: ToTaskContext) -> StepResult:
        """Annotate them all."""
        method = self._action.params.method
        context.log_message(Code.TASK_DATA_ANNOTATING, count=context.total_tasks, method=str(method))
        at_once = (context.batch_size or 1) > 1
        context.log_message(
            Code.TASK_DATA_PROCESSING_BATCH if at_once else Code.TASK_DATA_PROCESSING_SEQUENTIAL
        )
        for index, (task_id, error) in enumerate(self._iter_done(context), start=1):
            _record(context, method, task_id, index, error)
        return StepResult(data={"success": context.success_count, "failed": context.failed_count})

    def _iter_done(self, context: ToTaskContext) -> Iterator[tuple[int, str | None]]:
        """Yield each task with the reason why it failed; None where it did not."""
        size = context.batch_size or 1
        if size == 1:
            for task_id in context.task_ids:
                yield task_id, self._try(context, task_id)
            return
        window = look_ahead(
            context.task_ids, lambda task_id: self._try(context, task_id), workers=size, ahead=size
        )
        with closing(window) as done:
            for task_id, future in done:
                yield task_id, future.result()

    def _try(self, context: ToTaskContext, task_id: int) -> str | None:
        if self._hopeless is not None:
            return f"not tried: {self._hopeless}"
        try:
            self._annotate(context, task_id)
        except Exception as error:  # noqa: BLE001 - of one task: it is recorded, and the others go on
            reason = explain(error)
            if is_away(error) or isinstance(error, AuthenticationError):
                self._hopeless = reason
            return reason
        return None

    def _annotate(self, context: ToTaskContext, task_id: int) -> None:
        files = load_task_files(context.client, task_id)
        data = self._convert(context, files)
        if not isinstance(data, dict):
            raise TypeError(f"the conversion returned {type(data).__name__}, not a dictionary")
        schema = context.params["schema"]
        context.client.annotate_task_data(
            task_id, {"action": "submit", "data": data}, None if schema == "dm_schema_v1" else schema
        )

    def _convert(self, context: ToTaskContext, files: TaskFiles) -> dict[str, Any]:
        primary_url, primary_name = read_address(files.primary)
        if context.inference is None:
            data_url, data_name = read_address(files.find(context.params["target_specification_name"]))
            return self._action.convert_data_from_file(
                primary_url, primary_name, data_url, data_name, files.data
            )
        request = self._action.setup_inference_params(
            primary_url,
            primary_name,
            files.by_name,
            model_id=context.params["model"],
            pre_processor_params=context.params["pre_processor_params"],
            pre_processor_config=dict(context.inference.config),
            task_data=files.data,
        )
        answer = context.inference.infer({"model": context.params["model"], **request})
        if not answer:
            context.log_message(Code.TASK_INFERENCE_EMPTY_RESULT)
        return self._action.convert_data_from_inference(answer, files.data)


def _record(
    context: ToTaskContext, method: ToTaskMethod, task_id: int, index: int, error: str | None
) -> None:
    if error is None:
        context.success_count += 1
    else:
        context.failed_count += 1
        context.failures.append({"task_id": task_id, "error": error})
    status = TaskProcessStatus.SUCCESS if error is None else TaskProcessStatus.FAILED
    event = AnnotateTaskEvent(
        TaskInfo(task_id), status, method, index, context.total_tasks, utc_now().isoformat(), error
    )
    context.log("annotate_task_data", asdict(event), level="info" if error is None else "error")
    context.set_metrics(
        {
            "success": context.success_count,
            "failed": context.failed_count,
            "stand_by": context.total_tasks - index,
        }
    )
    context.set_progress(index, context.total_tasks)


def is_away(error: Exception) -> bool:
    """Could no connection be made, so that none could for any other task either?"""
    return isinstance(error, ClientConnectionError) and not isinstance(error, ClientResponseIncompleteError)
