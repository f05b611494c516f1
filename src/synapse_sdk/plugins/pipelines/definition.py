"""`PipelineDefinition`: a pipeline as it is handed to an executor elsewhere.

Source: interface sheet `core.md`, Appendix B, `synapse_sdk.plugins.executors.ray.pipeline`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class PipelineDefinition:
    """A pipeline's name and its actions, in order: classes, or the places that they are imported from."""

    name: str
    actions: list[Any]
    description: str | None = None

    def to_api_format(self) -> list[dict[str, Any]]:
        """Return each action's `name` and `entrypoint`: "package.module:Name"."""
        return [{"name": _name(action), "entrypoint": _place(action)} for action in self.actions]


def _name(action: Any) -> str:
    if isinstance(action, str):
        return action.replace(":", ".").rpartition(".")[2]
    return getattr(action, "action_name", None) or str(action.__name__)


def _place(action: Any) -> str:
    return action if isinstance(action, str) else f"{action.__module__}:{action.__qualname__}"
