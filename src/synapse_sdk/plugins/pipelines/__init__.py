"""Actions one after the other: what one returns is what the next takes. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.models.log_entry import LogEntry as LogEntry
    from synapse_sdk.plugins.models.logger import LogLevel as LogLevel
    from synapse_sdk.plugins.models.pipeline import ActionStatus as ActionStatus
    from synapse_sdk.plugins.models.pipeline import RunStatus as RunStatus
    from synapse_sdk.plugins.models.progress import ActionProgress as ActionProgress
    from synapse_sdk.plugins.models.progress import Checkpoint as Checkpoint
    from synapse_sdk.plugins.models.progress import PipelineProgress as PipelineProgress
    from synapse_sdk.plugins.pipelines.action_pipeline import ActionPipeline as ActionPipeline
    from synapse_sdk.plugins.pipelines.action_pipeline import (
        SchemaIncompatibleError as SchemaIncompatibleError,
    )
    from synapse_sdk.plugins.pipelines.context import PipelineContext as PipelineContext
    from synapse_sdk.plugins.pipelines.definition import PipelineDefinition as PipelineDefinition
    from synapse_sdk.plugins.pipelines.display import display_progress as display_progress
    from synapse_sdk.plugins.pipelines.display import display_progress_async as display_progress_async
    from synapse_sdk.plugins.pipelines.display import print_progress_summary as print_progress_summary
    from synapse_sdk.plugins.steps.base import BaseStep as BaseStep
    from synapse_sdk.plugins.steps.base import StepResult as StepResult
    from synapse_sdk.plugins.steps.context import BaseStepContext as BaseStepContext
    from synapse_sdk.plugins.steps.orchestrator import Orchestrator as Orchestrator
    from synapse_sdk.plugins.steps.registry import StepRegistry as StepRegistry
    from synapse_sdk.plugins.steps.wrappers import LoggingStep as LoggingStep
    from synapse_sdk.plugins.steps.wrappers import TimingStep as TimingStep
    from synapse_sdk.plugins.steps.wrappers import ValidationStep as ValidationStep

# Parts of other rooms are found here as well, because plugins from elsewhere import them from here.
__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ActionPipeline": "action_pipeline",
        "ActionProgress": "models",
        "ActionStatus": "models",
        "BaseStep": "steps",
        "BaseStepContext": "steps",
        "Checkpoint": "models",
        "LogEntry": "models",
        "LogLevel": "models",
        "LoggingStep": "steps",
        "Orchestrator": "steps",
        "PipelineContext": "context",
        "PipelineDefinition": "definition",
        "PipelineProgress": "models",
        "RunStatus": "models",
        "SchemaIncompatibleError": "action_pipeline",
        "StepRegistry": "steps",
        "StepResult": "steps",
        "TimingStep": "steps",
        "ValidationStep": "steps",
        "display_progress": "display",
        "display_progress_async": "display",
        "print_progress_summary": "display",
    },
)
