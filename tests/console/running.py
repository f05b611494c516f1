"""A server with its console on a free port of loopback, in a thread of the test's own process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from synapse_sdk.clients.transport import Transport
from synapse_sdk.console.app import mount_console
from synapse_sdk.server.app import Services, create_app, open_services
from synapse_sdk.server.data_folder import DataFolder
from synapse_sdk.server.http.principal import Role


@dataclass
class RunningConsole:
    """A server that answers at `url`; its console is at `console`."""

    url: str
    services: Services
    prefix: str = ""
    _transports: list[Transport] = field(default_factory=list)

    @property
    def console(self) -> str:
        """Address of the console's home."""
        return f"{self.url}/console/"

    def token(self, role: Role = "admin") -> str:
        """Return a token of an account with this role."""
        account = self.services.accounts.ensure_account(f"test-{role}", role=role)
        new = self.services.accounts.create_token(
            workspace_id=1, kind="user", name="test", account_id=account.id, role=role
        )
        return new.text

    def client(self, role: Role = "admin") -> Transport:
        """Return a transport that speaks to the API."""
        return self._open(self.token(role))

    def agent_client(self) -> Transport:
        """Return a transport of an agent."""
        new = self.services.accounts.create_token(workspace_id=1, kind="agent", name="agent")
        return self._open(new.text)

    def close(self) -> None:
        """Close the transports."""
        for transport in self._transports:
            transport.close()

    def _open(self, token: str) -> Transport:
        transport = Transport(self.url, token)
        self._transports.append(transport)
        return transport

    def sign_in_link(self, role: Role = "admin") -> str:
        """Return a link that signs an account of this role in, once."""
        account = self.services.accounts.ensure_account(f"test-{role}", role=role)
        secret = self.services.accounts.create_sign_in_link(account.id)
        return f"{self.console}sign-in/#{secret}"

    def cookie(self, role: Role = "admin") -> str:
        """Return the cookie of a new session."""
        secret = self.sign_in_link(role).partition("#")[2]
        return self.services.accounts.sign_in_by_link(secret)


@contextmanager
def run_console(folder: Path, *, prefix: str = "") -> Iterator[RunningConsole]:
    """Serve a data folder; `prefix` is what a proxy in front of it has taken off every path."""
    services = open_services(DataFolder(folder))
    app = create_app(services)
    mount_console(app, services)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the server itself does
    config = uvicorn.Config(
        app, log_level="warning", ws="none", root_path=prefix, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    running = RunningConsole(f"http://127.0.0.1:{listener.getsockname()[1]}", services, prefix)
    try:
        yield running
    finally:
        running.close()
        services.jobs.end_waiting()
        server.should_exit = True
        thread.join(15)
        listener.close()
        services.database.close()
    assert not thread.is_alive(), "the server did not end"
