"""The login of this machine → a transport to its server."""

from __future__ import annotations

from synapse_sdk._internal.errors import NotAdmittedError, SynapseError
from synapse_sdk._internal.secret import Secret
from synapse_sdk.clients.transport import Transport, is_address
from synapse_sdk.settings import load_settings


class NotLoggedInError(NotAdmittedError):
    """No address, or no token, for a server."""


def open_transport(
    *, host: str | None = None, token: Secret | None = None, workspace: str | None = None
) -> Transport:
    """Return a transport to the server that applies: what is given, else the environment, else the login.

    Args:
        host: Address of the server.
        token: Access token.
        workspace: Code of the workspace, unless that of the settings or the token's own.

    Raises:
        NotLoggedInError: There is no address or no token.
        SynapseError: The address is none.
    """
    settings = load_settings()
    url = host or settings.host
    secret = token or settings.access_token
    if url is None or secret is None:
        what = "no server is known" if url is None else f"there is no token for {url}"
        raise NotLoggedInError(f"Not authenticated: {what}.", hint="Log in first: synapse login")
    if host is not None and token is None and settings.host != host:
        raise NotLoggedInError(
            f"Not authenticated: the token at hand is for {settings.host}, not for {host}.",
            hint=f"Log in there: synapse login --host {host}; or give its token with --token-file.",
        )
    return Transport(check_url(url), secret.reveal(), workspace=workspace or settings.tenant)


def check_url(url: str) -> str:
    """Return a server's address without a slash at its end.

    Raises:
        SynapseError: It is none.
    """
    if not is_address(url.strip()):
        raise SynapseError(
            f"{url!r} is no address of a server.",
            hint="Such as http://127.0.0.1:8000 or https://synapse.example.org",
        )
    return url.strip().rstrip("/")
