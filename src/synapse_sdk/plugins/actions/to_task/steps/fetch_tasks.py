"""The third step: which tasks."""

from __future__ import annotations

from synapse_sdk.plugins.actions.export.filters import build_query, find_empty_list
from synapse_sdk.plugins.actions.to_task.context import ToTaskContext
from synapse_sdk.plugins.actions.to_task.log_messages import ToTaskLogMessageCode
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class FetchTasksStep(BaseStep[ToTaskContext]):
    """Lists the ids of the project's tasks that the filters leave."""

    name = "fetch_tasks"
    progress_weight = 0.1
    progress_proportion = 10

    def execute(self, context: ToTaskContext) -> StepResult:
        """List them."""
        context.log_message(ToTaskLogMessageCode.TASK_FETCHING_TASKS)
        project, filters = context.params["project"], context.params["task_filters"]
        if filters.get("project", project) != project:
            raise ExecutionError(
                f"task_filters name project {filters['project']}, and the params project {project}.",
                {"project": project, "task_filters": filters},
            )
        if (empty := find_empty_list(filters)) is not None:
            raise ExecutionError(
                f"task_filters have {empty} with nothing in it, which the server would take for no filter.",
                {"project": project, "task_filters": filters},
            )
        query = {**build_query("task", filters), "fields": "id", "project": project}
        tasks, count = context.client.list_tasks(query, list_all=True)
        # A list that grows while its pages are asked for may have one twice, and another not.
        context.task_ids = list(dict.fromkeys(int(task["id"]) for task in tasks))
        if len(context.task_ids) < count:
            raise ExecutionError(
                f"The server counted {count} tasks and sent {len(context.task_ids)}.",
                {"total_count": count, "sent_count": len(context.task_ids)},
            )
        if not context.task_ids:
            raise ExecutionError(
                f"Project {project} has no task that the filters leave.",
                {"project": project, "task_filters": filters},
            )
        context.log_message(ToTaskLogMessageCode.TASK_TASKS_FETCHED, count=context.total_tasks)
        return StepResult(data={"total_tasks": context.total_tasks})
