"""Metric events → the points of each series, in columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

from synapse_sdk.server.jobs.event_decoder import EventFacts
from synapse_sdk.server.jobs.metric_store import SeriesKey
from synapse_sdk.server.jobs.point_columns import PointColumns

_NONE: Mapping[str, int] = {}


def collect_points(events: Sequence[EventFacts]) -> Mapping[SeriesKey, PointColumns]:
    """Return the points that events report, per series."""
    # A loop reports the same few names each time, so a name is looked up once for all its points.
    alike: dict[tuple[Any, ...], list[EventFacts]] = {}
    for event in events:
        values = event.values
        if values and event.kind == "metric":
            shape = (event.attempt, event.producer, event.step, *values)
            if shape in alike:
                alike[shape].append(event)
            else:
                alike[shape] = [event]
    points: dict[SeriesKey, PointColumns] = {}
    for (attempt, producer, step, *names), group in alike.items():
        for name, columns in _split(group, names):
            key = SeriesKey(attempt, producer, step or "", name)
            known = points.get(key)
            points[key] = columns if known is None else known.join(columns)
    return {key: columns.sort() for key, columns in points.items()}


def _split(events: Sequence[EventFacts], names: Sequence[str]) -> Iterator[tuple[str, PointColumns]]:
    """Yield each name with its points, of events that all report these names."""
    values = [event.values or {} for event in events]  # never empty here
    epochs = _list_numbers(values, "epoch")
    global_steps = _list_numbers(values, "global_step")
    for name in names:
        ordinals, numbers = _list_ordinals(events, name), _list_numbers(values, name)
        yield name, PointColumns(ordinals, numbers, epochs, global_steps)


def _list_numbers(values: Sequence[Mapping[str, float]], name: str) -> list[float]:
    """Return the number of a name that all have, or none."""
    if name not in values[0]:
        return [nan] * len(values)
    return [numbers[name] for numbers in values]


def _list_ordinals(events: Sequence[EventFacts], name: str) -> list[int]:
    """Return which point of its series each is."""
    try:
        return [(event.ordinals or _NONE)[name] for event in events]
    except KeyError:  # who counts no ordinals sends points in their order
        return [(event.ordinals or _NONE).get(name, event.seq) for event in events]
