"""`PluginDiscovery`: what a plugin offers, read from its files. Code is imported only for a class.

Source: interface sheet `core.md` §6.6.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.config_file import CONFIG_NAMES, LoadedConfig, load_config
from synapse_sdk.plugins.config_problem import refuse
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.errors import (
    ActionNotFoundError,
    ConfigError,
    ConfigNotFoundError,
    PluginNotFoundError,
    PluginRunError,
)
from synapse_sdk.plugins.importing import load_entrypoint
from synapse_sdk.plugins.source import PluginSource

if TYPE_CHECKING:
    from pydantic import BaseModel

    from synapse_sdk.plugins.action_schemas import ActionSchemas
    from synapse_sdk.plugins.config import ActionConfig, PluginConfig
    from synapse_sdk.plugins.config_syncers import ConfigSyncer

#: Levels below the current folder in which a code is searched: `plugins/synapse-x-plugin/config.yaml`.
SEARCH_DEPTH = 2


class PluginDiscovery:
    """One plugin folder."""

    def __init__(self, loaded: LoadedConfig) -> None:
        self.loaded = loaded
        self._schemas: ActionSchemas | None = None

    @classmethod
    def from_path(cls, path: str | Path) -> PluginDiscovery:
        """Read the plugin at `path`, its folder or its config file, without importing any of it.

        Raises:
            ConfigNotFoundError: There is no config file.
            ConfigError: It does not fit.
        """
        return cls(load_config(Path(path)))

    @classmethod
    def from_module(
        cls, module: ModuleType, *, name: str | None = None, category: PluginCategory = PluginCategory.CUSTOM
    ) -> PluginDiscovery:
        """Make a plugin of what a module defines: subclasses of `BaseAction`, and `@action` functions.

        Args:
            module: The module, imported.
            name: Name of the plugin; the module's unless given.
            category: Its category.

        Raises:
            PluginRunError: The module has no actions, or its name makes no code.
        """
        from synapse_sdk.plugins.found_actions import read_module

        return cls(read_module(module, name=name, category=category))

    @staticmethod
    def discover_actions(folder: str | Path) -> dict[str, dict[str, str | None]]:
        """Find the actions in a folder's packages and modules, from the source: nothing is imported.

        Returns:
            By name: `entrypoint`, `method`, `input_type`, `output_type`. None stands for what the class does
            not say; what only running the code would tell is left out.

        Raises:
            ValueError: There is no such folder.
            ValidationError: A file is not Python; the message has file and line.
        """
        from synapse_sdk.plugins.found_actions import find_actions

        return find_actions(Path(folder))

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
        return self.loaded.action_names

    def has_action(self, name: str) -> bool:
        """Does the config name this action?"""
        return name in self.loaded.action_names

    def get_action_config(self, name: str) -> ActionConfig:
        """Return an action's entry in the config.

        Raises:
            ActionNotFoundError: There is none; names the known ones and the closest.
            ConfigError: There is one, and it does not fit; says why, with its place in the file.
        """
        self._require_action(name)
        return self.config.actions[name]

    def _require_action(self, name: str) -> None:
        if (problems := self.loaded.unusable.get(name)) is not None:
            raise refuse(self.loaded.path.name, problems)
        if not self.has_action(name):
            raise ActionNotFoundError.among(name, self.list_actions())

    def get_action_method(self, name: str) -> str:
        """Return how an action likes to be run: job, task, serve or restapi."""
        return self.get_action_config(name).method.value

    def get_action_entrypoint(self, name: str) -> str:
        """Return where an action's code is, as the config says it."""
        self._require_action(name)
        return str(self.loaded.document["actions"][name]["entrypoint"])

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

    def get_action_result_model(self, name: str) -> type[Any] | None:
        """Import an action's class and return its result model; None when it promises nothing."""
        from synapse_sdk.plugins.as_action import as_action
        from synapse_sdk.plugins.result import NoResult

        found = as_action(self.get_action_class(name), name=name).result_model
        return None if found is NoResult else found

    def get_action_params_schema(self, name: str) -> dict[str, Any] | None:
        """Return the JSON Schema of an action's params; None when it takes a plain dict.

        None of the plugin's code runs in this process: the schema comes from the source, else from an import
        in another process, and is kept in the user's cache until a source changes.

        Raises:
            ActionNotFoundError: The config has no such action.
            PluginRunError: The source does not tell, and the code can not be imported; the message says why.
        """
        found: dict[str, Any] | None = self._describe_action(name)["params"]
        return found

    def get_action_result_schema(self, name: str) -> dict[str, Any] | None:
        """Return the JSON Schema of an action's result; None when it promises nothing. As for params."""
        found: dict[str, Any] | None = self._describe_action(name)["result"]
        return found

    def get_action_ui_schema(self, name: str) -> list[dict[str, Any]]:
        """Return the form of an action's params; empty when it takes a plain dict. As for its schema."""
        return self._describe_action(name)["ui_schema"] or []

    def get_action_result_ui_schema(self, name: str) -> list[dict[str, Any]]:
        """Return the result's fields as elements of a form; empty when it promises nothing. As for params."""
        from synapse_sdk.plugins.ui_schema import schema_to_ui_schema

        return schema_to_ui_schema(self.get_action_result_schema(name) or {})

    def _describe_action(self, name: str) -> dict[str, Any]:
        entrypoint = self.get_action_entrypoint(name)
        if self._schemas is None:
            from synapse_sdk.plugins.action_schemas import make_schemas
            from synapse_sdk.settings import load_settings

            # All at once: one import tells of all actions.
            entrypoints = {action: self.get_action_entrypoint(action) for action in self.list_actions()}
            self._schemas = make_schemas(self.folder, entrypoints, cache_folder=load_settings().cache_dir)
        if (reason := self._schemas.problems.get(name)) is not None:
            raise PluginRunError(
                f"The params of {name} can not be told, because {entrypoint} can not be imported here: "
                f"{reason}",
                {"action": name, "entrypoint": entrypoint},
            )
        described: dict[str, Any] = self._schemas.schemas[name]
        return described

    def get_action_input_type(self, name: str) -> str | None:
        """Return the semantic type of what an action takes: as the config names it, else as its class does.

        The source tells what the class says; only where it does not, the class is imported.

        Raises:
            ActionNotFoundError: The config, or the source, has no such thing.
            ValidationError: The source is not Python.
        """
        return self._find_type(name, "input_type")

    def get_action_output_type(self, name: str) -> str | None:
        """Return the semantic type of what an action gives. As for what it takes."""
        return self._find_type(name, "output_type")

    def _find_type(self, name: str, key: str) -> str | None:
        if (named := getattr(self.get_action_config(name), key)) is not None:
            return str(named)
        source, entrypoint = PluginSource(self.folder), self.get_action_entrypoint(name)
        action = source.find_action(entrypoint)
        if action is not None and key not in action.unknown:
            return action.values.get(key)
        if source.has_function(entrypoint):
            return None
        found = getattr(self.get_action_class(name), key, None)
        return found if found is None or isinstance(found, str) else str(found.name)

    def to_config_dict(self, include_ui_schemas: bool = False) -> dict[str, Any]:
        """Return the config as a document: what was said, and nothing that was not.

        Args:
            include_ui_schemas: Add each action's form, as `ui_schema`.
        """
        document: dict[str, Any] = self.config.model_dump(mode="json", exclude_unset=True)
        for name, entry in document["actions"].items():
            entry.pop("name", None)
            if include_ui_schemas and (form := self.get_action_ui_schema(name)):
                entry["ui_schema"] = form
        return document

    def to_yaml(self, include_ui_schemas: bool = False) -> str:
        """Return `to_config_dict` as YAML. `sync_config_file` edits a file, and keeps its comments."""
        from synapse_sdk.plugins.config_file import write_document

        return write_document(self.to_config_dict(include_ui_schemas))

    @staticmethod
    def check_config_sync(path: str | Path) -> dict[str, str]:
        """Say by action what a config lacks of what the code says; empty when they agree."""
        from synapse_sdk.plugins.config_sync import describe_changes, plan_sync

        return describe_changes(plan_sync(Path(path)))

    @staticmethod
    def sync_config_file(path: str | Path, syncers: Sequence[ConfigSyncer] | None = None) -> dict[str, str]:
        """Bring a config up to date with the code, line by line; return by action what was changed.

        What deserves a look, such as an entrypoint that names nothing, is a Python warning.

        Args:
            path: The plugin's folder or its config file.
            syncers: What keeps an entry in step, in this order: your own, those of
                `config_sync.get_default_syncers()`, or both. Unless given, those for what classes declare:
                entrypoint, method and types.

        Raises:
            ConfigError: An entry is written in a style that can not be edited line by line, or a syncer makes
                one that does not fit. Nothing was written.
        """
        from synapse_sdk.plugins.config_sync import describe_changes, plan_sync, write_sync

        plan = plan_sync(Path(path), syncers)
        write_sync(plan)
        for text in plan.warnings:
            warnings.warn(text, stacklevel=2)
        return describe_changes(plan)


def resolve_plugin(plugin: str | Path | ModuleType, *, start: Path | None = None) -> PluginDiscovery:
    """Find a plugin by its folder, its code, or a module that defines its actions.

    Args:
        plugin: A folder, a config file, a code, `package.module`, or a module that was imported.
        start: Where a code and a module are looked for, and a relative path begins; the current folder
            unless given.

    Raises:
        ConfigError: The config there does not fit.
        PluginRunError: It is none of these, or more than one folder has that code.
    """
    if isinstance(plugin, ModuleType):
        return PluginDiscovery.from_module(plugin)
    start = (start or Path.cwd()).absolute()
    if names_folder(plugin, start):
        return PluginDiscovery.from_path(start / plugin)
    name = str(plugin)
    try:
        return find_plugin_by_code(name, start)
    except PluginNotFoundError:
        if (
            not all(part.isidentifier() for part in name.split("."))
            or PluginSource(start).find_file(name) is None
        ):
            raise
    return PluginDiscovery.from_module(load_plugin_module(start, name))


def names_folder(plugin: str | Path, start: Path | None = None) -> bool:
    """Is this the path of a plugin's folder, or of its config file, rather than a code?"""
    if isinstance(plugin, Path) or Path(plugin).is_absolute() or "/" in plugin or plugin in (".", ".."):
        return True
    if not plugin:
        return False  # "" is no short form of the current folder
    folder = (start or Path.cwd()) / plugin
    return any((folder / name).is_file() for name in CONFIG_NAMES)


def load_plugin_module(folder: Path, name: str) -> ModuleType:
    """Import a module that defines actions, of `folder` or installed.

    Raises:
        PluginRunError: It can not be imported.
    """
    from synapse_sdk.plugins.importing import load_module

    try:
        return load_module(folder, name)
    except PluginRunError:
        raise
    except (Exception, SystemExit) as error:  # border of the author's code
        raise PluginRunError(
            f"The module {name} of {folder} can not be imported: {type(error).__name__}: {error}",
            {"module": name, "folder": str(folder)},
        ) from error


def find_plugin_by_code(code: str, start: Path) -> PluginDiscovery:
    """Find the plugin with this code: in `start`, else in the folders below it.

    Raises:
        PluginNotFoundError: No folder holds a plugin of that code.
        PluginRunError: More than one does, or there is no `start`.
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
        if plugin.loaded.code == code:
            if folder == start:
                return plugin
            matches.append(plugin)
        else:
            others.append(plugin.loaded.code)
    if len(matches) == 1:
        return matches[0]
    if matches:
        places = ", ".join(str(match.folder) for match in matches)
        raise PluginRunError(
            f"The plugin code {code!r} is in {len(matches)} folders: {places}.",
            {"code": code, "folders": [str(match.folder) for match in matches]},
            hint="Say which with --path, or pass the folder.",
        )
    raise PluginNotFoundError(
        f"Plugin not found: no config.yaml with `code: {code}` in {start} or {SEARCH_DEPTH} levels below it.",
        {"code": code, "start": str(start), "found": sorted(others)},
        hint=f"Found there: {', '.join(sorted(others))}." if others else "Say where it is with --path.",
    )


def iter_plugins(start: Path) -> Iterator[PluginDiscovery]:
    """Yield the plugins in `start` and in the folders below it, whose configs fit."""
    for folder in _iter_candidates(start.absolute()):
        with suppress(ConfigNotFoundError, ConfigError, PermissionError):
            yield PluginDiscovery.from_path(folder)


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
