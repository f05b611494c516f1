"""Datasets as an action of their own: out of a workspace or a server, into a folder. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.dataset.action import DatasetAction as DatasetAction
    from synapse_sdk.plugins.actions.dataset.log_messages import (
        DatasetLogMessageCode as DatasetLogMessageCode,
    )
    from synapse_sdk.plugins.actions.dataset.models import DatasetOperation as DatasetOperation
    from synapse_sdk.plugins.actions.dataset.models import DatasetParams as DatasetParams
    from synapse_sdk.plugins.actions.dataset.models import DatasetResult as DatasetResult

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "DatasetAction": "action",
        "DatasetLogMessageCode": "log_messages",
        "DatasetOperation": "models",
        "DatasetParams": "models",
        "DatasetResult": "models",
    },
)
