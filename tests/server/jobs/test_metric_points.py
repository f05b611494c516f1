"""Points of metric events, against the plain way: one event, one name at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from math import nan
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from synapse_sdk.server.jobs.event_decoder import EventFacts
from synapse_sdk.server.jobs.metric_points import collect_points
from synapse_sdk.server.jobs.metric_store import SeriesKey

NAMES = ("loss", "rate", "epoch", "global_step")
numbers = st.floats(allow_nan=False)
events = st.builds(
    dict,
    attempt=st.integers(1, 2),
    producer=st.sampled_from(["worker", "worker/rank1"]),
    step=st.sampled_from([None, "", "train"]),
    values=st.dictionaries(st.sampled_from(NAMES), numbers) | st.none(),
    ordinals=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 5)) | st.none(),
    kind=st.sampled_from(["metric", "metric", "metric", "log"]),
)


@given(st.lists(events, max_size=12))
def test_each_number_is_a_point_of_its_series(reports: list[dict[str, Any]]) -> None:
    now = datetime.now(UTC)
    batch = [EventFacts(job="j", seq=seq, at=now, **facts) for seq, facts in enumerate(reports, start=1)]

    found = collect_points(batch)

    rows = {key: list(zip(*columns, strict=True)) for key, columns in found.items()}
    assert repr(rows) == repr(_collect_plainly(batch, order=list(found)))
    assert set(rows) == set(_collect_plainly(batch, order=[]))


def _collect_plainly(batch: list[EventFacts], *, order: list[SeriesKey]) -> dict[SeriesKey, list[Any]]:
    """Of points with the same ordinal the first of its shape stays, and shapes stand as they began."""
    groups: dict[tuple[Any, ...], list[EventFacts]] = {}
    for event in batch:
        if event.kind == "metric" and event.values:
            shape = (event.attempt, event.producer, event.step, *event.values)
            groups.setdefault(shape, []).append(event)
    points: dict[SeriesKey, dict[int, Any]] = {key: {} for key in order}
    for group in groups.values():
        for event in group:
            values = event.values or {}
            for name, value in values.items():
                key = SeriesKey(event.attempt, event.producer, event.step or "", name)
                ordinal = (event.ordinals or {}).get(name, event.seq)
                point = (ordinal, value, values.get("epoch", nan), values.get("global_step", nan))
                points.setdefault(key, {}).setdefault(ordinal, point)
    return {key: [found[ordinal] for ordinal in sorted(found)] for key, found in points.items()}
