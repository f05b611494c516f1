"""`synapse login` and `synapse logout`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.secret import Secret
from synapse_sdk._internal.terminal import is_interactive
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server_access import check_token, read_token

if TYPE_CHECKING:
    from synapse_sdk.settings import Settings

DEFAULT_HOST = "http://127.0.0.1:8000"


@click.command("login")
@click.option("--host", help=f"Address of the server, such as {DEFAULT_HOST}.")
@click.option("--token-file", help="File that holds the access token; - for standard input.")
@click.option("-t", "--token", help="Access token. Visible to others on this machine: prefer --token-file.")
@with_output
def login(output: Output, host: str | None, token_file: str | None, token: str | None) -> int:
    """Keep the address of a server and a token for it, once the server has taken them."""
    from synapse_sdk.clients.login import check_url
    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.settings import load_settings, update_config_file

    settings = load_settings()
    secret = read_token(output, token_file=token_file, token=token)
    url = check_url(host or _ask_host(settings))
    _warn_of_plain_http(output, url)
    secret = secret or _ask_token()
    transport = Transport(url, secret.reveal())
    try:
        who = transport.get("whoami/")
    finally:
        transport.close()
    update_config_file(settings.config_file, {"host": url, "access_token": secret.reveal()})
    _say_who(output, url, who)
    output.say(f"Kept in {settings.config_file}, readable by you only.")
    return ExitCode.DONE


@click.command("logout")
@with_output
def logout(output: Output) -> int:
    """Forget the server and its token on this machine. The token itself stays valid until it is revoked."""
    from synapse_sdk.settings import load_config_file, load_settings, update_config_file

    settings = load_settings()
    stored = load_config_file(settings.config_file)
    was_logged_in = "access_token" in stored
    if was_logged_in or "host" in stored:
        update_config_file(settings.config_file, {"host": None, "access_token": None})
    output.say("Logged out." if was_logged_in else "Nobody was logged in.")
    if output.as_json:
        output.document({"was_logged_in": was_logged_in})
    if settings.access_token is not None and not was_logged_in:
        output.warn("A token is still set by the environment.", hint="unset SYNAPSE_ACCESS_TOKEN")
    return ExitCode.DONE


def _ask_host(settings: Settings) -> str:
    if not is_interactive():
        if settings.host:
            return settings.host
        raise SynapseError("Without a terminal, --host is needed.", hint=f"Such as --host {DEFAULT_HOST}")
    import questionary

    answer: str | None = questionary.text("Server:", default=settings.host or DEFAULT_HOST).unsafe_ask()
    return answer or DEFAULT_HOST


def _ask_token() -> Secret:
    if not is_interactive():
        raise SynapseError(
            "Without a terminal, --token-file is needed.",
            hint="Give the token on standard input: synapse login --host … --token-file -",
        )
    import questionary

    return check_token(questionary.password("Access token (not shown):").unsafe_ask() or "")


def _warn_of_plain_http(output: Output, url: str) -> None:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        output.warn(
            f"{url} is not encrypted: the token can be read on its way.",
            hint="Use https:// if it can be had.",
        )


def _say_who(output: Output, url: str, who: dict[str, Any]) -> None:
    account = (who.get("account") or {}).get("name") or f"a token of kind {who.get('kind')}"
    if output.as_json:
        output.document({"host": url, **who})
        return
    output.say(f"Logged in to {url} as {account} ({who.get('role')}).")
