"""Where an action is executed: one module per mode, none knows another."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction
    from synapse_sdk.plugins.executors.local import LocalExecutor

__all__ = ["ExecutorProtocol", "LocalExecutor"]


class ExecutorProtocol(Protocol):
    """Whatever executes an action."""

    def execute(self, action_cls: type[BaseAction[Any]], params: dict[str, Any], **kwargs: Any) -> Any:
        """Execute `action_cls` with `params`; return its result."""
        ...


def __getattr__(name: str) -> object:
    if name == "LocalExecutor":
        return import_module("synapse_sdk.plugins.executors.local").LocalExecutor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
