"""Training: datasets and checkpoints in, models out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction as BaseTrainAction
    from synapse_sdk.plugins.actions.train.action import TrainProgressCategories as TrainProgressCategories
    from synapse_sdk.plugins.actions.train.context import TrainContext as TrainContext
    from synapse_sdk.plugins.actions.train.log_messages import TrainLogMessageCode as TrainLogMessageCode
    from synapse_sdk.plugins.actions.train.params import BaseTrainParams as BaseTrainParams

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "BaseTrainAction": "action",
        "BaseTrainParams": "params",
        "TrainContext": "context",
        "TrainLogMessageCode": "log_messages",
        "TrainProgressCategories": "action",
    },
)
