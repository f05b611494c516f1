"""Which plugin a command line means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.errors import SynapseError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from synapse_sdk.plugins.discovery import PluginDiscovery


def find_plugin(code: str | None, path: Path | None) -> PluginDiscovery:
    """Return the plugin in a folder (the current one unless given), or the one of that code there or below.

    Raises:
        PluginError: There is none, or its config does not fit.
    """
    from synapse_sdk.plugins.discovery import PluginDiscovery, find_plugin_by_code

    if code is None:
        return PluginDiscovery.from_path(path or Path.cwd())
    return find_plugin_by_code(code, (path or Path.cwd()).absolute())


def complete_action(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the actions of the plugin that the words so far name; nothing where there is none."""
    from click.shell_completion import CompletionItem

    try:
        plugin = find_plugin(ctx.params.get("code"), ctx.params.get("path"))
    except (SynapseError, OSError):
        return []  # who presses Tab asked for no error; running the command tells it
    return [
        CompletionItem(name, help=action.description or None)
        for name, action in plugin.config.actions.items()
        if name.startswith(incomplete)
    ]
