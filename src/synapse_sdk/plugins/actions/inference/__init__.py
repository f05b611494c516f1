"""Inference: a model in, predictions out; and serving it to those who ask. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
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

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "BaseDeploymentAction": "deployment",
        "BaseInferenceAction": "action",
        "BaseServeDeployment": "serve",
        "DeploymentContext": "context",
        "DeploymentProgressCategories": "deployment",
        "InferenceContext": "context",
        "InferenceProgressCategories": "action",
        "create_serve_multiplexed_model_id": "serve",
    },
)
