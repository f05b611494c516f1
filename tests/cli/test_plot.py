"""A series as a picture made of characters."""

from __future__ import annotations

import math

import pytest

from synapse_sdk.cli.plot import draw
from synapse_sdk.plugins.metric_series import Series


def series_of(
    y: list[float], x: list[float] | None = None, *, step: str | None = "train", **facts: str
) -> Series:
    return Series(
        step, "loss", facts.get("producer", "worker"), facts.get("x_axis", "epoch"), x or _count(y), y
    )


def _count(values: list[float]) -> list[float]:
    return [float(index) for index in range(len(values))]


def title_of(picture: str) -> list[str]:
    return picture.splitlines()[0].split()


def ink_of(line: str) -> int:
    return sum("⠀" < char <= "⣿" for char in line)


def test_the_title_says_what_a_glance_wants_to_know():
    picture = draw(series_of([0.9, 0.4, 0.1, 0.2]))

    assert title_of(picture) == [
        *("train", "·", "loss", "first", "0.900", "last", "0.200"),
        *("min", "0.100", "max", "0.900", "(4", "points)"),
    ]


def test_a_falling_curve_begins_at_the_top_left_and_ends_at_the_bottom_right():
    canvas = [line.partition("| ")[2] for line in draw(series_of([3.0, 2.0, 1.0])).splitlines()[2:-2]]
    inked = [line for line in canvas if ink_of(line)]

    ends = [len(line.rstrip("⠀ ")) for line in inked]
    assert len(inked) >= 10
    assert ends == sorted(ends)


def test_a_metric_without_a_step_and_one_of_another_producer_are_named_so():
    assert title_of(draw(series_of([1.0, 2.0], step=None)))[0] == "loss"
    assert "(worker/42)" in title_of(draw(series_of([1.0, 2.0], producer="worker/42")))


@pytest.mark.parametrize("columns", [40, 80, 100, 300])
@pytest.mark.parametrize("x_axis", ["epoch", "ordinal", "global_step"])
def test_a_picture_fits_the_terminal_and_is_not_drawn_wider_than_it_reads(
    monkeypatch: pytest.MonkeyPatch, columns: int, x_axis: str
):
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = draw(series_of([1.0, 0.5, 0.2], x_axis=x_axis)).splitlines()[1:]

    assert max(map(len, lines)) <= min(columns, 100)
    assert max(map(len, lines)) > 30
    assert all(line == line.rstrip(" ⠀") for line in lines)


def test_what_is_not_finite_is_left_out_and_counted():
    picture = draw(series_of([1.0, math.nan, 0.5, math.inf]))

    assert "2 too large to draw, or not finite" in picture.splitlines()[0]
    assert len(picture.splitlines()) > 10


@pytest.mark.parametrize("y", [[math.nan], [math.inf, -math.inf], [1e308, -1e308]])
def test_nothing_to_draw_is_said(y: list[float]):
    assert "nothing can be drawn" in draw(series_of(y))


def test_a_single_point_is_told_and_not_drawn():
    assert draw(series_of([0.5])).splitlines() == [
        "train · loss   first 0.500   last 0.500   min 0.500   max 0.500   (1 point)"
    ]


@pytest.mark.parametrize(
    ("y", "x"),
    [
        ([1.0, 1.0, 1.0], None),
        ([0.0, 0.0], None),
        ([5e-324, 0.0], None),
        ([1e299, -1e299], None),
        ([-1e-300, 1e-300], None),
        ([1.0, 2.0], [3.0, 3.0]),
        ([1.0, 2.0], [1e16, 1e16]),
        ([1.0, 2.0], [-1e299, 1e299]),
        ([float(2**53), float(2**53) + 2], None),
        ([3.0, 1.0, 2.0], [2.0, 0.0, 1.0]),
    ],
)
def test_any_series_of_numbers_can_be_drawn(y: list[float], x: list[float] | None):
    assert sum(map(ink_of, draw(series_of(y, x)).splitlines())) > 0
