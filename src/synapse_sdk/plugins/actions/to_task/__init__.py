"""Pre-annotation: annotations for a project's tasks, from files or from a model. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.to_task.action import ToTaskAction as ToTaskAction
    from synapse_sdk.plugins.actions.to_task.action import (
        ToTaskProgressCategories as ToTaskProgressCategories,
    )
    from synapse_sdk.plugins.actions.to_task.context import ToTaskContext as ToTaskContext
    from synapse_sdk.plugins.actions.to_task.log_messages import ToTaskLogMessageCode as ToTaskLogMessageCode
    from synapse_sdk.plugins.actions.to_task.models import AnnotateTaskEvent as AnnotateTaskEvent
    from synapse_sdk.plugins.actions.to_task.models import TaskInfo as TaskInfo
    from synapse_sdk.plugins.actions.to_task.models import TaskProcessStatus as TaskProcessStatus
    from synapse_sdk.plugins.actions.to_task.models import ToTaskMethod as ToTaskMethod
    from synapse_sdk.plugins.actions.to_task.models import ToTaskParams as ToTaskParams
    from synapse_sdk.plugins.actions.to_task.models import ToTaskResult as ToTaskResult

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "AnnotateTaskEvent": "models",
        "TaskInfo": "models",
        "TaskProcessStatus": "models",
        "ToTaskAction": "action",
        "ToTaskContext": "context",
        "ToTaskLogMessageCode": "log_messages",
        "ToTaskMethod": "models",
        "ToTaskParams": "models",
        "ToTaskProgressCategories": "action",
        "ToTaskResult": "models",
    },
)
