"""Actions that no config names: those that a module defines, those that a folder's source shows.

Source: interface sheet `core.md` §6.6. Unlike there, a folder's code is not imported, and a class without
`action_name` has the name that config.yaml would give it.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pydantic

from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.config_file import LoadedConfig
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.errors import PluginRunError
from synapse_sdk.plugins.source import SYNCED, PluginSource

_VERSION = "0.0.0"


def read_module(module: ModuleType, *, name: str | None, category: PluginCategory) -> LoadedConfig:
    """Return the config of a plugin of a module's own actions; its file is the module's.

    Raises:
        PluginRunError: The module has no file, no actions, or its name makes no code.
    """
    if module.__file__ is None:
        raise PluginRunError(f"The module {module.__name__} has no file.", {"module": module.__name__})
    found = {_name_of(item): item for item in vars(module).values() if _is_own_action(item, module)}
    if not found:
        raise PluginRunError(
            f"The module {module.__name__} defines no actions.",
            {"module": module.__name__},
            hint="An action is a class derived from BaseAction, or a function marked with @action.",
        )
    file = Path(module.__file__).resolve()
    # The folder that `package.module` is found from; a package's own file lies one level deeper.
    folder = file.parents[module.__name__.count(".") + (file.name == "__init__.py")]
    document = {
        "name": name or module.__name__,
        "code": re.sub(r"[._]+", "-", module.__name__).strip("-").lower(),
        "version": _VERSION,
        "category": category.value,
        "actions": {key: _describe(item, key, module) for key, item in found.items()},
    }
    try:
        PluginConfig.model_validate(document)
    except pydantic.ValidationError as error:
        raise PluginRunError(
            f"The module {module.__name__} makes no plugin: {error.errors()[0]['msg']}.",
            {"module": module.__name__},
        ) from error
    return LoadedConfig(file, document, folder=folder)


def find_actions(folder: Path) -> dict[str, dict[str, str | None]]:
    """Return the actions of a folder's packages and modules by name, from the source.

    Raises:
        ValueError: There is no such folder.
        ValidationError: A file is not Python.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    names = {entry.stem for entry in folder.glob("*.py")}
    names |= {entry.parent.name for entry in folder.glob("*/__init__.py")}
    found = {}
    for action in PluginSource(folder).iter_actions(sorted(names)):
        values = {key: action.values.get(key) for key in SYNCED if key not in action.unknown}
        found[action.default_name] = {"entrypoint": action.entrypoint, **values}
    return found


def _is_own_action(item: Any, module: ModuleType) -> bool:
    if getattr(item, "__module__", None) != module.__name__:
        return False
    if inspect.isclass(item):
        return issubclass(item, BaseAction) and not inspect.isabstract(item)
    return bool(getattr(item, "_is_action", False))


def _name_of(item: Any) -> str:
    named = getattr(item, "action_name", None) or getattr(item, "_action_name", None)
    own: str = item.__name__
    return str(named or (own.removesuffix("Action").lower() if inspect.isclass(item) else own) or own.lower())


def _describe(item: Any, name: str, module: ModuleType) -> dict[str, Any]:
    entry: dict[str, Any] = {"entrypoint": f"{module.__name__}:{item.__qualname__}"}
    for key in ("input_type", "output_type"):
        value = getattr(item, key, None)
        if value is not None:
            entry[key] = value if isinstance(value, str) else value.name
    if description := (getattr(item, "_action_description", None) or inspect.getdoc(item)):
        entry["description"] = str(description).partition("\n")[0]
    return entry
