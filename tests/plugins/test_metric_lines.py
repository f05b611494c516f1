"""A metric's line is the one that its event would have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.recording import strict_json

from synapse_sdk.plugins.event_encoder import EventEncoder, RawEvent
from synapse_sdk.plugins.metric_lines import MetricLines
from synapse_sdk.wire.event import Event

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats() | st.integers(-(2**1000), 2**1000)
MOMENTS = st.floats(0, 4e9)


@given(NAMES, NAMES | st.none(), st.dictionaries(NAMES, NUMBERS, min_size=1), MOMENTS)
def test_a_line_is_strict_json_and_reads_back_as_the_event(
    producer: str, step: str | None, values: dict[str, float], at_s: float
) -> None:
    ordinals = {key: position for position, key in enumerate(values)}
    expected = Event(
        job="job",
        attempt=2,
        producer=producer,
        seq=3,
        at=datetime.fromtimestamp(at_s, UTC),
        kind="metric",
        step=step,
        values=values,
        ordinals=ordinals,
    )

    line = MetricLines("job", 2, producer).write(3, at_s, step, values, ordinals)
    event = Event.model_validate_json(line)

    assert list(strict_json(line)) == list(strict_json(expected.model_dump_json(exclude_none=True)))
    assert event.model_dump_json(exclude={"at"}) == expected.model_dump_json(exclude={"at"})
    assert abs(event.at - expected.at) <= timedelta(microseconds=1)


def test_moments_of_one_second_and_of_others_are_their_own() -> None:
    lines = MetricLines("job", 1, "worker")

    moments = [
        strict_json(lines.write(1, at_s, None, {"n": 1}, {"n": 0}))["at"]
        for at_s in (1762077600.25, 1762077600.5, 1762077599.9999999, 1762077601.000001)
    ]

    assert moments == [
        "2025-11-02T10:00:00.250000Z",
        "2025-11-02T10:00:00.500000Z",
        "2025-11-02T10:00:00.000000Z",
        "2025-11-02T10:00:01.000001Z",
    ]


@pytest.mark.parametrize("key", ["\ud800", "x" * 2_000_000])
def test_what_no_line_can_hold_is_told_in_its_place_and_counted_once(key: str) -> None:
    encoder = EventEncoder("job", 1, "worker")
    raw = [
        RawEvent("metric", 0.0, "train", None, None, ({name: 1.0, "loss": 0.5}, None))
        for name in ("a", key, "a")
    ]

    events = [encoded.event for encoded in encoder.encode(raw)]

    assert [event.seq for event in events] == [1, 2, 3]
    assert [event.kind for event in events] == ["metric", "metric" if len(key) == 1 else "loss", "metric"]
    assert events[2].ordinals == {"a": 1, "loss": 2}
