"""Each test gets a folder and a Synapse workspace of its own, and small images to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synapse_sdk.settings import load_settings
from synapse_sdk.workspace import LocalWorkspace

SPLITS = {"train": 20, "validation": 8}
#: Where the bright bar of each class lies: (rows, columns) of an 8 by 8 image.
BARS = {"0": (slice(1, 3), slice(0, 8)), "1": (slice(0, 8), slice(1, 3)), "2": (slice(5, 7), slice(0, 8))}


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no datasets and models but the test's own."""
    monkeypatch.setenv("SYNAPSE_HOME", str(tmp_path / "synapse-home"))
    monkeypatch.delenv("SYNAPSE_DATA_DIR", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A folder of noisy pictures of bars: three classes in two splits, and a test split without labels."""
    rng = np.random.default_rng(7)
    root = tmp_path / "bars"
    for split, count in SPLITS.items():
        for label in BARS:
            for number in range(count):
                draw_bar(root / split / label / f"{number}.png", label, rng)
    for number in range(9):
        draw_bar(root / "test" / f"{number}.png", str(number % 3), rng)
    return root


@pytest.fixture
def dataset(bars: Path) -> int:
    """The bars as a dataset of the test's own workspace."""
    return register(bars)


def register(folder: Path) -> int:
    workspace = LocalWorkspace(load_settings().local_workspace_dir)
    return workspace.datasets.register(folder).version.dataset_id


def draw_bar(file: Path, label: str, rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 60, (8, 8), dtype=np.uint8)
    pixels[BARS[label]] += 190
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
