"""`synapse plugin publish`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.errors import NotReachableError, SynapseError
from synapse_sdk._internal.terminal import is_terminal
from synapse_sdk._internal.units import format_size
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.plugin.release_preview import describe_size, show_allowed_secrets, show_preview

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.packaging import ReleasePlan
    from synapse_sdk.packaging.publish import PublishedRelease
    from synapse_sdk.plugins.config_file import LoadedConfig


class UnconfirmedError(SynapseError):
    """Nobody said yes."""


@click.command("publish")
@click.option("-p", "--path", type=click.Path(path_type=Path), help="Plugin directory (default: current).")
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Custom config file path.")
@click.option("--dry-run", is_flag=True, help="Preview without uploading; needs no login.")
@click.option(
    "--debug",
    is_flag=True,
    help="Publish a draft that only you can run. Secrets and digests are checked all the same.",
)
@click.option("-y", "--yes", is_flag=True, help="Skip confirmation prompts.")
@click.option("--host", help="Address of the server (default: where you are logged in).")
@click.option("--token-file", help="File that holds the access token; - for standard input.")
@click.option("-t", "--token", help="Access token. Visible to others on this machine: prefer --token-file.")
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
    host: str | None,
    token_file: str | None,
    token: str | None,
    allow_secrets: tuple[str, ...],
) -> None:
    """Publish the plugin as a release, or show with --dry-run what the release would hold.

    A release holds every file of the folder that no .synapseignore or .gitignore names. Environment files,
    keys, caches and the like are left out whatever these say. A secret in any other file stops the release.
    """
    from synapse_sdk.packaging import build_plan
    from synapse_sdk.plugins.config_file import load_config
    from synapse_sdk.settings import load_settings

    # What is loaded stays: to look for garbage in it again and again takes a tenth of the time of a plan.
    gc.freeze()
    loaded = load_config(config or path or Path.cwd())
    folder = _find_folder(path, loaded) if config else loaded.folder
    plan = build_plan(
        folder,
        loaded.config,
        config_file=loaded.path if config else None,
        allow_secrets=allow_secrets,
        cache_folder=load_settings().cache_dir,
    )
    warnings = [*map(str, loaded.warnings), *plan.warnings]
    for warning in warnings:
        output.warn(warning)
    if dry_run:
        _preview(output, plan, folder, warnings)
        return
    plan.require_no_secrets()
    transport = _open(output, host=host, token_file=token_file, token=token)
    try:
        release = _publish(output, plan, folder, transport, is_draft=debug, is_confirmed=yes)
    finally:
        transport.close()
    _report(output, release, [*warnings, *release.warnings], next(iter(loaded.config.actions), "ACTION"))


def _preview(output: Output, plan: ReleasePlan, folder: Path, warnings: list[str]) -> None:
    if not output.as_json:
        show_preview(output, plan, folder)
    plan.require_no_secrets()
    if output.as_json:
        output.document({**plan.to_document(), "warnings": warnings})
        return
    output.say(
        "\nThis is a preview. The digest is of files and config; a release's own adds its lock, "
        "which is made when it is published."
    )


def _open(output: Output, *, host: str | None, token_file: str | None, token: str | None) -> Transport:
    from synapse_sdk.cli.server_access import open_transport
    from synapse_sdk.clients.login import NotLoggedInError

    try:
        return open_transport(output, host=host, token_file=token_file, token=token)
    except NotLoggedInError as error:
        raise NotReachableError(
            f"{error.message} Nothing was sent.",
            error.details,
            hint=f"{error.hint}. To see what a release would hold: synapse plugin publish --dry-run",
        ) from error


def _publish(
    output: Output,
    plan: ReleasePlan,
    folder: Path,
    transport: Transport,
    *,
    is_draft: bool,
    is_confirmed: bool,
) -> PublishedRelease:
    from synapse_sdk.cli.transfer_line import transfer_line
    from synapse_sdk.packaging.lock import make_lock
    from synapse_sdk.packaging.publish import find_same_release, publish
    from synapse_sdk.plugins.action_schemas import make_schemas
    from synapse_sdk.settings import load_settings

    show_allowed_secrets(output, plan)
    same = find_same_release(plan, transport, is_draft=is_draft)
    if same is not None:
        return same
    if not is_confirmed:
        _confirm(output, plan, transport, is_draft=is_draft)
    output.say(f"Locking what {plan.code} {plan.version} needs installed …")
    lock = make_lock(folder, plan.config, wheels=[wheel.path for wheel in plan.wheels])
    entrypoints = {name: entry.entrypoint for name, entry in plan.config.actions.items()}
    made = make_schemas(folder, entrypoints)
    for warning in made.warnings:
        output.warn(warning)
    with transfer_line(output, "sending") as on_progress:
        return publish(
            plan,
            transport,
            is_draft=is_draft,
            lock=lock,
            schemas=made.schemas,
            on_progress=on_progress,
            cache_folder=load_settings().cache_dir,
        )


def _confirm(output: Output, plan: ReleasePlan, transport: Transport, *, is_draft: bool) -> None:
    what = "a draft of " if is_draft else ""
    question = f"Publish {what}{plan.code} {plan.version} ({describe_size(plan)}) to {transport.url}?"
    if not (sys.stdin.isatty() and is_terminal(output.err)):
        raise UnconfirmedError(
            f"{question} There is no terminal to ask on.",
            {"code": plan.code, "version": plan.version},
            hint="Say so with --yes.",
        )
    if not click.confirm(question, default=True, err=True):
        raise UnconfirmedError("Nothing was sent.", hint="See what a release holds with --dry-run.")


def _report(output: Output, release: PublishedRelease, warnings: list[str], action: str) -> None:
    for warning in release.warnings:
        output.warn(warning)
    if output.as_json:
        output.document({**release.to_document(), "warnings": warnings})
        return
    kind = "draft" if release.is_draft else "release"
    if release.is_new:
        sent = f"{format_size(release.sent_bytes)} sent"
        output.say(f"Published {release.code} {release.version} as {kind} {release.id} ({sent}).")
    else:
        output.say(f"{release.code} {release.version} is there already, with these very contents.")
    output.fields({kind: release.id, "digest": release.digest, "address": release.address})
    option = " --draft" if release.is_draft else ""
    output.say(f"Run it with: synapse plugin run {action} --mode remote{option}")


def _find_folder(path: Path | None, loaded: LoadedConfig) -> Path:
    """Return the folder of a plugin with a custom config file.

    That is `path`, or the current folder if it is a plugin's, or the one that the config file is in.
    """
    from synapse_sdk.plugins.config_file import CONFIG_NAMES

    if path:
        return path
    here = Path.cwd()
    return here if any((here / name).is_file() for name in CONFIG_NAMES) else loaded.folder
