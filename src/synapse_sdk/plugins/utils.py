"""What the vendor's plugins ask of a config, under the path that they import it from.

Source: interface sheet `core.md` §6.8. Unlike there, an action that is not in the config has no method.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synapse_sdk._internal.requirement_list import read_requirements
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.discovery import PluginDiscovery
from synapse_sdk.plugins.enums import RunMethod
from synapse_sdk.plugins.ui_schema import get_action_ui_schema, pydantic_to_ui_schema

__all__ = [
    "get_action_config",
    "get_action_method",
    "get_action_ui_schema",
    "get_plugin_actions",
    "pydantic_to_ui_schema",
    "read_requirements",
]


def get_plugin_actions(config: Mapping[str, Any] | PluginConfig | Path | str) -> list[str]:
    """Return the names of a plugin's actions.

    Args:
        config: A config, as it is or as its document; or the path of the plugin or of its config file.

    Raises:
        ConfigNotFoundError, ConfigError: There is none at the path, or it does not fit.
    """
    if isinstance(config, (str, Path)):
        return PluginDiscovery.from_path(config).list_actions()
    return list(_read_actions(config))


def get_action_method(config: Mapping[str, Any] | PluginConfig, action: str) -> RunMethod:
    """Return how an action likes to be run; `task` where it does not say.

    Raises:
        KeyError: There is no such action.
        ValueError: The method is none.
    """
    return RunMethod(get_action_config(config, action).get("method") or RunMethod.TASK)


def get_action_config(config: Mapping[str, Any] | PluginConfig, action: str) -> dict[str, Any]:
    """Return an action's entry in a config.

    Raises:
        KeyError: There is no such action; names those that there are.
    """
    actions = _read_actions(config)
    if action not in actions:
        raise KeyError(f"Action not found: {action}. This plugin has {', '.join(sorted(actions)) or 'none'}.")
    found = actions[action]
    return found.model_dump() if not isinstance(found, Mapping) else dict(found)


def _read_actions(config: Mapping[str, Any] | PluginConfig) -> Mapping[str, Any]:
    return config.actions if isinstance(config, PluginConfig) else config.get("actions") or {}
