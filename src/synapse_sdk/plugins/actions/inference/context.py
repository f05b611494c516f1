"""What the steps of an inference, and of a deployment, share.

Source: interface sheet `actions.md` §3.1, §3.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from synapse_sdk.plugins.steps.context import BaseStepContext


@dataclass
class InferenceContext(BaseStepContext):
    """Handed from step to step."""

    params: dict[str, Any] = field(default_factory=dict)
    model_id: int | None = None
    #: As `load_model()` returns it.
    model: dict[str, Any] | None = None
    model_path: str | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    batch_size: int = 1
    processed_count: int = 0


@dataclass
class DeploymentContext(BaseStepContext):
    """Handed from step to step of a deployment."""

    params: dict[str, Any] = field(default_factory=dict)
    model_id: int | None = None
    model: dict[str, Any] | None = None
    model_path: str | None = None
    serve_app_name: str | None = None
    #: Id of the server's record.
    serve_app_id: int | None = None
    route_prefix: str | None = None
    ray_actor_options: dict[str, Any] = field(default_factory=dict)
    serve_options: dict[str, Any] = field(default_factory=dict)
    deployed: bool = False
