"""What an action returned, checked against its result model.

A returned model stays that model, and also reads as a mapping: `result["loss"]`, `"loss" in result`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pydantic
from pydantic import BaseModel


class NoResult:
    """Stands for "this action promises nothing about its result"."""


class _ReadsAsMapping:
    """Mapping access for a pydantic model, by field name."""

    def __getitem__(self, key: str) -> Any:
        if key in type(self).model_fields:  # type: ignore[attr-defined]
            return getattr(self, key)
        extra = getattr(self, "__pydantic_extra__", None) or {}
        return extra[key]

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def keys(self) -> list[str]:
        return [*type(self).model_fields, *(getattr(self, "__pydantic_extra__", None) or {})]  # type: ignore[attr-defined]

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 - this is get


_READABLE: dict[type[BaseModel], type[BaseModel]] = {}


def readable(model: BaseModel) -> BaseModel:
    """Let `model` itself read as a mapping; classes that define one of the methods themselves keep theirs."""
    kind = type(model)
    twin = _READABLE.get(kind)
    if twin is None:
        own = {
            name: function
            for name, function in vars(_ReadsAsMapping).items()
            if callable(function) and name not in _members(kind)
        }
        twin = type(
            kind.__name__, (kind,), {**own, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
        )
        _READABLE[kind] = _READABLE[twin] = twin
    if twin is not kind:
        # Same fields, same layout: only the lookup of methods changes, so identity and state stay.
        object.__setattr__(model, "__class__", twin)
    return model


def validate_result(result: Any, result_model: type[Any], warn: Callable[[str], None] | None = None) -> Any:
    """Check what `execute()` returned; never raises, never converts.

    Args:
        result: The returned value.
        result_model: What the action promised; `NoResult` accepts anything.
        warn: Called with one sentence when the value does not fit.
    """
    if isinstance(result, BaseModel):
        result = readable(result)
    if result_model is NoResult or isinstance(result, result_model):
        return result
    problem = f"the result is a {type(result).__name__}, not a {result_model.__name__}"
    if isinstance(result, dict) and issubclass(result_model, BaseModel):
        try:
            result_model.model_validate(result)
        except pydantic.ValidationError as error:
            fields = "; ".join(
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
                for item in error.errors(include_url=False)
            )
            problem = f"the result does not fit {result_model.__name__}: {fields}"
        else:
            return result
    if warn is not None:
        warn(problem[0].upper() + problem[1:] + ".")
    return result


def _members(kind: type) -> set[str]:
    return {name for base in kind.__mro__ if base not in (BaseModel, object) for name in vars(base)}
