"""A real server on a free port of loopback, in a thread of the test's own process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn

from synapse_sdk.clients.transport import Transport
from synapse_sdk.server.app import Services, create_app, open_services
from synapse_sdk.server.data_folder import DataFolder
from synapse_sdk.server.http.patience import PatientProtocol
from synapse_sdk.server.http.principal import Role


@dataclass
class RunningServer:
    """A server that answers at `url`, and the services behind it."""

    url: str
    services: Services
    _transports: list[Transport] = field(default_factory=list)

    def token(self, role: Role = "admin", *, name: str | None = None) -> str:
        """Return a token of an account with this role."""
        accounts = self.services.accounts
        account = accounts.ensure_account(name or f"test-{role}", role=role)
        new = accounts.create_token(
            workspace_id=1, kind="user", name="test", account_id=account.id, role=role
        )
        return new.text

    def agent_token(self) -> str:
        """Return a token for an agent."""
        return self.services.accounts.create_token(workspace_id=1, kind="agent", name="agent").text

    def client(self, role: Role = "admin", *, token: str | None = None) -> Transport:
        """Return a transport that speaks to it."""
        transport = Transport(self.url, token or self.token(role))
        self._transports.append(transport)
        return transport

    def close(self) -> None:
        for transport in self._transports:
            transport.close()


@pytest.fixture
def start_server() -> Iterator[Callable[[Path], RunningServer]]:
    """Start servers on data folders; they end with the test."""
    ended: list[Callable[[], None]] = []

    def start(folder: Path) -> RunningServer:
        services = open_services(DataFolder(folder))
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the server itself does
        config = uvicorn.Config(create_app(services), http=PatientProtocol, log_level="warning", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running = RunningServer(f"http://127.0.0.1:{listener.getsockname()[1]}", services)

        def end() -> None:
            running.close()
            server.should_exit = True
            thread.join(15)
            assert not thread.is_alive(), "the server did not end"
            listener.close()
            services.database.close()

        ended.append(end)
        return running

    yield start
    for end in reversed(ended):
        end()


@pytest.fixture
def server(start_server: Callable[[Path], RunningServer], tmp_path: Path) -> RunningServer:
    """A server on a data folder of its own."""
    return start_server(tmp_path / "data")
