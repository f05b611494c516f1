"""Schemas that were worked out once, kept in the user's cache under the digest of what they came from.

A cache is a copy of what can be had again: a file of it that can not be read counts as absent, and one that
can not be written is not written.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synapse_sdk._internal.atomic_write import atomic_write

#: Raised whenever what is kept, or how it is worked out, changes.
_FORMAT = 1
#: Files that are kept: each is one state of one plugin's sources.
_KEPT = 200


class SchemaCache:
    """What is known of the plugin in one folder, in the state that its sources are in now."""

    def __init__(self, folder: Path, plugin: Path) -> None:
        """Look at a plugin's sources.

        Args:
            folder: Where the cache lies.
            plugin: The plugin's folder.
        """
        self._file = folder / "schemas" / f"{_digest(plugin)}.json"
        self._known = self._read()

    def get(self, action: str, entrypoint: str) -> dict[str, Any] | None:
        """Return an action's schemas, or None when they are not known, or no longer true."""
        kept = self._known.get(_key(action, entrypoint))
        if kept is None or any(_stamp(Path(path)) != stamp for path, stamp in kept["stamps"].items()):
            return None
        schemas: dict[str, Any] = kept["schemas"]
        return schemas

    def put(
        self, entrypoints: Mapping[str, str], schemas: Mapping[str, Any], stamps: Mapping[str, Any]
    ) -> None:
        """Keep schemas by action.

        Args:
            entrypoints: By action.
            schemas: By action.
            stamps: Files and folders outside of the plugin that the schemas depend on, as they were.
        """
        for action, found in schemas.items():
            self._known[_key(action, entrypoints[action])] = {"schemas": found, "stamps": dict(stamps)}

    def save(self) -> None:
        """Write what is known."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._file, json.dumps(self._known).encode())
            self._prune()
        except OSError:
            return  # a read-only home, a full disk: then each run works them out

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _prune(self) -> None:
        files = sorted(self._file.parent.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-_KEPT]:
            file.unlink(missing_ok=True)


def _key(action: str, entrypoint: str) -> str:
    return f"{action} = {entrypoint}"


def _stamp(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_mtime_ns] if path.is_dir() else [status.st_mtime_ns, status.st_size]


def _digest(plugin: Path) -> str:
    """Return the digest of a plugin's Python files and of what reads them."""
    from synapse_sdk import __version__
    from synapse_sdk.plugins.importing import iter_sources

    plugin = plugin.resolve()
    readers = [_FORMAT, __version__, _describe_pydantic(), sys.version, sys.executable]
    total = hashlib.sha256(json.dumps(readers).encode())
    for file in sorted(iter_sources(plugin)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{content} {file.relative_to(plugin).as_posix()}\n".encode(errors="surrogateescape"))
    return total.hexdigest()


def _describe_pydantic() -> list[Any]:
    """Tell which pydantic this is without importing it, which takes longer than all else here."""
    spec = importlib.util.find_spec("pydantic")
    place = None if spec is None or spec.origin is None else Path(spec.origin).with_name("version.py")
    return [str(place), None if place is None else _stamp(place)]
