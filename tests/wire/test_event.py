"""The one event on the wire: written the same again, read by older and newer readers."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.recording import strict_json

from synapse_sdk.wire.event import Event

AT = datetime(2026, 12, 1, 9, 30, 15, 123, tzinfo=UTC)
WHOLE = {
    "schema_version": 1, "job": "j", "attempt": 2, "producer": "worker/rank3", "seq": 7,
    "at": "2026-12-01T09:30:15.000123Z", "kind": "metric", "name": None, "step": "train", "level": None,
    "values": {"loss": 0.5}, "ordinals": {"loss": 3}, "body": {"other": {"a": None}},
}  # fmt: skip

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
EVENTS = st.builds(
    Event,
    job=st.text(),
    attempt=st.integers(1, 9),
    producer=st.text(),
    seq=st.integers(1, 2**40),
    at=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])),
    kind=st.sampled_from(["message", "progress", "metric", "state", "loss", "log"]),
    step=st.one_of(st.none(), st.text()),
    values=st.one_of(st.none(), st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=3)),
    ordinals=st.one_of(st.none(), st.dictionaries(st.text(), st.integers(0), max_size=3)),
    body=st.one_of(st.none(), st.dictionaries(st.text(), JSON, max_size=3)),
)


def test_an_event_is_written_as_documented():
    event = Event.model_validate(WHOLE)

    assert event.at == AT
    assert json.loads(event.model_dump_json()) == WHOLE
    assert json.loads(event.model_dump_json(exclude_none=True)) == {
        name: value for name, value in WHOLE.items() if value is not None
    }


@given(EVENTS)
def test_reading_what_was_written_gives_the_same_event_and_the_same_line(event: Event):
    line = event.model_dump_json(exclude_none=True)

    again = Event.model_validate_json(line)

    assert again == event
    assert again.model_dump_json(exclude_none=True) == line
    strict_json(line)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have_travel_as_words(value: float):
    event = Event.model_validate(WHOLE | {"values": {"x": value}})

    word = strict_json(event.model_dump_json())["values"]["x"]

    assert word in ("NaN", "Infinity", "-Infinity")
    again = Event.model_validate_json(event.model_dump_json())
    assert again.values is not None
    assert repr(again.values["x"]) == repr(value)


def test_a_moment_of_any_zone_is_written_in_utc():
    at = AT.astimezone(timezone(timedelta(hours=9)))

    assert json.loads(Event.model_validate(WHOLE | {"at": at}).model_dump_json())["at"] == WHOLE["at"]


def test_an_older_reader_passes_over_what_a_newer_writer_added():
    newer = WHOLE | {"schema_version": 2, "shade": "blue", "body": {"new": {"deep": 1}}}

    event = Event.model_validate_json(json.dumps(newer))

    assert event.schema_version == 2
    assert not hasattr(event, "shade")


def test_a_newer_reader_fills_in_what_an_older_writer_left_out():
    event = Event.model_validate({"job": "j", "producer": "p", "seq": 1, "at": AT, "kind": "log"})

    assert (event.schema_version, event.attempt, event.name, event.values, event.body) == (
        1,
        1,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("name", ["job", "producer", "seq", "at", "kind"])
def test_an_event_without_identity_or_kind_is_none(name: str):
    with pytest.raises(pydantic.ValidationError, match=name):
        Event.model_validate({key: value for key, value in WHOLE.items() if key != name})


@pytest.mark.parametrize(
    "change", [{"kind": "shout"}, {"seq": "seven"}, {"values": {"x": "high"}}, {"at": "noon"}]
)
def test_what_does_not_fit_is_refused(change: dict[str, Any]):
    with pytest.raises(pydantic.ValidationError):
        Event.model_validate(WHOLE | change)


def test_an_event_can_not_be_changed():
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        Event.model_validate(WHOLE).seq = 8  # type: ignore[misc]
