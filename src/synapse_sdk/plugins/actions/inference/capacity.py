"""Is there room for an application? Asked before anything of it is started.

Source: interface sheet `actions.md` §3.2, "capacity pre-check".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.plugins.errors import DeploymentError


def check_capacity(
    agent: Any,
    name: str,
    needs: Mapping[str, Any],
    options: Mapping[str, Any],
    tell: Callable[..., None],
) -> None:
    """Ask an agent; without one, warn and go on.

    Args:
        agent: Its client; None without one.
        name: The application's.
        needs: Of one replica: `num_cpus`, `num_gpus`, `memory` in bytes.
        options: `num_replicas`, or `autoscaling_config` with `min_replicas`.
        tell: Called with a warning.

    Raises:
        DeploymentError: There is no room, or the agent could not say.
    """
    if agent is None:
        tell(f"Whether there is room for {name} was not asked: no agent is known.", "warning")
        return
    try:
        answer = agent.check_feasibility(
            kind="serve",
            num_cpus=needs.get("num_cpus"),
            num_gpus=needs.get("num_gpus") or 0,
            memory_bytes=needs.get("memory"),
            replicas=count_replicas(options),
            metadata={"serve_application": name},
        )
    except SynapseError as error:
        raise DeploymentError(
            f"Whether there is room for {name} could not be asked: {error.message}", error.details
        ) from error
    verdict = answer.get("feasible") if isinstance(answer, Mapping) else None
    if not isinstance(verdict, bool):
        raise DeploymentError(
            f"The agent's answer, whether there is room for {name}, says neither yes nor no."
        )
    if not verdict:
        raise DeploymentError(
            f"There is no room for {name}: {answer.get('reason') or 'the agent gave no reason'}.",
            {"serve_application": name, "answer": dict(answer)},
            hint="Ask for less, or free something on the agent.",
        )


def count_replicas(options: Mapping[str, Any]) -> int:
    """Return how many replicas there are at the beginning."""
    scaling = options.get("autoscaling_config") or {}
    found = options.get("num_replicas") or scaling.get("initial_replicas") or scaling.get("min_replicas")
    return int(found) if isinstance(found, int) else 1
