"""Fixtures for authors' tests, found by pytest through an entry point.

Nothing is imported here before a fixture is asked for: this module is loaded in every run of pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from synapse_sdk.plugins import LocalExecutor
    from synapse_sdk.plugins.testing import FakeBackend, RecordingContext


@pytest.fixture
def fake_backend() -> FakeBackend:
    """A server's client without a server; see `synapse_sdk.plugins.testing.FakeBackend`."""
    from synapse_sdk.plugins.testing import FakeBackend

    return FakeBackend()


@pytest.fixture
def runtime_context(
    fake_backend: FakeBackend, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RecordingContext]:
    """A context with the fake backend and an empty workspace; its `recorded` is what was reported."""
    from synapse_sdk.plugins.testing import RecordingContext

    ctx = RecordingContext(client=fake_backend, workspace=tmp_path_factory.mktemp("workspace"))
    yield ctx
    ctx.close()


@pytest.fixture
def executor(fake_backend: FakeBackend, tmp_path_factory: pytest.TempPathFactory) -> LocalExecutor:
    """A quiet `LocalExecutor` with the fake backend and an empty workspace."""
    from synapse_sdk.plugins import LocalExecutor
    from synapse_sdk.workspace import LocalWorkspace

    workspace = LocalWorkspace(tmp_path_factory.mktemp("workspace"))
    return LocalExecutor(sinks=[], client=fake_backend, open_workspace=lambda: workspace)
