"""Environment variables from a file: TOML, YAML, JSON, or lines `NAME=value`.

Source: interface sheet `core.md` §3.2; unlike there, not TOML whatever the suffix.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.errors import ValidationError


def read_env_file(path: Path) -> dict[str, Any]:
    """Return a file's variables; nested tables stay nested.

    Raises:
        FileNotFoundError: There is no such file.
        ValidationError: It can not be read as what its suffix says, or holds no names with values.
    """
    content = path.read_bytes()
    try:
        document = _READERS.get(path.suffix.lower(), _read_lines)(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValidationError(
            f"The environment file {path.name} can not be read as {path.suffix or 'NAME=value lines'}.",
            # Not the parser's own sentence: it may quote a line, and a line may hold a secret.
            {"path": str(path), "problem": type(error).__name__},
            hint="Its suffix decides: .toml, .yaml, .yml, .json; anything else is read as lines NAME=value.",
        ) from error
    if not isinstance(document, Mapping):
        raise ValidationError(
            f"The environment file {path.name} holds no names with values.", {"path": str(path)}
        )
    return {str(name): value for name, value in document.items()}


def _read_yaml(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text) or {}
    except YAMLError:
        raise ValueError("not YAML") from None


def _read_lines(text: str) -> dict[str, str]:
    variables: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if not name.strip() or name.startswith("#"):
            if sign and not name.startswith("#"):
                raise ValueError(f"line {number} has no name")
            continue
        if not sign:
            raise ValueError(f"line {number} has no value")
        variables[name.strip()] = _unquote(value.strip())
    return variables


def _unquote(value: str) -> str:
    is_quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


_READERS: dict[str, Callable[[str], Any]] = {
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
}
