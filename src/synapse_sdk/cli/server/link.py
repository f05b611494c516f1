"""`synapse server link`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from synapse_sdk._internal.errors import NotReachableError
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server.data_folder_option import with_data_folder

if TYPE_CHECKING:
    from synapse_sdk.server.data_folder import DataFolder

#: Made by whoever starts: a new server has no accounts.
FIRST_ACCOUNT = "owner"


@click.command("link")
@with_output
@with_data_folder
@click.option("--account", default=FIRST_ACCOUNT, help="Who signs in (default: owner).")
def link(output: Output, folder: DataFolder, account: str) -> int:
    """Make a link that signs an account in to the console, once, within 15 minutes."""
    from synapse_sdk.server.app import open_services

    try:
        url = json.loads(folder.server_file.read_bytes())["url"]
    except FileNotFoundError as error:
        raise NotReachableError(
            f"No server runs on {folder.root}.", hint="Start one: synapse server start"
        ) from error
    services = open_services(folder)
    try:
        if account != FIRST_ACCOUNT:
            services.accounts.get_member(account)  # a typing mistake makes nobody a developer
        owner = services.accounts.ensure_account(account)
        secret = services.accounts.create_sign_in_link(owner.id)
    finally:
        services.database.close()
    # Behind the #, which browsers keep to themselves: the secret is in no server's log.
    address = f"{url}/console/sign-in/#{secret}"
    output.document({"url": address}) if output.as_json else output.text(address)
    return ExitCode.DONE
