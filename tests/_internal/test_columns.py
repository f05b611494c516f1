"""Text in a terminal's columns."""

from __future__ import annotations

import pytest

from synapse_sdk._internal.columns import clip, display_width, pad


@pytest.mark.parametrize(
    ("text", "width"), [("train", 5), ("학습", 4), ("학습 a", 6), ("e\u0301", 1), ("\uff46", 2), ("", 0)]
)
def test_width(text: str, width: int):
    assert display_width(text) == width


def test_columns_line_up_whatever_the_script():
    assert [display_width(pad(text, 8)) for text in ("train", "학습", "학습 a")] == [8, 8, 8]
    assert pad("학습", 6, right=True) == "  학습"


def test_what_is_longer_than_its_column_is_left_whole_by_pad():
    assert pad("training", 3) == "training"


@pytest.mark.parametrize("width", range(2, 9))
def test_a_cut_never_exceeds_the_width(width: int):
    assert display_width(clip("학습 phase 일", width)) <= width


def test_what_fits_is_not_cut():
    assert clip("학습", 4) == "학습"
    assert clip("학습1", 4) == "학…"
