"""`synapse server status`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server.data_folder_option import with_data_folder

if TYPE_CHECKING:
    from synapse_sdk.server.data_folder import DataFolder


@click.command("status")
@with_output
@with_data_folder
def status(output: Output, folder: DataFolder) -> int:
    """Say whether a server runs on the data folder, and where. Exit code 3 when none does."""
    from synapse_sdk.clients.errors import ClientError
    from synapse_sdk.clients.transport import Transport

    is_running = folder.is_claimed()
    facts: dict[str, object] = {"data_dir": str(folder.root), "state": "running" if is_running else "stopped"}
    if is_running and folder.server_file.is_file():
        facts |= json.loads(folder.server_file.read_bytes())
        try:
            facts["version"] = Transport(str(facts["url"])).get("health/", retries=False)["version"]
        except ClientError as error:
            facts["state"] = "not answering"
            output.warn(error.message)
    output.fields(facts)
    return ExitCode.DONE if facts["state"] == "running" else ExitCode.NOT_REACHED
