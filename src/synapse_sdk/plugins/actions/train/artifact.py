"""What a training leaves: its weights, found in its result and kept as a model with what they reached."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.events import as_number
from synapse_sdk.plugins.inputs import find_param

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction
    from synapse_sdk.workspace import ModelInfo


def find_artifact(result: Any) -> str | os.PathLike[str] | None:
    """Return where the weights lie: `weights_path` of the result, else what autolog saw."""
    found = find_param(result, "weights_path")
    if isinstance(found, str | os.PathLike) and str(found):
        return found
    return _find_autolog_weights()


def read_numbers(result: Any) -> dict[str, float]:
    """Return the finite numbers of a result by name; those of `val_metrics`, where it has some."""
    fields = result.model_dump() if isinstance(result, BaseModel) else result
    if not isinstance(fields, Mapping):
        return {}
    measured = fields.get("val_metrics")
    source = measured if isinstance(measured, Mapping) and measured else fields
    numbers = {str(name): as_number(value) for name, value in source.items() if not isinstance(value, bool)}
    return {
        name: float(number)
        for name, number in numbers.items()
        if number is not None and math.isfinite(number)
    }


def name_artifact(result: Any, path: str | os.PathLike[str]) -> Any:
    """Return a result whose `weights_path`, where it has one, is `path`."""
    if find_param(result, "weights_path") is None:
        return result
    if isinstance(result, BaseModel):
        return result.model_copy(update={"weights_path": os.fspath(path)})
    return {**result, "weights_path": os.fspath(path)}


def keep_artifact(
    action: BaseTrainAction[Any],
    path: str | os.PathLike[str],
    *,
    result: Any = None,
    metrics: Mapping[str, float] | None = None,
    name: str | None = None,
) -> ModelInfo:
    """Keep weights as a model.

    Args:
        action: The training that made them.
        path: Where they lie.
        result: What `execute` returned: its numbers are what the model reached, unless `metrics` is given.
        metrics: What the model reached.
        name: What the model is called; from the params and the job unless given.

    Raises:
        ExecutionError: There is nothing at `path`.
    """
    if not Path(path).exists():
        raise ExecutionError(
            f"The weights are said to be at {os.fspath(path)!r}, and there is nothing.",
            {"weights_path": os.fspath(path)},
            hint="Save them before execute() returns. A relative path counts from the current folder.",
        )
    if name is None:
        title = find_param(action.params, "name") or f"train_{action.ctx.job_id or 'run'}"
        name = f"{title}_{os.urandom(4).hex()}"
    return action.create_model(
        path,
        name=name,
        description=find_param(action.params, "description") or "",
        metrics=read_numbers(result) if metrics is None else metrics,
    )


def _find_autolog_weights() -> str | None:
    """Return the folder that a framework under autolog says it keeps its weights in."""
    if (integrations := sys.modules.get("synapse_sdk.integrations")) is None:
        return None
    context = integrations.get_autolog_context()
    return None if context is None else context.extra.get("weights_dir")
