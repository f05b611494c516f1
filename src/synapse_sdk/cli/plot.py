"""A series as a picture made of characters."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.metric_series import finite_points
from synapse_sdk.plugins.terminal import format_number

if TYPE_CHECKING:
    from synapse_sdk.plugins.metric_series import Series

#: Lines of a plot's canvas, and columns that its axis takes.
_HEIGHT = 12
_AXIS_COLUMNS = 16


def draw(series: Series) -> str:
    """Draw one series: a title with first, last, lowest and highest, then the curve."""
    import plotille

    x, y = finite_points(series)
    name = f"{series.step} · {series.key}" if series.step else series.key
    if series.producer != "worker":
        name += f" ({series.producer})"
    missing = len(series.y) - len(y)
    gaps = f", {missing} not finite" if missing else ""
    if not y:
        return f"{name}: no finite value in {missing}\n"
    facts = (
        f"first {format_number(y[0])}   last {format_number(y[-1])}   "
        f"min {format_number(min(y))}   max {format_number(max(y))}   ({len(y)} points{gaps})"
    )
    if len(y) < 2:
        return f"{name}   {facts}\n"
    figure: Any = plotille.Figure()
    figure.width = max(20, min(shutil.get_terminal_size().columns, 100) - _AXIS_COLUMNS)
    figure.height = _HEIGHT
    figure.with_colors = False
    figure.x_label, figure.y_label = series.x_axis, series.key
    low, high = min(y), max(y)
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    figure.set_x_limits(min_=min(x), max_=max(x) if max(x) > min(x) else min(x) + 1)
    figure.set_y_limits(min_=low - margin, max_=high + margin)
    figure.register_label_formatter(float, _format_tick)
    figure.plot(x, y)
    return f"{name}   {facts}\n{figure.show()}\n"


def _format_tick(value: float, chars: int, delta: float, left: bool = False) -> str:
    text = format_number(value)[:chars]
    return text.ljust(chars) if left else text.rjust(chars)
