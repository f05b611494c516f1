"""Inference: a model in, predictions out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.inference.action import BaseInferenceAction as BaseInferenceAction
    from synapse_sdk.plugins.actions.inference.action import (
        InferenceProgressCategories as InferenceProgressCategories,
    )
    from synapse_sdk.plugins.actions.inference.context import InferenceContext as InferenceContext

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "BaseInferenceAction": "action",
        "InferenceContext": "context",
        "InferenceProgressCategories": "action",
    },
)
