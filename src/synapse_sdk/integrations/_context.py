"""What a training under autolog knows of itself, for the steps around it.

Source: interface sheet `core.md`, Appendix B.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction


@dataclass
class AutologContext:
    """The training that reports now."""

    action: BaseAction[Any]
    #: Rounds that it is going to make, where the framework says so.
    total_epochs: int | None = None
    #: `weights_dir`: the folder that the framework keeps its weights in.
    extra: dict[str, Any] = field(default_factory=dict)


#: Of the whole process, as the patches are: threads that a framework starts, and the loop that runs an async
#: `execute`, have contexts of their own.
_current: AutologContext | None = None


def get_autolog_context() -> AutologContext | None:
    """Return the training that reports now, or the last one of this action; None outside of autolog."""
    return _current


def set_autolog_context(ctx: AutologContext | None) -> None:
    """Say which training reports now."""
    global _current
    _current = ctx
