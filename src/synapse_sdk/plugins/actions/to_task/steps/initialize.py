"""The first step: the project, and what its data are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synapse_sdk.clients.errors import NotFoundError
from synapse_sdk.plugins.actions.export.handlers import NO_LABELLING
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
        project = _get_project(context)
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


def _get_project(context: ToTaskContext) -> dict[str, Any]:
    number = context.params["project"]
    try:
        return dict(context.client.get_project(number))
    except NotFoundError as error:
        raise ExecutionError(
            f"This server has no project {number}.", {"project": number}, hint=NO_LABELLING
        ) from error
