"""Which plugin a command line means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.errors import SynapseError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from synapse_sdk.cli.output import Output
    from synapse_sdk.clients.releases import FetchedRelease
    from synapse_sdk.plugins.discovery import PluginDiscovery
    from synapse_sdk.plugins.registry import FoundPlugin


def find_plugin(code: str | None, path: Path | None) -> PluginDiscovery:
    """Return the plugin in a folder (the current one unless given), or what `code` names from there on.

    Raises:
        PluginError: There is none, or its config does not fit.
    """
    from synapse_sdk.plugins.discovery import PluginDiscovery, resolve_plugin

    return PluginDiscovery.from_path(path or Path.cwd()) if code is None else resolve_plugin(code, start=path)


def find_plugin_anywhere(output: Output, code: str | None, path: Path | None) -> FoundPlugin:
    """Return what `find_plugin` does; what no folder has is looked for on the server, and fetched.

    Raises:
        PluginError: There is none, or its config does not fit.
    """
    from synapse_sdk.plugins.discovery import PluginDiscovery
    from synapse_sdk.plugins.registry import FoundPlugin, find_anywhere

    if code is None:
        return FoundPlugin(PluginDiscovery.from_path(path or Path.cwd()))
    from synapse_sdk.cli.transfer_line import transfer_line

    def tell(release: FetchedRelease) -> None:
        where = "fetched" if release.is_new else "here before"
        output.say(f"{release.code} {release.version} is a release of {release.server} ({where})")

    with transfer_line(output, "fetching") as on_progress:
        return find_anywhere(code, start=path, on_progress=on_progress, on_release=tell)


def find_code(code: str | None, path: Path | None) -> str:
    """Return the code that a server is to know: what was given, or that of the folder that was.

    Raises:
        PluginError: There is no plugin in the folder, or its config does not fit.
    """
    from synapse_sdk.plugins.discovery import names_folder

    if not code or names_folder(code, path):  # "" is refused: it names nothing
        return find_plugin(code, path).loaded.code
    return code


def complete_action(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the actions of the plugin that the words so far name; nothing where there is none."""
    from click.shell_completion import CompletionItem

    from synapse_sdk.plugins.discovery import find_plugin_by_code, names_folder

    code, path = ctx.params.get("code"), ctx.params.get("path")
    try:
        if code is None or names_folder(code, path):
            plugin = find_plugin(code, path)
        else:  # a module would have to be imported: not while somebody types
            plugin = find_plugin_by_code(code, (path or Path.cwd()).absolute())
    except (SynapseError, OSError):
        return []  # who presses Tab asked for no error; running the command tells it
    return [
        CompletionItem(name, help=action.description or None)
        for name, action in plugin.config.actions.items()
        if name.startswith(incomplete)
    ]


def complete_plugin(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the codes of the plugins in the folder and below it. No server is asked while somebody types."""
    from click.shell_completion import CompletionItem

    from synapse_sdk.plugins.discovery import iter_plugins

    try:
        found = {plugin.loaded.code: plugin for plugin in iter_plugins(ctx.params.get("path") or Path.cwd())}
    except OSError:
        return []
    return [
        CompletionItem(code, help=plugin.config.name)
        for code, plugin in sorted(found.items())
        if code.startswith(incomplete)
    ]
