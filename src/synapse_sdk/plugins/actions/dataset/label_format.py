"""Which version of the labelling documents is this?

Source: interface sheet `actions.md` §11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The second version has a list for each kind of medium.
_V2_CONTAINERS = ("images", "videos", "pcds", "texts", "audios", "prompts", "datas")
#: The first has a mapping from media to annotations.
_V1_KEYS = ("annotations", "annotationsData")


def detect_label_format(data: Any) -> str:
    """Return "dm_v2", "dm_v1", or "other" for what is neither."""
    if isinstance(data, Mapping):
        if any(isinstance(data.get(name), list) for name in _V2_CONTAINERS):
            return "dm_v2"
        if any(isinstance(data.get(name), Mapping) for name in _V1_KEYS):
            return "dm_v1"
    return "other"
