"""Workflows of an action: named steps with progress, and a way back when one fails. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.steps.base import BaseStep as BaseStep
    from synapse_sdk.plugins.steps.base import StepResult as StepResult
    from synapse_sdk.plugins.steps.context import BaseStepContext as BaseStepContext
    from synapse_sdk.plugins.steps.dataset import ConvertDatasetStep as ConvertDatasetStep
    from synapse_sdk.plugins.steps.dataset import ExportDatasetStep as ExportDatasetStep
    from synapse_sdk.plugins.steps.orchestrator import Orchestrator as Orchestrator
    from synapse_sdk.plugins.steps.registry import StepRegistry as StepRegistry
    from synapse_sdk.plugins.steps.wrappers import LoggingStep as LoggingStep
    from synapse_sdk.plugins.steps.wrappers import TimingStep as TimingStep
    from synapse_sdk.plugins.steps.wrappers import ValidationStep as ValidationStep

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "BaseStep": "base",
        "BaseStepContext": "context",
        "ConvertDatasetStep": "dataset",
        "ExportDatasetStep": "dataset",
        "LoggingStep": "wrappers",
        "Orchestrator": "orchestrator",
        "StepRegistry": "registry",
        "StepResult": "base",
        "TimingStep": "wrappers",
        "ValidationStep": "wrappers",
    },
)
