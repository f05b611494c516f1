"""A series as a picture made of characters."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.units import count_of
from synapse_sdk.plugins.metric_series import finite_points
from synapse_sdk.plugins.terminal import format_number

if TYPE_CHECKING:
    from synapse_sdk.plugins.metric_series import Series

#: Lines of a plot's canvas, and columns that its axes take beside it and beside the x-axis's name.
_HEIGHT = 12
_AXIS_COLUMNS = 19
#: Beyond this, the distance of two values may itself be no number any more.
_LARGEST = 1e300


def draw(series: Series) -> str:
    """Draw one series: a title with first, last, lowest and highest, then the curve."""
    import plotille

    points = [pair for pair in zip(*finite_points(series), strict=True) if max(map(abs, pair)) <= _LARGEST]
    x, y = [at for at, _ in points], [value for _, value in points]
    name = f"{series.step} · {series.key}" if series.step else series.key
    if series.producer != "worker":
        name += f" ({series.producer})"
    missing = len(series.y) - len(y)
    gaps = f", {missing} too large to draw, or not finite" if missing else ""
    if not y:
        return f"{name}: nothing can be drawn of {count_of(missing, 'point')}\n"
    facts = (
        f"first {format_number(y[0])}   last {format_number(y[-1])}   "
        f"min {format_number(min(y))}   max {format_number(max(y))}   ({count_of(len(y), 'point')}{gaps})"
    )
    if len(y) < 2:
        return f"{name}   {facts}\n"
    figure: Any = plotille.Figure()
    columns = min(shutil.get_terminal_size().columns, 100)
    figure.width = max(10, columns - _AXIS_COLUMNS - len(series.x_axis))
    figure.height = _HEIGHT
    figure.with_colors = False
    figure.x_label, figure.y_label = series.x_axis, series.key
    low, high = min(y), max(y)
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    left, right = min(x), max(x)
    figure.set_x_limits(min_=left, max_=right if right > left else left + max(1.0, abs(left) * 1e-6))
    figure.set_y_limits(min_=low - margin, max_=high + margin)
    figure.register_label_formatter(float, _format_tick)
    figure.plot(x, y)
    # The canvas is filled up with blanks, plain ones and those of braille.
    lines = [line.rstrip(" \u2800") for line in figure.show().splitlines()]
    return "\n".join([f"{name}   {facts}", *lines, ""])


def _format_tick(value: float, chars: int, delta: float, left: bool = False) -> str:
    text = format_number(value)[:chars]
    return text.ljust(chars) if left else text.rjust(chars)
