"""What plugin authors import. A lazy door: naming one thing loads only that thing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction as BaseAction
    from synapse_sdk.plugins.actions.inference import BaseInferenceAction as BaseInferenceAction
    from synapse_sdk.plugins.actions.inference import (
        InferenceProgressCategories as InferenceProgressCategories,
    )
    from synapse_sdk.plugins.actions.train import BaseTrainAction as BaseTrainAction
    from synapse_sdk.plugins.actions.train import TrainProgressCategories as TrainProgressCategories
    from synapse_sdk.plugins.config import ActionConfig as ActionConfig
    from synapse_sdk.plugins.config import PluginConfig as PluginConfig
    from synapse_sdk.plugins.context import PluginEnvironment as PluginEnvironment
    from synapse_sdk.plugins.context import RuntimeContext as RuntimeContext
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
    from synapse_sdk.plugins.schemas import ExportResult as ExportResult
    from synapse_sdk.plugins.schemas import InferenceResult as InferenceResult
    from synapse_sdk.plugins.schemas import MetricsResult as MetricsResult
    from synapse_sdk.plugins.schemas import TrainResult as TrainResult
    from synapse_sdk.plugins.schemas import UploadResult as UploadResult
    from synapse_sdk.plugins.schemas import WeightsResult as WeightsResult

#: Name → the module that it lives in. The same names stand above, for editors and type checkers.
_HOME = {
    "ActionConfig": "config",
    "ActionNotFoundError": "errors",
    "BaseAction": "action",
    "BaseInferenceAction": "actions.inference",
    "BaseTrainAction": "actions.train",
    "ExecutionError": "errors",
    "ExportResult": "schemas",
    "InferenceProgressCategories": "actions.inference",
    "InferenceResult": "schemas",
    "LocalExecutor": "executors.local",
    "MetricsCategory": "enums",
    "MetricsResult": "schemas",
    "NoResult": "result",
    "PluginCategory": "enums",
    "PluginConfig": "config",
    "PluginDiscovery": "discovery",
    "PluginEnvironment": "context",
    "PluginError": "errors",
    "RuntimeContext": "context",
    "TrainProgressCategories": "actions.train",
    "TrainResult": "schemas",
    "UploadResult": "schemas",
    "ValidationError": "errors",
    "WeightsResult": "schemas",
    "run_plugin": "runner",
    "validate_result": "result",
}
__all__ = sorted(_HOME)  # noqa: PLE0605 - a list of names; the checker wants it spelt out


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value  # next time it is an ordinary attribute
    return value


def __dir__() -> list[str]:
    return __all__
