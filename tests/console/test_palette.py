"""Text can be read on what it stands on, in both themes: WCAG 2.2, level AA."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import synapse_sdk.console

CSS = (Path(synapse_sdk.console.__file__).parent / "static/console.css").read_text(encoding="utf-8")
#: What is written in which colour on which ground.
TEXTS = [
    *((ink, ground) for ink in ("text", "muted", "accent") for ground in ("ground", "surface", "sunken")),
    ("text", "accent-soft"),
    ("muted", "accent-soft"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    *((ink, ground) for ink in ("good", "bad", "warn") for ground in ("ground", "surface")),
    ("bad", "bad-soft"),
    ("bad", "sunken"),
]
#: Lines and shapes that carry a meaning: of charts, progress, and where a field is.
SHAPES = [(f"chart-{number}", "surface") for number in range(1, 9)]
SHAPES += [("accent", "sunken"), ("control", "surface")]


def palette_of(selector: str) -> dict[str, str]:
    """Return the colours that a theme sets, by name."""
    blocks = re.findall(re.escape(selector) + r"\s*\{([^}]*)\}", CSS)
    assert blocks, selector
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})", " ".join(blocks)))


THEMES = {
    "light": palette_of("\n:root"),
    "dark": palette_of('\n:root[data-theme="dark"]'),
    "dark of the system": palette_of(' :root[data-theme="auto"]'),
}


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(left: str, right: str) -> float:
    light, dark = sorted((luminance(left), luminance(right)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_both_ways_into_the_dark_have_the_same_colours():
    assert THEMES["dark"] == THEMES["dark of the system"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_stand_out(theme):
    colours = THEMES[theme]
    weak = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in TEXTS
        if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_stand_out(theme):
    colours = THEMES[theme]
    weak = {pair for pair in SHAPES if contrast(colours[pair[0]], colours[pair[1]]) < 3}
    assert weak == set()


def test_placeholders_are_no_paler_than_muted_text():
    (rule,) = re.findall(r"input::placeholder \{([^}]*)\}", CSS)
    assert "var(--muted)" in rule
    assert re.search(r"opacity:\s*1\b", rule)
