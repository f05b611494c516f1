"""What an action returned, checked against its result model.

A returned model stays that model, and also reads as a mapping: `result["loss"]`, `"loss" in result`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pydantic
from pydantic import BaseModel

from synapse_sdk.plugins.errors import ExecutionError


class NoResult:
    """Stands for "this action promises nothing about its result"."""


class _ReadsAsMapping:
    """Mapping access for a pydantic model, by field name; for a root model, by what its root takes."""

    __pydantic_root_model__: bool
    root: Any

    def __getitem__(self, key: Any) -> Any:
        if self.__pydantic_root_model__:
            return self.root[key]
        if key in type(self).model_fields:  # type: ignore[attr-defined]
            return getattr(self, key)
        extra = getattr(self, "__pydantic_extra__", None) or {}
        return extra[key]

    def __contains__(self, key: object) -> bool:
        # Not `key in self.keys()`: a model may have a field of that name.
        return key in (self.root if self.__pydantic_root_model__ else _names(self))

    def keys(self) -> list[str]:
        return _names(self)

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 - this is get


def _names(model: Any) -> list[str]:
    if model.__pydantic_root_model__:
        return list(model.root) if isinstance(model.root, Mapping) else []
    return [*type(model).model_fields, *(getattr(model, "__pydantic_extra__", None) or {})]


def merge_result(result: Any, facts: Mapping[str, Any]) -> Any:
    """Let a result answer for `facts` as well: `result["model_id"]`. What it says itself wins.

    A model stays that model; a dictionary becomes another; None becomes the facts; any other value stands
    under "result".
    """
    if isinstance(result, BaseModel):
        model = readable(result)
        own = set(_names(model))
        extra = {key: value for key, value in facts.items() if key not in own}
        # Where pydantic keeps what a model was given beyond its fields: attributes are found there, too.
        object.__setattr__(model, "__pydantic_extra__", {**(model.__pydantic_extra__ or {}), **extra})
        return model
    if result is None:
        return dict(facts)
    return {**facts, **result} if isinstance(result, Mapping) else {**facts, "result": result}


_READABLE: dict[type[BaseModel], type[BaseModel]] = {}


def readable(model: BaseModel) -> BaseModel:
    """Let `model` itself read as a mapping; classes that define one of the methods themselves keep theirs.

    A class that does not allow subclasses of this plain kind stays as it is.
    """
    kind = type(model)
    twin = _READABLE.get(kind)
    if twin is None:
        twin = _READABLE[kind] = _build_twin(kind)
        _READABLE[twin] = twin
    if twin is not kind:
        # Same fields, same layout: only the lookup of methods changes, so identity and state stay.
        object.__setattr__(model, "__class__", twin)
    return model


def _build_twin(kind: type[BaseModel]) -> type[BaseModel]:
    members = _members(kind)
    own: dict[str, Any] = {
        name: function
        for name, function in vars(_ReadsAsMapping).items()
        if callable(function) and name not in members
    }

    def reduce(self: BaseModel, _: int = 2) -> tuple[Any, ...]:
        # Under the author's class, because that is what another process finds by this name.
        return _revive, (kind, self.__getstate__())

    # Without slots of its own it has the layout of the class, whatever slots that has.
    own |= {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__slots__": ()}
    if not members & {"__reduce__", "__reduce_ex__"}:
        own["__reduce_ex__"] = reduce
    twin: type[BaseModel]
    try:
        twin = type(kind.__name__, (kind,), own)
    except Exception:  # noqa: BLE001 - border of foreign code: a class may refuse or require whatever it likes
        return kind
    # For pydantic's `==`, which compares classes, and would find a twin unequal to its original.
    origin = kind.__pydantic_generic_metadata__["origin"] or kind
    twin.__pydantic_generic_metadata__ = {**twin.__pydantic_generic_metadata__, "origin": origin}
    return twin


def _revive(kind: type[BaseModel], state: dict[Any, Any]) -> BaseModel:
    model = kind.__new__(kind)
    model.__setstate__(state)
    return readable(model)


def validate_result(result: Any, result_model: type[Any], warn: Callable[[str], None] | None = None) -> Any:
    """Check what `execute()` returned; never raises, never converts.

    Args:
        result: The returned value.
        result_model: What the action promised; `NoResult` accepts anything.
        warn: Called with one sentence when the value does not fit.
    """
    if isinstance(result, BaseModel):
        result = readable(result)
    problem = _read(result, result_model)[1]
    if problem is not None and warn is not None:
        warn(problem[0].upper() + problem[1:] + ".")
    return result


def enforce_result(result: Any, result_model: type[Any]) -> Any:
    """Return what `execute()` returned as what the action promised: a dictionary that fits becomes the model.

    Args:
        result: The returned value.
        result_model: What the action promised; `NoResult` accepts anything.

    Raises:
        ExecutionError: The value does not fit.
    """
    value, problem = _read(result, result_model)
    if problem is not None:
        raise ExecutionError(
            f"Action execution failed: {problem}.",
            {"result_model": _name(result_model)},
            hint="Return what result_model says. Without strict_result this is a warning.",
        )
    return readable(value) if isinstance(value, BaseModel) else value


def _name(result_model: Any) -> str:
    return result_model.__name__ if isinstance(result_model, type) else str(result_model)


def _read(result: Any, result_model: Any) -> tuple[Any, str | None]:
    """Return the value as its model reads it, and None; or the value as it is, and what is wrong with it."""
    is_class = isinstance(result_model, type)
    if result_model is NoResult or (is_class and isinstance(result, result_model)):
        return result, None
    name = _name(result_model)
    if is_class and not (isinstance(result, dict) and issubclass(result_model, BaseModel)):
        return result, f"the result is a {type(result).__name__}, not a {name}"
    try:
        return pydantic.TypeAdapter(result_model).validate_python(result), None
    except pydantic.ValidationError as error:
        fields = "; ".join(
            ": ".join(filter(None, (".".join(map(str, item["loc"])), item["msg"])))
            for item in error.errors(include_url=False)
        )
        return result, f"the result does not fit {name}: {fields}"
    except Exception as error:  # noqa: BLE001 - border of foreign code: the author's own validators run here
        return result, f"the result can not be checked against {name}: {type(error).__name__}: {error}"


def _members(kind: type[BaseModel]) -> set[str]:
    own = {name for base in kind.__mro__ if base not in (BaseModel, object) for name in vars(base)}
    return own | set(kind.model_fields)
