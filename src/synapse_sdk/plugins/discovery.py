"""`PluginDiscovery`: what a plugin offers, read from its files. Code is imported only for a class.

Source: interface sheet `core.md` §6.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from synapse_sdk.plugins.config import ActionConfig, PluginConfig
from synapse_sdk.plugins.config_file import LoadedConfig, load_config
from synapse_sdk.plugins.errors import ActionNotFoundError, ConfigError, ConfigNotFoundError, PluginRunError
from synapse_sdk.plugins.importing import load_entrypoint

#: Levels below the current folder in which a code is searched: `plugins/synapse-x-plugin/config.yaml`.
SEARCH_DEPTH = 2


class PluginDiscovery:
    """One plugin folder."""

    def __init__(self, loaded: LoadedConfig) -> None:
        self.loaded = loaded

    @classmethod
    def from_path(cls, path: str | Path) -> PluginDiscovery:
        """Read the plugin at `path`, its folder or its config file, without importing any of it.

        Raises:
            ConfigNotFoundError: There is no config file.
            ConfigError: It does not fit.
        """
        return cls(load_config(Path(path)))

    @property
    def config(self) -> PluginConfig:
        """The plugin's config."""
        return self.loaded.config

    @property
    def folder(self) -> Path:
        """The plugin's folder."""
        return self.loaded.folder

    def list_actions(self) -> list[str]:
        """Return the names of the actions, in the order of the config."""
        return list(self.config.actions)

    def has_action(self, name: str) -> bool:
        """Does the config name this action?"""
        return name in self.config.actions

    def get_action_config(self, name: str) -> ActionConfig:
        """Return an action's entry in the config.

        Raises:
            ActionNotFoundError: There is none; names the known ones and the closest.
        """
        try:
            return self.config.actions[name]
        except KeyError:
            raise ActionNotFoundError.among(name, self.config.actions) from None

    def get_action_method(self, name: str) -> str:
        """Return how an action likes to be run: job, task, serve or restapi."""
        return self.get_action_config(name).method.value

    def get_action_entrypoint(self, name: str) -> str:
        """Return where an action's code is, as the config says it."""
        return self.get_action_config(name).entrypoint

    def get_action_class(self, name: str) -> Any:
        """Import and return an action's class.

        Raises:
            ActionNotFoundError: The config, or the source, has no such thing.
            Exception: Whatever the plugin's own code raises while it is imported.
        """
        return load_entrypoint(self.folder, self.get_action_entrypoint(name), action=name)

    def get_action_params_model(self, name: str) -> type[BaseModel] | None:
        """Import an action's class and return its params model; None when it takes a plain dict."""
        from synapse_sdk.plugins.as_action import as_action

        return getattr(as_action(self.get_action_class(name), name=name), "params_model", None)


def find_plugin_by_code(code: str, start: Path) -> PluginDiscovery:
    """Find the plugin with this code: in `start`, else in the folders below it.

    Raises:
        PluginRunError: No folder, or more than one, holds a plugin of that code.
    """
    if not start.is_dir():
        raise PluginRunError(
            f"Plugin not found: {start} is not a folder to look for the code {code!r} in.",
            {"code": code, "start": str(start)},
            hint="Say with --path which folder to look in.",
        )
    matches: list[PluginDiscovery] = []
    others: list[str] = []
    for folder in _iter_candidates(start):
        try:
            plugin = PluginDiscovery.from_path(folder)
        except ConfigNotFoundError:
            continue
        except ConfigError:
            others.append(f"{folder} (its config does not fit)")
            continue
        except PermissionError:
            others.append(f"{folder} (it may not be read)")
            continue
        if plugin.config.code == code:
            if folder == start:
                return plugin
            matches.append(plugin)
        else:
            others.append(plugin.config.code)
    if len(matches) == 1:
        return matches[0]
    if matches:
        places = ", ".join(str(match.folder) for match in matches)
        raise PluginRunError(
            f"The plugin code {code!r} is in {len(matches)} folders: {places}.",
            {"code": code, "folders": [str(match.folder) for match in matches]},
            hint="Say which with --path, or pass the folder.",
        )
    raise PluginRunError(
        f"Plugin not found: no config.yaml with `code: {code}` in {start} or {SEARCH_DEPTH} levels below it.",
        {"code": code, "start": str(start), "found": sorted(others)},
        hint=f"Found there: {', '.join(sorted(others))}." if others else "Say where it is with --path.",
    )


def _iter_candidates(start: Path, depth: int = 0) -> Iterator[Path]:
    yield start
    if depth < SEARCH_DEPTH:
        try:
            entries = sorted(start.iterdir())
        except PermissionError:
            return  # told as a candidate that can not be read
        for entry in entries:
            if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith((".", "_")):
                yield from _iter_candidates(entry, depth + 1)
