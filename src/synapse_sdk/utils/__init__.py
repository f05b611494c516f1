"""Small things that plugins from elsewhere import by these paths. Code of ours uses what they stand for.

Source: interface sheets `core.md`, Appendix B, and `platform.md` §5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.utils.gpu import get_best_gpu as get_best_gpu
    from synapse_sdk.utils.validators import non_blank as non_blank

__getattr__, __dir__, __all__ = build_front_door(
    globals(), {"get_best_gpu": "gpu", "non_blank": "validators"}
)
