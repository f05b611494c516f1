"""A package's lazy door: naming one thing loads only that thing (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def build_front_door(
    namespace: dict[str, Any], home: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Build a package's `__getattr__`, `__dir__` and `__all__`.

    Args:
        namespace: The package's `globals()`; what was asked for once becomes an ordinary attribute there.
        home: Name → the module that it lives in, relative to the package: `io`, or `..registry` of a sibling.
    """
    package, names = namespace["__name__"], sorted(home)

    def load(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(f".{home[name]}", package), name)
        namespace[name] = value
        return value

    return load, lambda: names, names
