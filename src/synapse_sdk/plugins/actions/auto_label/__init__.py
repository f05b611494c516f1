"""Smart tools that label by themselves, through a model that is served. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.auto_label.action import AutoLabelParams as AutoLabelParams
    from synapse_sdk.plugins.actions.auto_label.action import (
        AutoLabelProgressCategories as AutoLabelProgressCategories,
    )
    from synapse_sdk.plugins.actions.auto_label.action import AutoLabelResult as AutoLabelResult
    from synapse_sdk.plugins.actions.auto_label.action import BaseAutoLabelAction as BaseAutoLabelAction

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "AutoLabelParams": "action",
        "AutoLabelProgressCategories": "action",
        "AutoLabelResult": "action",
        "BaseAutoLabelAction": "action",
    },
)
