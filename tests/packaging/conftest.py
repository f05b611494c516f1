"""A real server to publish to, and a package index that needs no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from synapse_sdk.packaging.lock import list_core_requirements
from tests.packaging.make_wheel import make_wheel
from tests.server.conftest import server, start_server

__all__ = ["server", "start_server"]


@pytest.fixture(scope="session")
def core_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of wheels with nothing but what the SDK itself needs."""
    folder = tmp_path_factory.mktemp("core-index")
    for requirement in map(Requirement, list_core_requirements()):
        name = requirement.name.replace("-", "_")
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 99.0\n\n"
        members = {f"{name}-99.0.dist-info/METADATA": metadata.encode()}
        (folder / f"{name}-99.0-py3-none-any.whl").write_bytes(make_wheel(name, "99.0", members=members))
    return folder
