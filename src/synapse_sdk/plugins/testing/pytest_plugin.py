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
    from synapse_sdk.workspace import LocalWorkspace


@pytest.fixture
def fake_backend() -> FakeBackend:
    """A server's client without a server; see `synapse_sdk.plugins.testing.FakeBackend`."""
    from synapse_sdk.plugins.testing import FakeBackend

    return FakeBackend()


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> LocalWorkspace:
    """The workspace of `executor` and `runtime_context`: empty, until the test registers something."""
    from synapse_sdk.workspace import LocalWorkspace

    return LocalWorkspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture
def runtime_context(fake_backend: FakeBackend, workspace: LocalWorkspace) -> Iterator[RecordingContext]:
    """A context with the fake backend and an empty workspace; its `recorded` is what was reported."""
    from synapse_sdk.plugins.testing import RecordingContext

    ctx = RecordingContext(client=fake_backend, workspace=workspace)
    yield ctx
    ctx.close()


@pytest.fixture
def executor(fake_backend: FakeBackend, workspace: LocalWorkspace) -> LocalExecutor:
    """A quiet `LocalExecutor` with the fake backend and an empty workspace."""
    from synapse_sdk.plugins import LocalExecutor

    return LocalExecutor(sinks=[], client=fake_backend, open_workspace=lambda: workspace)
