"""The five steps of a pre-annotation. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.to_task.steps.annotate_task_data import (
        AnnotateTaskDataStep as AnnotateTaskDataStep,
    )
    from synapse_sdk.plugins.actions.to_task.steps.fetch_tasks import FetchTasksStep as FetchTasksStep
    from synapse_sdk.plugins.actions.to_task.steps.finalize import FinalizeStep as FinalizeStep
    from synapse_sdk.plugins.actions.to_task.steps.initialize import InitializeStep as InitializeStep
    from synapse_sdk.plugins.actions.to_task.steps.prepare import PrepareStep as PrepareStep

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "AnnotateTaskDataStep": "annotate_task_data",
        "FetchTasksStep": "fetch_tasks",
        "FinalizeStep": "finalize",
        "InitializeStep": "initialize",
        "PrepareStep": "prepare",
    },
)
