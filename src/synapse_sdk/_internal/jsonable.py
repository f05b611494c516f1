"""Values that are or can become JSON, and where in a value something can not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from synapse_sdk._internal.errors import SynapseError

#: Python itself writes no longer number as text (4,300 digits), and few readers take one.
INT_LIMIT_BITS = 14_000
#: Containers inside each other. Readers of JSON, pydantic's among them, stop not far above this.
DEPTH_LIMIT = 100


class NotJsonError(SynapseError):
    """A value can not be written as JSON; `details["path"]` says where in it."""


def to_jsonable(value: object, *, path: str = "result") -> Any:
    """Turn `value` into plain JSON types.

    Pydantic models, dataclasses, mappings with text keys, sequences, sets of sortable items, enums, paths,
    moments, UUIDs and scalars of array libraries (anything with a zero-dimensional `shape` and an `item()`)
    are converted; secrets are masked. Non-finite numbers become "NaN", "Infinity" or "-Infinity".

    Raises:
        NotJsonError: Anything else, with the path to it, such as `result.history[3]`.
    """
    return _convert(value, path, frozenset())


def describe_json(value: object) -> Any:
    """Like `to_jsonable`, for showing: what can not be converted appears as its shortened `repr`."""
    return _describe(value, frozenset())


def escape_surrogates(value: Any) -> Any:
    """Write out half characters, which JSON can not hold: a file name that is not UTF-8 has such.

    Goes through dicts, lists and tuples, keys included.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {escape_surrogates(key): escape_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [escape_surrogates(item) for item in value]
    return value


def shorten(text: str, *, limit: int = 80) -> str:
    """Cut `text` to `limit` characters and mark the cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _convert(value: object, path: str, parents: frozenset[int]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _convert(value.value, path, parents)
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, int):
        if value.bit_length() > INT_LIMIT_BITS:
            raise NotJsonError(f"{path} is a number of too many digits.", {"path": path, "type": "int"})
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _name_nonfinite(float(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, PurePath | UUID):
        return _text(str(value), path)
    if len(parents) >= DEPTH_LIMIT:
        raise NotJsonError(f"{path} is nested too deeply.", {"path": path, "type": "depth"})
    if id(value) in parents:
        raise NotJsonError(
            f"{path} contains itself and can not be written as JSON.", {"path": path, "type": "cycle"}
        )
    return _convert_container(value, path, parents | {id(value)})


def _with_extra(model: object, dumped: Any) -> Any:
    """Add what a model was given beyond its fields, which its own dump may leave out."""
    extra = getattr(model, "__pydantic_extra__", None)
    return {**extra, **dumped} if extra and isinstance(dumped, dict) else dumped


def _convert_container(value: object, path: str, parents: frozenset[int]) -> Any:
    if callable(getattr(value, "get_secret_value", None)):
        return str(value)  # pydantic's own mask
    if (dump := getattr(value, "model_dump", None)) is not None and not isinstance(value, type):
        return _convert(_with_extra(value, dump()), path, parents)
    if is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: _convert(getattr(value, item.name), f"{path}.{item.name}", parents)
            for item in fields(value)
        }
    if isinstance(value, Mapping):
        converted = {_key(key, path): _convert(item, f"{path}.{key}", parents) for key, item in value.items()}
        if len(converted) < len(value):
            raise NotJsonError(
                f"{path} has two keys that JSON would write alike.", {"path": path, "type": "keys"}
            )
        return converted
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
        return _text(key, path)
    if isinstance(key, int | float) and not isinstance(key, bool):
        return str(key)
    raise _refuse(key, f"{path}[{shorten(repr(key), limit=40)}]", "keys of a mapping must be text")


def _text(text: str, path: str) -> str:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as exc:
            raise NotJsonError(
                f"{path} is a text that is not Unicode: {shorten(ascii(text))}.",
                {"path": path, "type": "str"},
                hint="A file name that is not UTF-8, perhaps? Return it as repr(), or rename the file.",
            ) from exc
    return text


def _describe(value: object, parents: frozenset[int]) -> Any:
    try:
        return to_jsonable(value)
    except Exception:  # noqa: BLE001 - border of foreign code: showing a value must never be what fails
        if isinstance(value, str):
            return escape_surrogates(value)
    if id(value) not in parents and len(parents) < DEPTH_LIMIT:
        inner = parents | {id(value)}
        if isinstance(value, Mapping):
            return {escape_surrogates(str(key)): _describe(item, inner) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [_describe(item, inner) for item in value]
    try:
        return escape_surrogates(shorten(repr(value)))
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(value).__name__} that can not be shown>"


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
