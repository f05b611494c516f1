"""`RuntimeContext`: both dialects' calls, and what becomes of them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.plugins.recording import RecordingSink

from synapse_sdk.plugins.context import RuntimeContext
from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.events import EventStream


def listen(speak: Any, **options: Any) -> RecordingSink:
    sink = RecordingSink()
    stream = EventStream([sink])
    try:
        speak(RuntimeContext(stream, {}, **options))
    finally:
        stream.close()
    return sink


@pytest.mark.parametrize(
    ("speak", "level"),
    [
        (lambda c: c.log_message("m"), "info"),
        (lambda c: c.log_message("m", "info"), "info"),
        (lambda c: c.log_message("m", "danger"), "danger"),
        (lambda c: c.log_message("m", "WARNING"), "warning"),
        (lambda c: c.log_message("m", LogLevel.SUCCESS), "success"),
        (lambda c: c.log_message("m", level="error"), "error"),
        (lambda c: c.log_message("m", context="debug"), "debug"),
        (lambda c: c.log_message("m", "info", context=LogLevel.CRITICAL), "critical"),
        (lambda c: c.log_message("m", "Epoch"), "Epoch"),
        (lambda c: c.log_message("m", context="some words"), "some words"),
    ],
)
def test_a_level_is_a_word_an_enum_or_given_as_context(speak: Any, level: str):
    sink = listen(speak)

    assert [(event.level, event.body) for event in sink.events] == [(level, {"content": "m"})]


@pytest.mark.parametrize(
    ("message", "values", "text"),
    [
        ("{braces} stay {", {}, "{braces} stay {"),
        ("{x} of {y:.2f}", {"x": 1, "y": 2}, "1 of 2.00"),
        (3, {}, "3"),
        (None, {}, "None"),
    ],
)
def test_placeholders_are_filled_when_there_are_values(message: Any, values: dict[str, Any], text: str):
    assert listen(lambda c: c.log_message(message, **values)).contents() == [text]


def test_a_placeholder_without_a_value_is_a_key_error():
    with pytest.raises(KeyError, match="y"):
        listen(lambda c: c.log_message("{x} {y}", x=1))


@pytest.mark.parametrize(
    ("texts", "language", "wanted", "text"),
    [
        ({"en": "yes {n}", "ko": "네 {n}"}, None, None, "yes 1"),
        ({"en": "yes {n}", "ko": "네 {n}"}, "ko", None, "네 1"),
        ({"en": "yes {n}", "ko": "네 {n}"}, "ko", "en", "yes 1"),
        ({"en": "yes {n}"}, "ko", None, "yes 1"),
        ({"fr": "oui {n}"}, "ko", None, "oui 1"),
        ({}, None, None, ""),
    ],
)
def test_a_message_in_several_languages_is_told_in_the_runs_own(
    texts: dict[str, str], language: str | None, wanted: str | None, text: str
):
    sink = listen(lambda c: c.log_message(texts, language=wanted, n=1), language=language)

    assert sink.contents() == [text]


def test_a_message_may_belong_to_a_step():
    assert listen(lambda c: c.log_message("m", step="train")).events[0].step == "train"


@pytest.mark.parametrize("bounds", [(-1, 2), (3, 2), (0, 0), (1, -2), (math.nan, 1)])
def test_progress_outside_its_bounds_is_a_value_error(bounds: tuple[float, float]):
    with pytest.raises(ValueError, match="0 <= current <= total"):
        listen(lambda c: c.set_progress(*bounds))


@pytest.mark.parametrize("value", [None, 1, [("a", 1)], "text"])
def test_metrics_and_facts_must_be_mappings(value: Any):
    with pytest.raises(TypeError, match="must be a mapping"):
        listen(lambda c: c.set_metrics(value, "s"))
    with pytest.raises(TypeError, match="must be a mapping"):
        listen(lambda c: c.log("mine", value))


def test_an_event_of_the_authors_own_keeps_its_name_level_step_and_file():
    event = listen(lambda c: c.log("mine", {"a": object}, "x.txt", LogLevel.DEBUG, step="s")).events[0]

    assert (event.kind, event.name, event.level, event.step) == ("log", "mine", "debug", "s")
    assert event.body == {"a": "<class 'object'>", "file": "x.txt"}


def test_events_for_developers_are_of_level_debug():
    event = listen(lambda c: c.log_dev_event("m", {"a": 1})).events[0]

    assert (event.name, event.level, event.body) == ("dev_event", "debug", {"message": "m", "data": {"a": 1}})


def test_the_surroundings_are_handed_on():
    ctx = RuntimeContext(EventStream(), {"A": 1}, "job", 1, 2, 3, {"path": "x"}, "ko")

    assert (ctx.job_id, ctx.client, ctx.client_v1, ctx.v2_client, ctx.client_v2, ctx.agent_client) == (
        "job", 1, 1, 2, 2, 3,
    )  # fmt: skip
    assert (ctx.env, ctx.checkpoint, ctx.language, ctx.seed) == ({"A": 1}, {"path": "x"}, "ko", None)


def test_unknown_surroundings_are_refused():
    with pytest.raises(TypeError, match="backend"):
        RuntimeContext(EventStream(), {}, backend=1)  # type: ignore[call-arg]


def test_the_workspace_is_opened_once_and_only_when_asked_for():
    opened: list[object] = []
    ctx = RuntimeContext(EventStream(), {}, open_workspace=lambda: opened.append(1) or "workspace")  # type: ignore[arg-type, func-returns-value, return-value]

    assert opened == []
    assert ctx.workspace is ctx.workspace
    assert opened == [1]


def test_without_a_workspace_the_way_on_is_told():
    with pytest.raises(ExecutionError, match="without a workspace") as caught:
        _ = RuntimeContext(EventStream(), {}).workspace

    assert "LocalExecutor" in (caught.value.hint or "")
