"""`synapse server token`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server.data_folder_option import with_data_folder

if TYPE_CHECKING:
    from synapse_sdk.server.data_folder import DataFolder
    from synapse_sdk.server.http.principal import Role


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
def token(output: Output, folder: DataFolder, account: str, role: Role | None, days: float | None) -> int:
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


def _find_url(folder: DataFolder) -> str:
    import json

    try:
        return str(json.loads(folder.server_file.read_bytes())["url"])
    except FileNotFoundError:
        return "http://127.0.0.1:8000"
