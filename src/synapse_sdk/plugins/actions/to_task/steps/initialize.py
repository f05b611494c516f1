"""The first step: the project, and what its data are made of."""

from __future__ import annotations

from collections.abc import Mapping

from synapse_sdk.plugins.actions.to_task.context import ToTaskContext
from synapse_sdk.plugins.actions.to_task.log_messages import ToTaskLogMessageCode
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class InitializeStep(BaseStep[ToTaskContext]):
    """Asks for the project and its data collection."""

    name = "initialize"
    progress_weight = 0.1
    progress_proportion = 10

    def execute(self, context: ToTaskContext) -> StepResult:
        """Ask."""
        context.log_message(ToTaskLogMessageCode.TASK_INITIALIZING)
        project = context.client.get_project(context.params["project"])
        collection = project.get("data_collection")
        number = collection.get("id") if isinstance(collection, Mapping) else collection
        if number is None:
            raise ExecutionError(
                f"Project {context.params['project']} has no data collection.",
                {"project": context.params["project"]},
            )
        context.data_collection = context.client.get_data_collection(number)
        context.log_message(ToTaskLogMessageCode.TASK_DATA_COLLECTION_LOADED)
        return StepResult(data={"data_collection": number})
