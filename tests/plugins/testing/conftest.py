"""The fake backend and the real server, as one fixture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.conftest import server, start_server

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.plugins.testing import FakeBackend

__all__ = ["server", "start_server"]


@pytest.fixture(params=["fake", "real"])
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BackendClient]:
    if request.param == "fake":
        yield FakeBackend(tmp_path / "fake")
        return
    running = request.getfixturevalue("server")
    monkeypatch.setenv("SYNAPSE_HOME", str(tmp_path / "home"))
    client = BackendClient(running.url, running.token("developer"))
    yield client
    client.close()
