"""Folders to register and models to save, and a look at what a workspace holds afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DIGITS = {
    "train/0/a.png": "zero",
    "train/1/b.png": "one",
    "val/0/c.png": "another zero",
    "test/d.png": "unknown",
    "labels.csv": "a,0",
}


def make_folder(root: Path, files: Mapping[str, str] = DIGITS) -> Path:
    """Write files from their texts."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def make_model(path: Path, text: str = "weights") -> Path:
    """Write a model file."""
    path.write_text(text)
    return path


def visible_records(folder: Path) -> list[str]:
    """Name the records in a folder of them, as a reader sees them."""
    return sorted(path.name for path in folder.glob("[!.]*")) if folder.exists() else []
