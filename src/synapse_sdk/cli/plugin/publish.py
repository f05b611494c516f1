"""`synapse plugin publish`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.errors import NotReachableError
from synapse_sdk._internal.units import count_of, format_size
from synapse_sdk.cli.output import Output, with_output

if TYPE_CHECKING:
    from synapse_sdk.manifest import LeftOut
    from synapse_sdk.packaging import ReleasePlan
    from synapse_sdk.plugins.config_file import LoadedConfig


@click.command("publish")
@click.option("-p", "--path", type=click.Path(path_type=Path), help="Plugin directory (default: current).")
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Custom config file path.")
@click.option("--dry-run", is_flag=True, help="Preview without uploading; needs no login.")
@click.option(
    "--debug",
    is_flag=True,
    help="Skip the server's validation; secrets and digests are checked all the same.",
)
@click.option("-y", "--yes", is_flag=True, help="Skip confirmation prompts.")
@click.option(
    "--allow-secret",
    "allow_secrets",
    multiple=True,
    metavar="PATH",
    help="What looks like a secret in this file is none; repeatable.",
)
@with_output
def publish(
    output: Output,
    path: Path | None,
    config: Path | None,
    dry_run: bool,
    debug: bool,
    yes: bool,
    allow_secrets: tuple[str, ...],
) -> None:
    """Publish the plugin as a release, or show with --dry-run what the release would hold.

    A release holds every file of the folder that no .synapseignore or .gitignore names. Environment files,
    keys, caches and the like are left out whatever these say. A secret in any other file stops the release.
    """
    from synapse_sdk.packaging import build_plan
    from synapse_sdk.plugins.config_file import load_config

    loaded = load_config(config or path or Path.cwd())
    folder = _find_folder(path, loaded) if config else loaded.folder
    plan = build_plan(
        folder,
        loaded.config,
        config_file=loaded.path if config else None,
        allow_secrets=allow_secrets,
    )
    warnings = [*map(str, loaded.warnings), *plan.warnings]
    for warning in warnings:
        output.warn(warning)
    if dry_run and not output.as_json:
        _show(output, plan, folder)
    plan.require_no_secrets()
    if not dry_run:
        raise NotReachableError(
            "Not authenticated: this version of Synapse can not log in to a server yet. Nothing was sent.",
            {"code": plan.code, "version": plan.version},
            hint="See what a release would hold: synapse plugin publish --dry-run",
        )
    if output.as_json:
        output.document({**plan.to_document(), "warnings": warnings})
        return
    output.say("\nThis is a preview: this version can not send it to a server yet.")


def _find_folder(path: Path | None, loaded: LoadedConfig) -> Path:
    """Return the folder of a plugin with a custom config file.

    That is `path`, or the current folder if it is a plugin's, or the one that the config file is in.
    """
    from synapse_sdk.plugins.config_file import CONFIG_NAMES

    if path:
        return path
    here = Path.cwd()
    return here if any((here / name).is_file() for name in CONFIG_NAMES) else loaded.folder


def _show(output: Output, plan: ReleasePlan, folder: Path) -> None:
    title = output.style(f"{plan.code} {plan.version}", bold=True)
    output.say(f"{title} · what a release of {folder.absolute()} would hold; nothing is sent")
    sizes = [format_size(planned.file.size_bytes) for planned in plan.files]
    width = max(map(len, sizes), default=0)
    for planned, size in zip(plan.files, sizes, strict=True):
        output.text(f"  {size:>{width}}  {planned.file.path}")
    output.text(f"{count_of(len(plan.files), 'file')}, {format_size(plan.size_bytes)}, {plan.digest}")
    if plan.left_out:
        output.text("\nleft out:")
    names = [_name_of(entry) for entry in plan.left_out]
    width = max(map(len, names), default=0)
    for entry, name in zip(plan.left_out, names, strict=True):
        output.text(f"  {name:<{width}}  {entry.rule} ({entry.reason})")
    for finding in plan.allowed_secrets:
        output.warn(f"allowed: {finding}")


def _name_of(entry: LeftOut) -> str:
    if not entry.is_folder:
        return entry.path
    count = "" if entry.file_count is None else f" ({count_of(entry.file_count, 'file')})"
    return f"{entry.path}/{count}"
