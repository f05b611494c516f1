"""Servers for journeys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_process import Synapse
from tests.journeys.platform import Platform
from tests.server_process import ServerProcess


@pytest.fixture
def bare_server(synapse: Synapse, tmp_path: Path) -> Iterator[ServerProcess]:
    """A running server without an agent."""
    server = ServerProcess(synapse, tmp_path / "data", options=("--no-agent",))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A server with an agent and a plugin, for all stories that leave both alive."""
    opened = Platform.open(tmp_path_factory.mktemp("platform"))
    yield opened
    opened.server.stop()
