"""`AddTaskDataAction`: the same as `ToTaskAction`, by the names that the vendor's documentation has.

Source: interface sheet `actions.md` §8.
"""

from __future__ import annotations

from typing import Generic

from synapse_sdk.plugins.actions.to_task.action import P, ToTaskAction
from synapse_sdk.plugins.actions.to_task.action import (
    ToTaskProgressCategories as AddTaskDataProgressCategories,
)
from synapse_sdk.plugins.actions.to_task.context import ToTaskContext as AddTaskDataContext
from synapse_sdk.plugins.actions.to_task.models import ToTaskMethod as AddTaskDataMethod
from synapse_sdk.plugins.actions.to_task.models import ToTaskParams as AddTaskDataParams
from synapse_sdk.plugins.actions.to_task.models import ToTaskResult as AddTaskDataResult

__all__ = [
    "AddTaskDataAction",
    "AddTaskDataContext",
    "AddTaskDataMethod",
    "AddTaskDataParams",
    "AddTaskDataProgressCategories",
    "AddTaskDataResult",
]


class AddTaskDataAction(ToTaskAction[P], Generic[P]):
    """Annotates tasks; see `ToTaskAction`."""

    action_name = "add_task_data"
