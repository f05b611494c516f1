"""Values that are or can become JSON, and where in a value something can not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from synapse_sdk._internal.errors import SynapseError


class NotJsonError(SynapseError):
    """A value can not be written as JSON; `details["path"]` says where in it."""


def to_jsonable(value: object, *, path: str = "result") -> Any:
    """Turn `value` into plain JSON types.

    Pydantic models, dataclasses, mappings with text keys, sequences, sets of sortable items, enums, paths,
    moments, UUIDs and scalars of array libraries (anything with a zero-dimensional `shape` and an `item()`)
    are converted. Non-finite numbers become "NaN", "Infinity" or "-Infinity".

    Raises:
        NotJsonError: Anything else, with the path to it, such as `result.history[3]`.
    """
    return _convert(value, path, frozenset())


def describe_json(value: object) -> Any:
    """Like `to_jsonable`, for showing: what can not be converted appears as its shortened `repr`."""
    try:
        return to_jsonable(value)
    except NotJsonError:
        if isinstance(value, Mapping):
            return {str(key): describe_json(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [describe_json(item) for item in value]
        return shorten(repr(value))


def shorten(text: str, *, limit: int = 80) -> str:
    """Cut `text` to `limit` characters and mark the cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _convert(value: object, path: str, parents: frozenset[int]) -> Any:
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return _convert(value.value, path, parents)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _name_nonfinite(float(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, PurePath | UUID):
        return str(value)
    if id(value) in parents:
        raise NotJsonError(
            f"{path} contains itself and can not be written as JSON.", {"path": path, "type": "cycle"}
        )
    return _convert_container(value, path, parents | {id(value)})


def _convert_container(value: object, path: str, parents: frozenset[int]) -> Any:
    if (dump := getattr(value, "model_dump", None)) is not None and not isinstance(value, type):
        return _convert(dump(), path, parents)
    if is_dataclass(value) and not isinstance(value, type):
        return _convert(asdict(value), path, parents)
    if isinstance(value, Mapping):
        return {_key(key, path): _convert(item, f"{path}.{key}", parents) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_convert(item, f"{path}[{index}]", parents) for index, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        try:
            return [_convert(item, path, parents) for item in sorted(value)]
        except TypeError as exc:
            raise _refuse(value, path, "its items have no order; return a list") from exc
    if getattr(value, "shape", None) == () and callable(item := getattr(value, "item", None)):
        return _convert(item(), path, parents)
    if callable(getattr(value, "tolist", None)):
        raise _refuse(value, path, "return its .tolist(), or save it to a file and return the path")
    raise _refuse(value, path, "return plain values, models or paths")


def _key(key: object, path: str) -> str:
    if isinstance(key, Enum):
        key = key.value
    if isinstance(key, str):
        return key
    if isinstance(key, int | float) and not isinstance(key, bool):
        return str(key)
    raise _refuse(key, f"{path}[{shorten(repr(key), limit=40)}]", "keys of a mapping must be text")


def _name_nonfinite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _refuse(value: object, path: str, way_on: str) -> NotJsonError:
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return NotJsonError(
        f"{path} is a {name}, which can not be written as JSON.",
        {"path": path, "type": name},
        hint=way_on[0].upper() + way_on[1:] + ".",
    )
