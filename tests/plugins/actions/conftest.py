"""A server for actions that work with labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.labelling_server import LabellingServer, labelling_server


@pytest.fixture
def labelling(tmp_path: Path) -> Iterator[LabellingServer]:
    """A server of labels, whose storage is the folder `storage` of the test's own."""
    with labelling_server(tmp_path / "storage") as running:
        yield running
