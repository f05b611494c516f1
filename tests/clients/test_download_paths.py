"""Where a path that a server named may lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.clients.download import path_inside
from synapse_sdk.storage.errors import StorageError


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../a", "a/../../b", "a\\b", "a\0b"])
def test_no_path_leads_out_of_the_folder(tmp_path: Path, path: str):
    with pytest.raises(StorageError, match="would lie elsewhere"):
        path_inside(tmp_path, path)


def test_a_path_below_stays_where_it_was_named(tmp_path: Path):
    assert path_inside(tmp_path, "deep/down/a.txt") == tmp_path / "deep/down/a.txt"
