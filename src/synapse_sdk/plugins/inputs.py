"""From an id in the params to a record with a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from synapse_sdk.plugins.errors import ExecutionError

if TYPE_CHECKING:
    from synapse_sdk.plugins.context import RuntimeContext
    from synapse_sdk.workspace import DatasetInfo


def find_input_id(params: Any, *names: str) -> int | None:
    """Return the first of the named params that holds an id, or None."""
    for name in names:
        value = find_param(params, name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def find_param(params: Any, name: str) -> Any:
    """Return a param by name, or None; `params` is a model or a mapping."""
    return params.get(name) if isinstance(params, Mapping) else getattr(params, name, None)


def describe_params(params: Any) -> dict[str, Any]:
    """Return params as a dictionary of their own."""
    return params.model_dump() if isinstance(params, BaseModel) else dict(params or {})


def resolve_dataset(ctx: RuntimeContext, params: Any) -> DatasetInfo:
    """Return the record of the dataset that `params` name, in the version that this run's envelope names.

    Raises:
        ExecutionError: The params name no dataset.
    """
    dataset_id = find_input_id(params, "dataset", "dataset_id")
    if dataset_id is None:
        raise ExecutionError(
            "get_dataset() found no dataset: the params have neither `dataset` nor `dataset_id`.",
            hint="Add `dataset: int` to the params model and pass an id that `synapse dataset list` shows.",
        )
    version = None
    if ctx.envelope is not None:
        named = (item for item in ctx.envelope.inputs if item.kind == "dataset" and item.id == dataset_id)
        version = next((item.version for item in named), None)
    return ctx.workspace.get_dataset(dataset_id, version=version)
