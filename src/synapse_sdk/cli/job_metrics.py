"""A series that a server answered, as a picture made of characters."""

from __future__ import annotations

from typing import Any

from synapse_sdk.cli.plot import draw
from synapse_sdk.plugins.metric_series import Series


def draw_series(answer: dict[str, Any]) -> str:
    """Draw one series of `jobs/{id}/metrics/`: its points, or the means of its buckets."""
    points = answer["points"]
    values = [float(point["value"] if "value" in point else point["mean"]) for point in points]
    series = Series(
        step=answer.get("step"),
        key=answer["key"],
        producer=answer.get("producer", "worker"),
        x_axis=answer.get("x_axis", "ordinal"),
        x=[float(point.get("x", point["ordinal"])) for point in points],
        y=values,
    )
    return draw(series)
