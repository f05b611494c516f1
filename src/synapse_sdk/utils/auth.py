"""Who this process is for a server: what the environment says, else the login of this machine.

Source: interface sheets `core.md`, Appendix B, and `platform.md` §1.3. There is one interface of the server
here, so there is no client of a second one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk.settings import is_login_for, load_config_file, load_settings

if TYPE_CHECKING:
    from synapse_sdk.clients.backend import BackendClient

    #: Where `synapse login` keeps what it was told.
    CONFIG_FILE: Path

__all__ = [
    "CONFIG_FILE",
    "DEFAULT_HOST",
    "ENV_SYNAPSE_ACCESS_TOKEN",
    "ENV_SYNAPSE_HOST",
    "ENV_SYNAPSE_PLUGIN_RUN_URL_HOST",
    "Credentials",
    "RuntimeClients",
    "build_runtime_clients",
    "create_backend_client",
    "create_backend_client_v2",
    "create_backend_v2_client",
    "load_credentials",
]

#: Variable with the server's address.
ENV_SYNAPSE_HOST = "SYNAPSE_HOST"
#: Variable with the token for it.
ENV_SYNAPSE_ACCESS_TOKEN = "SYNAPSE_ACCESS_TOKEN"  # noqa: S105 - a variable's name
#: Variable with the host that addresses in answers shall have.
ENV_SYNAPSE_PLUGIN_RUN_URL_HOST = "SYNAPSE_PLUGIN_RUN_URL_HOST"
#: Where `synapse server start` listens. Nothing is asked there unless somebody says so.
DEFAULT_HOST = "http://127.0.0.1:8000"

_ENV_USER_TOKEN = "SYNAPSE_PLUGIN_RUN_USER_TOKEN"  # noqa: S105 - a variable's name


def __getattr__(name: str) -> Any:
    if name == "CONFIG_FILE":  # not at import: SYNAPSE_HOME says where it is
        return load_settings().config_file
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A server's address, and who asks it. Tokens do not show when it is printed."""

    host: str | None = None
    token: str | None = field(default=None, repr=False)
    user_token: str | None = field(default=None, repr=False)
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class RuntimeClients:
    """The clients that an action is handed."""

    client: BackendClient | None = None
    v2_client: None = None

    @property
    def client_v1(self) -> BackendClient | None:
        """The same as `client`."""
        return self.client

    @property
    def client_v2(self) -> None:
        """The same as `v2_client`."""
        return self.v2_client


def load_credentials() -> Credentials:
    """Return what the environment says, and for what it does not say the login of this machine.

    Tokens of the login are for its own server: where the environment names another one, they are left out.

    Raises:
        SettingsError: A value is not usable, or the file of the login can not be read.
    """
    settings = load_settings()
    stored = load_config_file(settings.config_file)
    if not is_login_for(settings.host, stored):
        stored = {}
    return Credentials(
        host=settings.host,
        token=os.environ.get(ENV_SYNAPSE_ACCESS_TOKEN) or stored.get("access_token") or None,
        user_token=os.environ.get(_ENV_USER_TOKEN) or stored.get("user_token") or None,
        tenant=settings.tenant,
    )


def create_backend_client() -> BackendClient | None:
    """Return a client of the server that applies; None without an address or a token.

    Raises:
        SettingsError: As `load_credentials`.
        AuthenticationError: The token could not be one.
        SynapseError: The address is none.
    """
    found = load_credentials()
    token = found.token or found.user_token
    if found.host is None or token is None:
        return None
    from synapse_sdk.clients.backend import BackendClient
    from synapse_sdk.clients.login import check_url

    url_host = os.environ.get(ENV_SYNAPSE_PLUGIN_RUN_URL_HOST) or None
    return BackendClient(check_url(found.host), token, tenant=found.tenant, url_host=url_host)


def create_backend_client_v2() -> None:
    """Return None: there is no client of a second interface."""


def create_backend_v2_client() -> None:
    """Return None: there is no client of a second interface."""


def build_runtime_clients() -> RuntimeClients:
    """Return the clients that apply, see `create_backend_client`."""
    return RuntimeClients(client=create_backend_client())
