"""Does what one model gives fit into another, for every value? Answered before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.composition.comparison import Comparison as Comparison
    from synapse_sdk.plugins.composition.comparison import Verdict as Verdict
    from synapse_sdk.plugins.composition.comparison import compare_models as compare_models

__getattr__, __dir__, __all__ = build_front_door(
    globals(), {"Comparison": "comparison", "Verdict": "comparison", "compare_models": "comparison"}
)
