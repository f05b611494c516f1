"""`synapse server token …`: make, list and revoke access tokens, on the server's own machine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk._internal.units import count_of
from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server.data_folder_option import with_data_folder

if TYPE_CHECKING:
    from synapse_sdk.server.accounts.models import Token
    from synapse_sdk.server.data_folder import DataFolder
    from synapse_sdk.server.http.principal import Role

#: Tokens that are read from the database at once.
_PAGE_ROWS = 500


@click.command("token")
@with_output
@with_data_folder
@click.option("--account", default="owner", help="Whose token (default: owner).")
@click.option(
    "--role",
    type=click.Choice(["viewer", "developer", "publisher", "admin"]),
    help="What the account may do from now on (default: as it is; new: developer, the first: admin).",
)
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), help="Days until it expires (default: never)."
)
def make(output: Output, folder: DataFolder, account: str, role: Role | None, days: float | None) -> int:
    """Make an access token for an account of the server, which is made too if it is not there.

    Works on the data folder itself, whether or not the server runs: whoever can write that folder is its
    owner. The token goes to stdout and is not shown again.
    """
    from synapse_sdk.server.app import open_services

    services = open_services(folder)
    try:
        owner = services.accounts.ensure_account(account, role=role)
        found_role = services.accounts.get_role(owner.id)
        new = services.accounts.create_token(
            workspace_id=services.accounts.ensure_default_workspace().id,
            kind="user",
            name="made on the server's machine",
            account_id=owner.id,
            role=role,
            life=None if days is None else timedelta(days=days),
        )
    finally:
        services.database.close()
    if output.as_json:
        output.document({"account": account, "role": found_role, "token": new.text})
    else:
        output.text(new.text)
    output.say(f"Use it with: synapse login --host {_find_url(folder)} --token-file -")
    return ExitCode.DONE


@click.command("list")
@with_output
@with_data_folder
@click.option("--account", help="Only those of this account.")
@click.option("--all", "with_ended", is_flag=True, help="Revoked and expired ones too.")
def list_tokens(output: Output, folder: DataFolder, account: str | None, with_ended: bool) -> int:
    """List access tokens: whose they are, and until when they are good. Never their texts."""
    now = utc_now()
    found = [token for token in _load_tokens(folder) if account is None or token.account_name == account]
    shown = [token for token in found if with_ended or _state_of(token, now) == "good"]
    if output.as_json:
        output.document({"tokens": [_describe(token, now) for token in shown]})
        return ExitCode.DONE
    headers = ("token", "name", "account", "kind", "role", "begins", "state", "last used", "expires")
    output.table(headers, [_build_row(token, now) for token in shown])
    if len(shown) < len(found):
        output.say(
            f"{count_of(len(found) - len(shown), 'token')} not shown: revoked or expired; --all shows all."
        )
    return ExitCode.DONE


@click.command("revoke")
@click.argument("token_id", metavar="TOKEN", type=click.IntRange(min=1))
@with_output
@with_data_folder
def revoke(output: Output, folder: DataFolder, token_id: int) -> int:
    """End TOKEN, by its number in `synapse server token list`. What asks with it is refused from now on."""
    from synapse_sdk.server.app import open_services

    services = open_services(folder)
    try:
        services.accounts.revoke_token(services.accounts.folder_owner(), token_id)
    finally:
        services.database.close()
    if output.as_json:
        output.document({"token": token_id, "state": "revoked"})
    output.say(f"Token {token_id} is revoked.")
    return ExitCode.DONE


def _make_unless_told_otherwise(**options: Any) -> Any:
    """Make a token, unless a subcommand is named: then options of making would be lost."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        return context.invoke(make, **options)
    for name in options:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = next(param for param in make.params if param.name == name).opts[0]
            raise click.UsageError(f"{option} goes behind `{context.invoked_subcommand}`, if it takes it.")
    return None


token = LazyGroup(
    "token",
    help=make.help or "",
    entries={
        "list": Entry("synapse_sdk.cli.server.token:list_tokens", "List access tokens, never their texts."),
        "revoke": Entry("synapse_sdk.cli.server.token:revoke", "End an access token."),
    },
    invoke_without_command=True,
    callback=_make_unless_told_otherwise,
    params=make.params,
)


def _load_tokens(folder: DataFolder) -> list[Token]:
    from synapse_sdk.server.app import open_services

    services = open_services(folder)
    try:
        principal = services.accounts.folder_owner()
        found: list[Token] = []
        while page := services.accounts.list_tokens(
            principal, after=found[-1].id if found else 0, limit=_PAGE_ROWS
        ):
            found += page
    finally:
        services.database.close()
    return found


def _state_of(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "good"


def _describe(token: Token, now: datetime) -> dict[str, object]:
    moments = ("created_at", "last_used_at", "expires_at", "revoked_at")
    facts: dict[str, object] = {
        name: getattr(token, name) for name in ("id", "name", "account_name", "kind", "role", "hint")
    }
    facts |= {name: iso_z(at) if (at := getattr(token, name)) else None for name in moments}
    return facts | {"state": _state_of(token, now)}


def _build_row(token: Token, now: datetime) -> tuple[object, ...]:
    facts = (token.id, token.name, token.account_name or "-", token.kind, token.role or "-")
    return (
        *facts,
        f"{token.hint}…",
        _state_of(token, now),
        _show_day(token.last_used_at, "never"),
        _show_day(token.expires_at, "when revoked"),
    )


def _show_day(moment: datetime | None, otherwise: str) -> str:
    return otherwise if moment is None else moment.strftime("%Y-%m-%d %H:%M")


def _find_url(folder: DataFolder) -> str:
    import json

    try:
        return str(json.loads(folder.server_file.read_bytes())["url"])
    except FileNotFoundError:
        return "http://127.0.0.1:8000"
