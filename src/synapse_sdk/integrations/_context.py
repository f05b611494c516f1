"""What a training under autolog knows of itself, for the steps around it.

Source: interface sheet `core.md`, Appendix B.
"""

from __future__ import annotations

from contextvars import ContextVar
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


_current: ContextVar[AutologContext | None] = ContextVar("synapse_autolog", default=None)


def get_autolog_context() -> AutologContext | None:
    """Return the training that reports now, or the last one of this action; None outside of autolog."""
    return _current.get()


def set_autolog_context(ctx: AutologContext | None) -> None:
    """Say which training reports now."""
    _current.set(ctx)
