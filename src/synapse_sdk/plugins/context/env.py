"""The environment variables that an action sees, with typed getters.

Source: interface sheet `core.md` §3.2; unlike there, `on`/`off` are booleans too, and a value that does not
fit says which variable it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from synapse_sdk.plugins.errors import ValidationError

N = TypeVar("N", int, float)

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off", ""})


class PluginEnvironment(Mapping[str, Any]):
    """Layers of variables, the first layer that has a name wins. Nothing is copied until asked."""

    __slots__ = ("_layers",)

    def __init__(self, *layers: Mapping[str, Any] | None) -> None:
        for layer in layers:
            if layer is None:
                layers = tuple(layer for layer in layers if layer is not None)
                break
        self._layers: tuple[Mapping[str, Any], ...] = layers  # type: ignore[assignment]

    @classmethod
    def from_environ(cls, prefix: str = "", *, prefixes: tuple[str, ...] | None = None) -> PluginEnvironment:
        """Take this process's variables: all, those of one prefix without it, or those of several with it."""
        if prefixes is not None:
            return cls({name: value for name, value in os.environ.items() if name.startswith(prefixes)})
        if prefix:
            stripped = {
                name[len(prefix) :]: value for name, value in os.environ.items() if name.startswith(prefix)
            }
            return cls(stripped)
        return cls(os.environ)

    @classmethod
    def from_file(cls, path: str | Path) -> PluginEnvironment:
        """Read variables from a TOML, YAML or JSON file, by its suffix, or from lines `NAME=value` (.env).

        Raises:
            FileNotFoundError: There is no such file.
            ValidationError: It can not be read as what its suffix says, or holds no names with values.
        """
        from synapse_sdk.plugins.context.env_file import read_env_file

        return cls(read_env_file(Path(path)))

    @classmethod
    def merge(cls, *environments: Mapping[str, Any]) -> PluginEnvironment:
        """Lay environments over each other; a later one wins."""
        return cls(*reversed(environments))

    def __getitem__(self, name: str) -> Any:
        for layer in self._layers:
            if name in layer:
                return layer[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for layer in reversed(self._layers) for name in layer))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        # Names only: values are where secrets live.
        return f"PluginEnvironment({len(self)} variables)"

    def __reduce__(self) -> tuple[type[PluginEnvironment], tuple[dict[str, Any]]]:
        return PluginEnvironment, (self.to_dict(),)  # `os.environ` itself can not go to another process

    def to_dict(self) -> dict[str, Any]:
        """Return a copy as a plain dict."""
        return {name: self[name] for name in self}

    def get_str(self, name: str, default: str | None = None) -> str | None:
        """Return a variable as text."""
        value = self.get(name)
        return default if value is None else str(value)

    def get_int(self, name: str, default: int | None = None) -> int | None:
        """Return a variable as a whole number. Raises `ValidationError` when it is none."""
        return self._convert(name, default, int, "a whole number")

    def get_float(self, name: str, default: float | None = None) -> float | None:
        """Return a variable as a number. Raises `ValidationError` when it is none."""
        return self._convert(name, default, float, "a number")

    def get_bool(self, name: str, default: bool | None = None) -> bool | None:
        """Return a variable as a truth value: true/false, 1/0, yes/no or on/off in any case."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            return bool(value)
        text = value.strip().lower()
        if text in _TRUE | _FALSE:
            return text in _TRUE
        raise _does_not_fit(name, value, "one of true, false, 1, 0, yes, no, on, off")

    def get_list(self, name: str, default: list[str] | None = None) -> list[str] | None:
        """Return a variable split at its commas, parts trimmed; a list as it is; empty text as no parts."""
        value = self.get(name)
        if isinstance(value, list):
            return value
        if isinstance(value, str):
            return [part.strip() for part in value.split(",")] if value else []
        return default

    def _convert(self, name: str, default: N | None, convert: type[N], wanted: str) -> N | None:
        value = self.get(name)
        if value is None:
            return default
        try:
            return convert(value)
        except (TypeError, ValueError) as exc:
            raise _does_not_fit(name, value, wanted) from exc


def _does_not_fit(name: str, value: object, wanted: str) -> ValidationError:
    # The value itself stays out of the sentence: a variable may hold a secret.
    return ValidationError(
        f"The environment variable {name} is not {wanted}.", {"variable": name, "type": type(value).__name__}
    )
