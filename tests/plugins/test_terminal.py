"""A run's story for whoever watches: plain lines elsewhere, one live line on a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.plugins.context import RuntimeContext
from synapse_sdk.plugins.event_encoder import EncodedEvent
from synapse_sdk.plugins.events import EventStream
from synapse_sdk.plugins.terminal import TerminalSink, format_number
from synapse_sdk.wire.event import Event


class Terminal(io.StringIO):
    """A stream that says it is a terminal; it has no size, so 80 columns."""

    def isatty(self) -> bool:
        return True


def tell(speak: Any, *, stream: io.StringIO | None = None, show_debug: bool = False) -> str:
    stream = stream or io.StringIO()
    events = EventStream([TerminalSink(stream, show_debug=show_debug)])
    speak(RuntimeContext(events, {}))
    events.close()
    assert events.failures == []
    return stream.getvalue()


def train(ctx: RuntimeContext) -> None:
    for epoch in (1, 2, 3):
        ctx.set_metrics({"epoch": epoch, "loss": 1 / epoch}, "train")
        ctx.set_progress(epoch, 3, "train")


def test_each_phase_is_one_plain_line_where_nobody_watches():
    def speak(ctx: RuntimeContext) -> None:
        ctx.set_progress(1, 1, "dataset")
        train(ctx)

    assert tell(speak) == "  dataset      100%\n  train        100%  epoch 3  loss 0.333\n"


def test_the_column_of_names_grows_with_the_longest_name():
    def speak(ctx: RuntimeContext) -> None:
        for step in ("train", "generate_data_units", "x" * 100, "end"):
            ctx.set_progress(1, 1, step)

    lines = tell(speak).splitlines()

    assert lines[0] == "  train        100%"
    assert lines[1] == "  generate_data_units 100%"
    assert lines[2] == f"  {'x' * 31}… 100%"
    assert lines[3] == f"  {'end':32} 100%"


def test_a_terminal_sees_one_live_line_which_becomes_the_last_plain_one():
    text = tell(train, stream=Terminal())

    assert text.count("\n") == 1
    assert text.endswith("\r\x1b[2K  train        100%  epoch 3  loss 0.333\n")


def test_a_live_line_never_wraps():
    text = tell(lambda ctx: ctx.set_metrics({f"metric_{i}": i for i in range(50)}, "s"), stream=Terminal())

    live = text.rpartition("\r")[0].rpartition("\x1b[2K")[2]
    assert len(live) <= 79


@pytest.mark.parametrize(
    ("level", "line"),
    [
        ("info", "  hello\n"),
        ("success", "  hello\n"),
        ("warning", "  warning: hello\n"),
        ("danger", "  danger: hello\n"),
        ("error", "  error: hello\n"),
        ("critical", "  critical: hello\n"),
        ("Some word", "  hello\n"),
        ("debug", ""),
    ],
)
def test_a_message_is_told_with_its_level_where_that_matters(level: str, line: str):
    assert tell(lambda ctx: ctx.log_message("hello", level)) == line


def test_debug_messages_are_told_when_asked_for():
    def speak(ctx: RuntimeContext) -> None:
        ctx.log_message("hello", "debug")
        ctx.log_dev_event("for developers", {"a": 1})
        ctx.log("dev_event", {"a": 1})

    assert tell(speak, show_debug=True) == "  hello\n  debug: for developers\n  debug: \n"
    assert tell(speak) == ""


def test_colours_only_on_a_terminal_and_never_against_no_color(monkeypatch: pytest.MonkeyPatch):
    def speak(ctx: RuntimeContext) -> None:
        ctx.log_message("careful", "warning")

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[33mwarning: \x1b[0mcareful" in tell(speak, stream=Terminal())
    assert "\x1b" not in tell(speak)

    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[33m" not in tell(speak, stream=Terminal())


def test_control_characters_of_an_author_do_not_move_the_readers_cursor():
    text = tell(lambda ctx: ctx.log_message("a\x1b[2Jb\rc\x07d\te\nf"))

    assert (
        text == "  a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d\te\nf\n"
    )


def test_what_is_said_after_a_phase_stands_after_it():
    def speak(ctx: RuntimeContext) -> None:
        ctx.set_progress(1, 1, "train")
        ctx.log_message("done")

    assert tell(speak) == "  train        100%\n  done\n"


def test_losses_are_told():
    text = tell(lambda ctx: ctx.log("large", {"x": "y" * 2**20}))

    assert text.startswith("  warning: left out an event of kind log: 1 of 1,048,")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"what": "stdout over the quota", "stream": "stdout", "kept_bytes": 2**30, "quota_bytes": 2**30},
            "left out stdout over the quota: what comes after 1,073,741,824 bytes",
        ),
        ({"what": "texts", "event_count": 2, "size_bytes": 30}, "left out texts: 2 of 30 bytes"),
        ({"what": "metrics", "because": "new"}, "lost: {'what': 'metrics', 'because': 'new'}"),
    ],
)
def test_losses_that_a_server_tells_are_told_on(body: dict[str, Any], text: str):
    # Whoever follows a job hears of what the server could not keep, also from a newer one.
    stream = io.StringIO()
    facts = {"job": uuid7(), "producer": "server", "seq": 1, "at": utc_now()}
    event = Event.model_validate({**facts, "kind": "loss", "level": "warning", "body": body})

    TerminalSink(stream).write([EncodedEvent(event, b"")])

    assert stream.getvalue() == f"  warning: {text}\n"


def test_the_loss_of_another_sink_is_told_once():
    class Full:
        def write(self, batch: Any) -> None:
            raise OSError("no room")

        def close(self) -> None: ...

    stream = io.StringIO()
    events = EventStream([Full(), TerminalSink(stream)])
    events.message("hello", level="info")
    events.close()

    assert stream.getvalue() == "  hello\n  warning: Full lost events: no room\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (3.0, "3"),
        (0.41234, "0.412"),
        (1.2345e-5, "1.234e-05"),
        (12345.678, "1.235e+04"),
        (-0.0, "0"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (10**20, "100000000000000000000"),
    ],
)
def test_numbers_have_the_digits_that_a_glance_needs(value: float, text: str):
    assert format_number(value) == text


def test_values_that_are_no_numbers_do_not_stop_the_story():
    values = {"a": float("nan"), "b": float("inf"), "c": 2**70}

    assert (
        tell(lambda ctx: ctx.set_metrics(values, "s")) == "  s                  a nan  b inf  c 1.181e+21\n"
    )


def test_the_whole_of_a_workflow_stands_beside_the_step_it_is_at():
    def speak(ctx: RuntimeContext) -> None:
        ctx.set_progress(1, 2, "load")
        ctx.set_overall_progress(10)
        ctx.logger.flush()
        ctx.set_progress(1, 4, "train")
        ctx.set_overall_progress(40)

    text = tell(speak, stream=Terminal())

    assert text.count("\n") == 2
    assert "load          50%  overall 10%" in text
    assert text.endswith("\r\x1b[2K  train         25%\n")
