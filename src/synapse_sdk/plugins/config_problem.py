"""What is wrong with a config file, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.plugins.errors import ConfigError


class Place(NamedTuple):
    """Where in a file; both count from 1."""

    line: int
    column: int


class ConfigProblem(NamedTuple):
    """Something about one place of a config file."""

    file: str
    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.place.line}:{self.place.column}: {self.text}"


def refuse(file: str, problems: Sequence[ConfigProblem]) -> ConfigError:
    """Build the error that tells all problems of a file, in the order of their places."""
    ordered = sorted(problems, key=lambda problem: problem.place)
    lines = [str(problem) for problem in ordered]
    message = lines[0] if len(lines) == 1 else f"{file} has {len(lines)} problems:\n  " + "\n  ".join(lines)
    return ConfigError(
        message,
        {
            "problems": [
                {
                    "file": item.file,
                    "line": item.place.line,
                    "column": item.place.column,
                    "problem": item.text,
                }
                for item in ordered
            ]
        },
    )


def show(value: Any) -> str:
    """Return a value as a message shows it."""
    if isinstance(value, str):
        return shorten(f'"{value}"')
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return f"a {kind_of(value)}"
    return shorten(str(value))


def kind_of(value: Any) -> str:
    """Name the kind of a value, for people."""
    return {
        dict: "mapping",
        list: "list",
        str: "text",
        int: "number",
        float: "number",
        bool: "truth value",
    }.get(
        next((kind for kind in (dict, list, bool, int, float, str) if isinstance(value, kind)), type(value)),
        type(value).__name__,
    )
