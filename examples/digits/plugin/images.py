"""Image files → rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

#: Pixels along each side. The digits of scikit-learn have this size; others are brought to it.
SIDE_PX = 8
SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png"})


class LabelledImages(NamedTuple):
    """Images and what each shows."""

    #: (N, 64), see `read_pixels`.
    pixels: npt.NDArray[np.float64]
    #: (N,) names of the class folders.
    labels: npt.NDArray[np.str_]


def read_classes(folder: str | Path) -> LabelledImages:
    """Read a split whose images lie in class folders: `3/any-name.png` shows a 3.

    Raises:
        ValueError: There are no images, or images that lie in no class folder.
    """
    files = list_images(folder)
    if stray := [file.name for file in files if file.parent == Path(folder)]:
        raise ValueError(f"{folder} has {len(stray)} images outside of class folders, such as {stray[0]}")
    labels = np.array([file.relative_to(folder).parts[0] for file in files], dtype=np.str_)
    return LabelledImages(read_pixels(files), labels)


def list_images(folder: str | Path) -> list[Path]:
    """Return the image files below a folder, sorted.

    Raises:
        ValueError: There are none.
    """
    files = sorted(file for file in Path(folder).rglob("*") if file.suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(f"There are no images ({', '.join(sorted(SUFFIXES))}) in {folder}")
    return files


def read_pixels(files: Sequence[Path]) -> npt.NDArray[np.float64]:
    """Read images as grey values.

    Returns:
        (N, 64) rows of 8 by 8 pixels, top row first, each from 0 (black) to 1 (white).
    """
    return np.stack([_read_pixels(file) for file in files])


def _read_pixels(file: Path) -> npt.NDArray[np.float64]:
    with Image.open(file) as image:
        grey = image.convert("L")
        if grey.size != (SIDE_PX, SIDE_PX):
            grey = grey.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
        return np.asarray(grey, dtype=np.float64).ravel() / 255
