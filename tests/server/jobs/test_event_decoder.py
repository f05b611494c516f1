"""What the fast decoder takes, the model of the wire takes too, and reads the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from synapse_sdk.server.jobs.event_decoder import EventFacts, decode_batch
from synapse_sdk.wire.event import Event

GOOD: dict[str, Any] = {
    "schema_version": 1,
    "job": "0193d5a0-0000-7000-8000-000000000000",
    "attempt": 1,
    "producer": "worker/rank3",
    "seq": 1,
    "at": "2026-11-02T10:00:00.123456Z",
    "kind": "metric",
    "step": "train",
    "values": {"loss": 0.5, "epoch": 3},
    "ordinals": {"loss": 0, "epoch": 0},
    "body": {"other": {"a": [1, None, True, "é"]}},
}
#: JSON texts that stand in the place of a field.
TEXTS = [
    "null",
    "true",
    "0",
    "1",
    "-1",
    "1.0",
    "1.5",
    "1e3",
    "1e999",
    "-0",
    "9223372036854775807",
    "9223372036854775808",
    "123456789012345678901234567890",
    "NaN",
    "Infinity",
    '""',
    '"1"',
    '"NaN"',
    '"Infinity"',
    '"worker"',
    '"metric"',
    '"other"',
    "[]",
    "{}",
    '{"a":1}',
    '{"a":true}',
    '{"a":"1"}',
    '{"a":"NaN"}',
    '{"a":null}',
    '{"a":1e400}',
    '{"a":-1}',
    '{"a":9223372036854775808}',
    '{"a":1.0}',
    '{"a":1,"a":2}',
    '{"":0}',
    '"\\ud800"',
    '{"\\ud800":1}',
    '"\\u0000"',
    '"\\u2028"',
    '"a\tb"',
    '"2026-11-02"',
    '"2026-11-02T10:00:00"',
    '"2026-11-02 10:00:00Z"',
    '"2026-11-02T10:00:00+09:00"',
    '"2026-11-02T10:00:60Z"',
    '"2026-11-02T24:00:00Z"',
    '"2026-02-30T10:00:00Z"',
    '"0000-01-01T00:00:00Z"',
    "1762077600",
    '"' + "x" * 201 + '"',
    "[" * 2000 + "]" * 2000,
]


def test_what_our_workers_send_is_decoded_at_once() -> None:
    lines = [json.dumps({**GOOD, "seq": seq}).encode() + b"\n" for seq in (1, 2, 3)]

    events = decode_batch(b"".join(lines))

    assert events == [EventFacts.of(Event.model_validate_json(line)) for line in lines]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:40])
@pytest.mark.parametrize("field", [*GOOD, "name", "level", "unknown"])
def test_both_read_the_same_in_a_field(field: str, text: str) -> None:
    fields = {name: json.dumps(value) for name, value in GOOD.items()} | {field: text}
    line = "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}\n"

    _assert_same(line.encode())


@given(
    st.lists(st.sampled_from(["{", "}", "\n", ",", ":", '"', "[", "]", "EVENT", " ", "\r", '"body"', "0"]))
)
def test_a_line_is_one_event_however_line_ends_and_events_are_mixed(parts: list[str]) -> None:
    _assert_same("".join(parts).replace("EVENT", json.dumps(GOOD)).encode())


@pytest.mark.parametrize(
    "body",
    [
        "EVENT EVENT\nEVENT\n\n",
        'EVENT EVENT\n{"body":\nEVENT}\n',
        'EVENTEVENT\n{"body":{}\n,"job":0}\n',
        "EVENT\nEVENT",
        "EVENT\n\nEVENT\n",
        "EVENT\r\nEVENT\n",
        " EVENT\n",
        "\ufeffEVENT\n",
        "\n",
        "",
    ],
)
def test_unusual_lines_are_left_to_the_slower_look(body: str) -> None:
    assert decode_batch(body.replace("EVENT", json.dumps(GOOD)).encode()) is None


def _assert_same(body: bytes) -> None:
    events = decode_batch(body)
    if events is None:
        return
    try:
        expected = [Event.model_validate_json(line) for line in body.split(b"\n")[:-1]]
    except ValidationError as error:
        pytest.fail(f"only the fast one takes {body[:300]!r}: {error}")
    assert events == [EventFacts.of(event) for event in expected]
