"""Specialised bases, one room per kind of work. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.action_registry import ActionRegistry as ActionRegistry
    from synapse_sdk.plugins.action_registry import ActionSpec as ActionSpec
    from synapse_sdk.plugins.action_registry import ActionType as ActionType
    from synapse_sdk.plugins.action_registry import get_action_registry as get_action_registry
    from synapse_sdk.plugins.actions.auto_label.action import AutoLabelParams as AutoLabelParams
    from synapse_sdk.plugins.actions.auto_label.action import (
        AutoLabelProgressCategories as AutoLabelProgressCategories,
    )
    from synapse_sdk.plugins.actions.auto_label.action import AutoLabelResult as AutoLabelResult
    from synapse_sdk.plugins.actions.auto_label.action import BaseAutoLabelAction as BaseAutoLabelAction
    from synapse_sdk.plugins.actions.dataset.action import DatasetAction as DatasetAction
    from synapse_sdk.plugins.actions.dataset.models import DatasetOperation as DatasetOperation
    from synapse_sdk.plugins.actions.dataset.models import DatasetParams as DatasetParams
    from synapse_sdk.plugins.actions.dataset.models import DatasetResult as DatasetResult
    from synapse_sdk.plugins.actions.export.action import BaseExportAction as BaseExportAction
    from synapse_sdk.plugins.actions.export.action import DefaultExportAction as DefaultExportAction
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
    from synapse_sdk.plugins.actions.to_task.action import ToTaskAction as ToTaskAction
    from synapse_sdk.plugins.actions.to_task.context import ToTaskContext as ToTaskContext
    from synapse_sdk.plugins.actions.to_task.models import ToTaskMethod as ToTaskMethod
    from synapse_sdk.plugins.actions.to_task.models import ToTaskParams as ToTaskParams
    from synapse_sdk.plugins.actions.to_task.models import ToTaskResult as ToTaskResult
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction as BaseTrainAction
    from synapse_sdk.plugins.actions.train.context import TrainContext as TrainContext
    from synapse_sdk.plugins.actions.upload.action import BaseUploadAction as BaseUploadAction
    from synapse_sdk.plugins.actions.upload.context import UploadContext as UploadContext

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ActionRegistry": ".action_registry",
        "ActionSpec": ".action_registry",
        "ActionType": ".action_registry",
        "get_action_registry": ".action_registry",
        "AutoLabelParams": "auto_label.action",
        "AutoLabelProgressCategories": "auto_label.action",
        "AutoLabelResult": "auto_label.action",
        "BaseAutoLabelAction": "auto_label.action",
        "BaseDeploymentAction": "inference.deployment",
        "BaseExportAction": "export.action",
        "BaseInferenceAction": "inference.action",
        "BaseServeDeployment": "inference.serve",
        "BaseTrainAction": "train.action",
        "BaseUploadAction": "upload.action",
        "DatasetAction": "dataset.action",
        "DatasetOperation": "dataset.models",
        "DatasetParams": "dataset.models",
        "DatasetResult": "dataset.models",
        "DefaultExportAction": "export.action",
        "DeploymentContext": "inference.context",
        "DeploymentProgressCategories": "inference.deployment",
        "ExportContext": "export.context",
        "InferenceContext": "inference.context",
        "InferenceProgressCategories": "inference.action",
        "ToTaskAction": "to_task.action",
        "ToTaskContext": "to_task.context",
        "ToTaskMethod": "to_task.models",
        "ToTaskParams": "to_task.models",
        "ToTaskResult": "to_task.models",
        "TrainContext": "train.context",
        "UploadContext": "upload.context",
        "create_serve_multiplexed_model_id": "inference.serve",
    },
)
