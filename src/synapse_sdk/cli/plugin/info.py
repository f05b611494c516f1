"""`synapse plugin info`."""

from __future__ import annotations

from pathlib import Path

import click

from synapse_sdk.cli.output import Output, with_output


@click.command("info")
@click.option("-p", "--path", type=click.Path(path_type=Path), help="Plugin directory (default: current).")
@with_output
def info(output: Output, path: Path | None) -> None:
    """Show what a plugin offers, read from its files; none of its code is run."""
    from synapse_sdk.plugins.discovery import PluginDiscovery
    from synapse_sdk.plugins.source import PluginSource

    plugin = PluginDiscovery.from_path(path or Path.cwd())
    config = plugin.config
    source = PluginSource(plugin.folder)
    actions = []
    for name, entry in config.actions.items():
        place = source.find_place(entry.entrypoint)
        actions.append(
            {
                "name": name,
                "method": entry.method.value,
                "entrypoint": entry.entrypoint,
                "input_type": entry.input_type,
                "output_type": entry.output_type,
                "description": entry.description,
                "source": f"{place[0].relative_to(plugin.folder)}:{place[1]}" if place else None,
            }
        )
    if output.as_json:
        output.document(
            {
                "name": config.name,
                "code": config.code,
                "version": config.version,
                "category": config.category.value,
                "description": config.description,
                "folder": str(plugin.folder),
                "config": str(plugin.loaded.path),
                "actions": actions,
                "warnings": [str(warning) for warning in plugin.loaded.warnings],
            }
        )
        return
    for warning in plugin.loaded.warnings:
        output.warn(str(warning))
    output.text(output.style(f"{config.name}   {config.code} {config.version}", bold=True, stream=output.out))
    output.text(f"{config.category.value} plugin in {plugin.folder}")
    if config.description:
        output.text(config.description)
    output.text()
    output.table(
        ["action", "method", "input", "output", "source", "description"],
        [
            (
                action["name"],
                action["method"],
                action["input_type"] or "-",
                action["output_type"] or "-",
                action["source"] or f"{action['entrypoint']} (not found)",
                action["description"],
            )
            for action in actions
        ],
    )
    if actions:
        output.say(f"\nRun one: synapse plugin run {actions[0]['name']}")
