"""What plugin authors import. A lazy door: naming one thing loads only that thing."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction as BaseAction
    from synapse_sdk.plugins.actions.dataset.action import DatasetAction as DatasetAction
    from synapse_sdk.plugins.actions.export.action import BaseExportAction as BaseExportAction
    from synapse_sdk.plugins.actions.export.action import ExportProgressCategories as ExportProgressCategories
    from synapse_sdk.plugins.actions.export.context import ExportContext as ExportContext
    from synapse_sdk.plugins.actions.inference.action import BaseInferenceAction as BaseInferenceAction
    from synapse_sdk.plugins.actions.inference.action import (
        InferenceProgressCategories as InferenceProgressCategories,
    )
    from synapse_sdk.plugins.actions.inference.context import DeploymentContext as DeploymentContext
    from synapse_sdk.plugins.actions.inference.context import InferenceContext as InferenceContext
    from synapse_sdk.plugins.actions.inference.deployment import BaseDeploymentAction as BaseDeploymentAction
    from synapse_sdk.plugins.actions.inference.deployment import (
        DeploymentProgressCategories as DeploymentProgressCategories,
    )
    from synapse_sdk.plugins.actions.inference.serve import BaseServeDeployment as BaseServeDeployment
    from synapse_sdk.plugins.actions.inference.serve import (
        create_serve_multiplexed_model_id as create_serve_multiplexed_model_id,
    )
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction as BaseTrainAction
    from synapse_sdk.plugins.actions.train.action import TrainProgressCategories as TrainProgressCategories
    from synapse_sdk.plugins.actions.train.context import TrainContext as TrainContext
    from synapse_sdk.plugins.actions.upload.action import BaseUploadAction as BaseUploadAction
    from synapse_sdk.plugins.actions.upload.action import UploadProgressCategories as UploadProgressCategories
    from synapse_sdk.plugins.actions.upload.context import UploadContext as UploadContext
    from synapse_sdk.plugins.config import ActionConfig as ActionConfig
    from synapse_sdk.plugins.config import PluginConfig as PluginConfig
    from synapse_sdk.plugins.context import PluginEnvironment as PluginEnvironment
    from synapse_sdk.plugins.context import RuntimeContext as RuntimeContext
    from synapse_sdk.plugins.decorators import action as action
    from synapse_sdk.plugins.discovery import PluginDiscovery as PluginDiscovery
    from synapse_sdk.plugins.enums import MetricsCategory as MetricsCategory
    from synapse_sdk.plugins.enums import PluginCategory as PluginCategory
    from synapse_sdk.plugins.errors import ActionNotFoundError as ActionNotFoundError
    from synapse_sdk.plugins.errors import ExecutionError as ExecutionError
    from synapse_sdk.plugins.errors import PluginError as PluginError
    from synapse_sdk.plugins.errors import ValidationError as ValidationError
    from synapse_sdk.plugins.executors.local import LocalExecutor as LocalExecutor
    from synapse_sdk.plugins.result import NoResult as NoResult
    from synapse_sdk.plugins.result import validate_result as validate_result
    from synapse_sdk.plugins.runner import run_plugin as run_plugin
    from synapse_sdk.plugins.schemas.results import ExportResult as ExportResult
    from synapse_sdk.plugins.schemas.results import InferenceResult as InferenceResult
    from synapse_sdk.plugins.schemas.results import MetricsResult as MetricsResult
    from synapse_sdk.plugins.schemas.results import TrainResult as TrainResult
    from synapse_sdk.plugins.schemas.results import UploadResult as UploadResult
    from synapse_sdk.plugins.schemas.results import WeightsResult as WeightsResult
    from synapse_sdk.plugins.steps.base import BaseStep as BaseStep
    from synapse_sdk.plugins.steps.base import StepResult as StepResult
    from synapse_sdk.plugins.steps.context import BaseStepContext as BaseStepContext
    from synapse_sdk.plugins.steps.orchestrator import Orchestrator as Orchestrator
    from synapse_sdk.plugins.steps.registry import StepRegistry as StepRegistry
    from synapse_sdk.plugins.steps.wrappers import LoggingStep as LoggingStep
    from synapse_sdk.plugins.steps.wrappers import TimingStep as TimingStep
    from synapse_sdk.plugins.steps.wrappers import ValidationStep as ValidationStep
    from synapse_sdk.plugins.ui_schema import get_action_ui_schema as get_action_ui_schema
    from synapse_sdk.plugins.ui_schema import pydantic_to_ui_schema as pydantic_to_ui_schema


class _Door(ModuleType):
    """This package: its `action` is the decorator, though there is a module of that name as well."""

    @property
    def action(self) -> Any:
        from synapse_sdk.plugins.decorators import action

        return action

    @action.setter
    def action(self, _: ModuleType) -> None:
        """Importing `synapse_sdk.plugins.action` puts the module here; `from` finds it without."""


sys.modules[__name__].__class__ = _Door
# The same names stand above, for editors and type checkers.
__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ActionConfig": "config",
        "ActionNotFoundError": "errors",
        "BaseAction": "action",
        "BaseDeploymentAction": "actions.inference.deployment",
        "BaseExportAction": "actions.export.action",
        "BaseInferenceAction": "actions.inference.action",
        "BaseServeDeployment": "actions.inference.serve",
        "BaseStep": "steps.base",
        "BaseStepContext": "steps.context",
        "BaseTrainAction": "actions.train.action",
        "BaseUploadAction": "actions.upload.action",
        "DatasetAction": "actions.dataset.action",
        "DeploymentContext": "actions.inference.context",
        "DeploymentProgressCategories": "actions.inference.deployment",
        "ExecutionError": "errors",
        "ExportContext": "actions.export.context",
        "ExportProgressCategories": "actions.export.action",
        "ExportResult": "schemas.results",
        "InferenceContext": "actions.inference.context",
        "InferenceProgressCategories": "actions.inference.action",
        "InferenceResult": "schemas.results",
        "LocalExecutor": "executors.local",
        "LoggingStep": "steps.wrappers",
        "MetricsCategory": "enums",
        "MetricsResult": "schemas.results",
        "NoResult": "result",
        "Orchestrator": "steps.orchestrator",
        "PluginCategory": "enums",
        "PluginConfig": "config",
        "PluginDiscovery": "discovery",
        "PluginEnvironment": "context",
        "PluginError": "errors",
        "RuntimeContext": "context",
        "StepRegistry": "steps.registry",
        "StepResult": "steps.base",
        "TimingStep": "steps.wrappers",
        "TrainContext": "actions.train.context",
        "TrainProgressCategories": "actions.train.action",
        "TrainResult": "schemas.results",
        "UploadContext": "actions.upload.context",
        "UploadProgressCategories": "actions.upload.action",
        "UploadResult": "schemas.results",
        "ValidationError": "errors",
        "ValidationStep": "steps.wrappers",
        "get_action_ui_schema": "ui_schema",
        "pydantic_to_ui_schema": "ui_schema",
        "WeightsResult": "schemas.results",
        "action": "decorators",
        "create_serve_multiplexed_model_id": "actions.inference.serve",
        "run_plugin": "runner",
        "validate_result": "result",
    },
)
