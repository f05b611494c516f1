"""`--workspace`: whether a command means this machine's datasets and models, or a server's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.cli.output import Output
from synapse_sdk.cli.server_access import has_login, open_transport

if TYPE_CHECKING:
    pass

LOCAL = "local"


def with_workspace(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command a `Transport` after its output, None for the local workspace, and the options for it."""

    @click.option(
        "--workspace",
        metavar="NAME",
        help="local, or a workspace of the server; the server's own when you are logged in.",
    )
    @click.option("--host", help="Address of the server (default: where you are logged in).")
    @click.option("--token-file", help="File that holds the access token; - for standard input.")
    @wraps(function)
    def command(
        output: Output,
        *args: Any,
        workspace: str | None,
        host: str | None,
        token_file: str | None,
        **options: Any,
    ) -> Any:
        is_server_named = host is not None or token_file is not None
        if workspace == LOCAL and is_server_named:
            raise SynapseError(
                "--workspace local is on this machine; --host and --token-file are for servers.",
                hint="Leave out one or the other.",
            )
        if workspace == LOCAL or not (workspace or is_server_named or has_login()):
            return function(output, None, *args, **options)
        transport = open_transport(output, host=host, token_file=token_file, workspace=workspace)
        try:
            return function(output, transport, *args, **options)
        finally:
            transport.close()

    return command
