"""How commands reach a server: options, the login that applies, one transport."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.secret import Secret
from synapse_sdk.cli.output import Output

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport

#: Longer than any token; what is longer is another file.
TOKEN_FILE_LIMIT_BYTES = 4096


def with_server(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options `--host`, `--token-file`, `--token`, and a `Transport` after its output."""

    @click.option("--host", help="Address of the server (default: where you are logged in).")
    @click.option("--token-file", help="File that holds the access token; - for standard input.")
    @click.option(
        "-t", "--token", help="Access token. Visible to others on this machine: prefer --token-file."
    )
    @wraps(function)
    def command(
        output: Output,
        *args: Any,
        host: str | None,
        token_file: str | None,
        token: str | None,
        **options: Any,
    ) -> Any:
        transport = open_transport(output, host=host, token_file=token_file, token=token)
        try:
            return function(output, transport, *args, **options)
        finally:
            transport.close()

    return command


def open_transport(
    output: Output,
    *,
    host: str | None = None,
    token_file: str | None = None,
    token: str | None = None,
    workspace: str | None = None,
) -> Transport:
    """Return a transport to the server that applies: flags beat environment, environment beats the login.

    Args:
        output: Where warnings go.
        host: Address of the server.
        token_file: File with the token; - for standard input.
        token: The token itself.
        workspace: Code of the workspace, unless that of the settings or the token's own.

    Raises:
        NotLoggedInError: There is no address or no token.
    """
    from synapse_sdk.clients import login

    given = read_token(output, token_file=token_file, token=token)
    return login.open_transport(host=host, token=given, workspace=workspace)


def has_login() -> bool:
    """Is there an address and a token, be they right or not?"""
    from synapse_sdk.settings import load_settings

    settings = load_settings()
    return settings.host is not None and settings.access_token is not None


def read_token(output: Output, *, token_file: str | None, token: str | None) -> Secret | None:
    """Return the token that the options give, or None when they give none.

    Raises:
        SynapseError: The file can not be read, or holds no token.
    """
    if token is not None and token_file is not None:
        raise SynapseError("Both --token and --token-file are given.", hint="Give one of them.")
    if token is not None:
        output.warn(
            "--token can be seen by others on this machine, and stays in the shell's history.",
            hint="Use --token-file FILE, or --token-file - to give it on standard input.",
        )
        return check_token(token)
    if token_file is None:
        return None
    try:
        if token_file == "-":  # noqa: S105 - the usual name of standard input
            text = sys.stdin.read(TOKEN_FILE_LIMIT_BYTES)
        else:
            with Path(token_file).expanduser().open(encoding="utf-8") as stream:
                text = stream.read(TOKEN_FILE_LIMIT_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SynapseError(f"--token-file {token_file}: it can not be read: {reason}.") from error
    return check_token(text)


def check_token(text: str) -> Secret:
    """Return the token in `text`.

    Raises:
        SynapseError: It is empty, or has characters that no header may have.
    """
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SynapseError(
            f"That is no token: {'it is empty' if not token else 'it has spaces or strange characters'}.",
            hint="A token is one word, such as syn_user_…",
        )
    return Secret(token)
