"""`ToTaskAction`: annotations for a project's tasks, from files or from a model.

Source: interface sheet `actions.md` §8. Unlike there, an action of whose tasks some failed has failed, when
all others have been tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic

from typing_extensions import TypeVar  # typing's takes a default from Python 3.13 on

from synapse_sdk.plugins.actions.to_task.models import (
    AnnotateTaskEvent,
    TaskInfo,
    TaskProcessStatus,
    ToTaskMethod,
    ToTaskParams,
    ToTaskResult,
)
from synapse_sdk.plugins.actions.workflow import WorkflowAction
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.inputs import describe_params

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.to_task.context import ToTaskContext
    from synapse_sdk.plugins.log_messages import LogMessageCode
    from synapse_sdk.plugins.steps import StepRegistry

__all__ = [
    "AnnotateTaskEvent",
    "TaskInfo",
    "TaskProcessStatus",
    "ToTaskAction",
    "ToTaskMethod",
    "ToTaskParams",
    "ToTaskProgressCategories",
    "ToTaskResult",
]

P = TypeVar("P", bound=ToTaskParams, default=ToTaskParams)

#: Failures that an error names itself, and those that its details hold.
_SHOWN, _KEPT = 5, 100


class ToTaskProgressCategories:
    """Names of the steps that report progress."""

    ANNOTATE_TASK_DATA: Final = "annotate_task_data"


class ToTaskAction(WorkflowAction[P], Generic[P]):
    """Annotates tasks. Write `convert_data_from_file`, or `convert_data_from_inference`, or both.

    With `batch_size` above 1 these are called in several threads at once. Takes `ToTaskParams`, or what is
    derived from them and named in the brackets.
    """

    action_name = "to_task"
    category = PluginCategory.PRE_ANNOTATION
    params_model = ToTaskParams
    result_model = ToTaskResult
    progress: ClassVar[ToTaskProgressCategories] = ToTaskProgressCategories()

    def execute(self) -> Any:
        """Annotate: run the five steps."""
        raise NotImplementedError(f"{type(self).__name__} runs steps")

    def convert_data_from_file(
        self,
        primary_file_url: str,
        primary_file_name: str,
        data_file_url: str,
        data_file_name: str,
        task_data: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return a task's annotations, read from the file that holds them.

        Args:
            primary_file_url: Address of what is labelled. `self.client.download_file` fetches it.
            primary_file_name: The name that it came with.
            data_file_url: Address of the file with annotations.
            data_file_name: The name that it came with.
            task_data: What the task has already.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define convert_data_from_file()")

    def convert_data_from_inference(
        self, inference_data: Any, task_data: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return a task's annotations, made of what the model answered."""
        raise NotImplementedError(f"{type(self).__name__} does not define convert_data_from_inference()")

    def setup_inference_params(
        self,
        primary_file_url: str,
        primary_file_name: str,
        data_files: dict[str, Any],
        *,
        model_id: int | None = None,
        pre_processor_params: dict[str, Any] | None = None,
        pre_processor_config: dict[str, Any] | None = None,
        task_data: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the params of the model's inference for one task.

        Args:
            primary_file_url: Address of what is labelled.
            primary_file_name: The name that it came with.
            data_files: All files of the task by their specification's name.
            model_id: The model of the params.
            pre_processor_params: `pre_processor_params` of the params.
            pre_processor_config: The config of the release that serves the inference.
            task_data: What the task has already.
        """
        return {}

    def create_context(self) -> ToTaskContext:
        """Make what the steps share.

        Raises:
            ExecutionError: There is no server.
        """
        from synapse_sdk.plugins.actions.to_task.context import ToTaskContext

        self.require_client("list_tasks()")
        return ToTaskContext(self.ctx, params=describe_params(self.params), batch_size=self.params.batch_size)

    def setup_own_steps(self, registry: StepRegistry[Any]) -> None:
        """Register the five steps."""
        from synapse_sdk.plugins.actions.to_task import steps

        for step in (
            steps.InitializeStep(),
            steps.PrepareStep(self.params.method),
            steps.FetchTasksStep(),
            steps.AnnotateTaskDataStep(self),
            steps.FinalizeStep(),
        ):
            registry.register(step)

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Add how many tasks have their annotations.

        Raises:
            ExecutionError: Some do not. The others have theirs.
        """
        result = {
            "status": "FAILED" if context.failed_count else "SUCCEEDED",
            "message": f"{context.success_count} of {context.total_tasks} tasks have their annotations.",
            "total_tasks": context.total_tasks,
            "success_count": context.success_count,
            "failed_count": context.failed_count,
            "failures": context.failures,
        }
        if not context.failed_count:
            return result
        named = "; ".join(f"{one['task_id']}: {one['error']}" for one in context.failures[:_SHOWN])
        raise ExecutionError(
            f"{context.failed_count} of {context.total_tasks} tasks could not be annotated: {named}"
            + ("; …." if context.failed_count > _SHOWN else ""),
            {**result, "failures": context.failures[:_KEPT]},
            hint="The others have their annotations. Each failure is an event of the run, with its reason.",
        )

    @classmethod
    def get_log_message_code_class(cls) -> type[LogMessageCode]:
        """Return `ToTaskLogMessageCode`."""
        from synapse_sdk.plugins.actions.to_task.log_messages import ToTaskLogMessageCode

        return ToTaskLogMessageCode
