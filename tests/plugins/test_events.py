"""Events: nothing lost, order kept, whoever reports and whatever a sink does."""

from __future__ import annotations

import math
import threading
from collections import Counter
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.recording import FailingSink, GatedSink, RecordingSink, strict_json
from tests.plugins.scripts import say

from synapse_sdk.plugins.events import QUEUE_LIMIT, EventStream, as_number
from synapse_sdk.wire.event import Event


def record(report: Any, **options: Any) -> RecordingSink:
    """Let `report` speak into a stream and return what arrived."""
    sink = RecordingSink()
    stream = EventStream([sink], job="j", **options)
    try:
        report(stream)
    finally:
        stream.close()
    return sink


# Nothing is lost


def test_forty_thousand_events_of_eight_threads_all_arrive_each_threads_own_in_order():
    sink = RecordingSink()
    stream = EventStream([sink])

    def work(name: str) -> None:
        for number in range(5_000):
            stream.metrics(name, {"n": number})

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream.close()

    assert [event.seq for event in sink.events] == list(range(1, 40_001))
    for name in (f"t{i}" for i in range(8)):
        own = [event for event in sink.events if event.step == name]
        assert [event.values["n"] for event in own if event.values] == list(range(5_000))
        assert [event.ordinals["n"] for event in own if event.ordinals] == list(range(5_000))


def test_what_is_reported_while_the_stream_closes_arrives_or_is_refused():
    for _ in range(20):
        sink = RecordingSink()
        stream = EventStream([sink])
        accepted: Counter[str] = Counter()
        begun = threading.Barrier(5)

        def work(name: str, stream=stream, accepted=accepted, begun=begun) -> None:
            begun.wait()
            while True:
                try:
                    stream.metrics(name, {"n": accepted[name]})
                except RuntimeError:
                    return
                accepted[name] += 1

        threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        begun.wait()
        stream.flush()
        stream.close()
        for thread in threads:
            thread.join()

        assert Counter(event.step for event in sink.events) == +accepted


def test_a_slow_sink_makes_callers_wait_and_loses_nothing():
    sink = GatedSink()
    stream = EventStream([sink])
    is_through = threading.Event()
    # A late first round takes all that waits, and as much fits again behind it.
    count = 2 * QUEUE_LIMIT + 10_000

    def work() -> None:
        for number in range(count):
            stream.metrics("s", {"n": number})
        is_through.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert sink.has_begun.wait(30)
    was_through_early = is_through.wait(1.0)  # more than it takes to append them all
    sink.gate.set()
    thread.join(60)
    stream.close()

    assert not was_through_early
    assert [event.values["n"] for event in sink.events if event.values] == list(range(count))


def test_flush_returns_when_everything_before_it_was_handed_over():
    sink = RecordingSink()
    stream = EventStream([sink])

    for number in range(50):
        stream.metrics("s", {"n": number})
        stream.flush()
        assert len(sink.events) == number + 1

    stream.close()


def test_flush_and_close_of_a_stream_without_events_close_the_sinks_once():
    sink = RecordingSink()
    stream = EventStream([sink])

    stream.flush()
    stream.close()
    stream.close()

    assert sink.is_closed
    assert sink.events == []


def test_no_thread_is_started_when_nothing_is_reported():
    stream = EventStream([RecordingSink()])
    before = threading.active_count()
    stream.flush()
    stream.close()

    assert threading.active_count() == before
    assert stream.job is None


def test_the_thread_is_gone_after_close():
    stream = EventStream([RecordingSink()])
    stream.message("hello", level="info")
    stream.close()

    assert not stream._thread.is_alive()


@pytest.mark.parametrize(
    "report",
    [
        lambda s: s.message("x", level="info"),
        lambda s: s.metrics("s", {"x": 1}),
        lambda s: s.progress("s", 1, 2),
        lambda s: s.log("x", {}, level="info"),
        lambda s: s.state("RUNNING"),
    ],
)
@pytest.mark.parametrize("was_used", [False, True])
def test_reporting_after_close_raises(report: Any, was_used: bool):
    stream = EventStream([RecordingSink()])
    if was_used:
        stream.state("RUNNING")
    stream.close()

    with pytest.raises(RuntimeError, match="this run has ended"):
        report(stream)


# Numbers and identities


def test_seq_counts_all_kinds_together_from_one():
    def report(stream: EventStream) -> None:
        stream.state("RUNNING")
        stream.message("hello", level="info")
        stream.metrics("a", {"x": 1})
        stream.progress("a", 1, 2)
        stream.log("mine", {"x": 1}, level="info")

    events = record(report).events

    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert {(event.job, event.attempt, event.producer) for event in events} == {("j", 1, "worker")}


def test_ordinals_count_each_key_of_each_step_on_its_own():
    def report(stream: EventStream) -> None:
        stream.metrics("train", {"loss": 3, "acc": 0})
        stream.metrics("train", {"loss": 2})
        stream.metrics("val", {"loss": 1})
        stream.metrics(None, {"loss": 0})
        stream.metrics("train", {"loss": 1, "acc": 1})

    assert [event.ordinals for event in record(report).events] == [
        {"loss": 0, "acc": 0},
        {"loss": 1},
        {"loss": 0},
        {"loss": 0},
        {"loss": 2, "acc": 1},
    ]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        (-0.5, -0.5),
        (True, 1),
        (np.float32(1.5), 1.5),
        (np.float64(1e-300), 1e-300),
        (np.int64(-7), -7),
        (np.bool_(True), 1),
        (np.array(2.5), 2.5),
        (np.array([4]), 4),
        (np.array([[4.5]]), 4.5),
        (math.inf, math.inf),
        (-math.inf, -math.inf),
        (np.float32("inf"), math.inf),
        (2**70, float(2**70)),
    ],
)
def test_a_number_becomes_a_point_of_its_series(value: object, number: float):
    sink = record(lambda stream: stream.metrics("s", {"x": value}))

    assert sink.events[0].values == {"x": number}
    assert Event.model_validate_json(sink.lines[0]).values == {"x": number}
    strict_json(sink.lines[0])


@pytest.mark.parametrize("value", [math.nan, np.float32("nan"), np.array([math.nan])])
def test_not_a_number_is_kept_as_such_and_written_as_standard_json(value: object):
    sink = record(lambda stream: stream.metrics("s", {"x": value}))

    again = Event.model_validate_json(sink.lines[0])
    assert again.values is not None
    assert math.isnan(again.values["x"])
    assert strict_json(sink.lines[0])["values"] == {"x": "NaN"}


class Weird:
    shape = "round"  # not a shape of numbers

    def __repr__(self) -> str:
        return "<weird>"


class Unshowable:
    def __repr__(self) -> str:
        raise ValueError("no")


@pytest.mark.parametrize(
    ("value", "fact"),
    [
        ("high", "high"),
        (None, None),
        ([1, 2], [1, 2]),
        (np.array([1, 2]), "array([1, 2])"),
        (np.array([]), "array([], dtype=float64)"),
        (1j, "1j"),
        ({"a": {1, 2}}, {"a": [1, 2]}),
        (Weird(), "<weird>"),
        (Unshowable(), "<Unshowable that can not be shown>"),
        (10**400, 10**400),
    ],
)
def test_what_is_no_number_is_kept_beside_the_numbers_as_a_fact(value: object, fact: object):
    sink = record(lambda stream: stream.metrics("s", {"x": value, "loss": 1}))

    event = Event.model_validate_json(sink.lines[0])
    assert event.values == {"loss": 1}
    assert event.ordinals == {"loss": 0}
    assert event.body == {"other": {"x": fact}}


@pytest.mark.parametrize("value", ["5", None, [1.0], np.arange(3), object(), 1j, 10**400])
def test_as_number_takes_no_guesses(value: object):
    assert as_number(value) is None


class Split(Enum):
    TRAIN = "train"


@pytest.mark.parametrize(
    ("given", "written"), [(3, "3"), (Split.TRAIN, "train"), (1.5, "1.5"), ("\udcff", "\\udcff")]
)
def test_names_that_are_no_plain_text_are_written_as_text(given: Any, written: str):
    def report(stream: EventStream) -> None:
        stream.metrics(given, {given: 0.5})
        stream.progress(given, 1, 2)
        stream.message("x", level="info", step=given)
        stream.log(given, {}, level="info", step=given)

    metric, progress, message, log = record(report).events
    assert metric.values == {written: 0.5}
    assert metric.ordinals == {written: 0}
    assert [event.step for event in (metric, progress, message, log)] == [written] * 4
    assert log.name == written


def test_changing_a_dict_after_the_call_changes_nothing():
    sink = RecordingSink()
    stream = EventStream([sink])
    values, body = {"x": 1.0}, {"list": [1], "dict": {"a": 1}}

    stream.metrics("s", values)
    stream.log("mine", body, level="info")
    values["x"] = 2.0
    values.clear()
    body["list"].append(2)
    body["dict"]["a"] = 2
    stream.close()

    metric, log = sink.events
    assert metric.values == {"x": 1.0}
    assert log.body == {"list": [1], "dict": {"a": 1}}


def test_a_body_that_contains_itself_is_shown_and_the_run_goes_on():
    body: dict[str, Any] = {"a": 1}
    body["self"] = body

    sink = record(lambda stream: stream.log("mine", body, level="info"))

    assert sink.events[0].body is not None
    assert sink.events[0].body["a"] == 1


# Any text at all; hypothesis leaves half characters out unless told.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
ANY_NUMBER = st.one_of(st.floats(), st.integers(), st.booleans(), st.floats(width=32).map(np.float32))
ANY_VALUE = st.recursive(
    st.one_of(ANY_NUMBER, ANY_TEXT, st.none(), st.binary(), st.complex_numbers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.one_of(st.none(), ANY_TEXT), st.dictionaries(ANY_TEXT, ANY_VALUE, max_size=4), ANY_TEXT),
        max_size=6,
    )
)
def test_whatever_is_reported_arrives_as_lines_that_read_back_the_same(rounds: list[Any]):
    def report(stream: EventStream) -> None:
        for step, body, text in rounds:
            stream.metrics(step, body)
            stream.log(text, body, level=text, step=step)
            stream.message(text, level="info", step=step)

    sink = record(report)

    assert [event.kind for event in sink.events] == ["metric", "log", "message"] * len(rounds)
    assert [event.seq for event in sink.events] == list(range(1, 3 * len(rounds) + 1))
    for line in sink.lines:
        assert b"\n" not in line
        strict_json(line)
        # Values, not bytes: pydantic writes 6.1e-05 as 0.000061.
        again = Event.model_validate_json(line).model_dump_json(exclude_none=True)
        assert strict_json(again.encode()) == strict_json(line)


def test_numbers_that_no_event_can_hold_are_told_as_a_loss_and_the_next_events_arrive():
    def report(stream: EventStream) -> None:
        stream.state("RUNNING", fact=object())  # only our own code calls this; it must not kill the thread
        stream.message("after", level="info")

    sink = record(report)

    loss, message = sink.events
    assert loss.kind == "loss"
    assert loss.body is not None
    assert loss.body["event_count"] == 1
    assert "state" in loss.body["what"]
    assert message.body == {"content": "after"}
    assert [loss.seq, message.seq] == [1, 2]


# Progress


@pytest.mark.parametrize(
    ("current", "total"),
    [(-1, 10), (11, 10), (0, 0), (1, -1), (math.nan, 1), (1, math.nan), (1, math.inf), (1, 10**400)],
)
def test_progress_outside_its_bounds_is_refused(current: float, total: float):
    stream = EventStream([RecordingSink()])

    with pytest.raises(ValueError, match="0 <= current <= total"):
        stream.progress("s", current, total)

    stream.close()


def test_progress_that_is_no_number_is_refused():
    stream = EventStream([RecordingSink()])

    with pytest.raises(TypeError, match="not in str"):
        stream.progress("s", "1", 2)  # type: ignore[arg-type]

    stream.close()


@pytest.mark.parametrize("kind", [int, float, np.int64, np.float32, np.array])
def test_progress_takes_numbers_of_every_kind(kind: Any):
    sink = record(lambda stream: stream.progress("s", kind(1), kind(4)))

    assert sink.events[0].body is not None
    assert sink.events[0].body["percent"] == 25.0
    strict_json(sink.lines[0])


def merge_in_one_round(report: Any) -> list[dict[str, Any]]:
    """Let calls gather behind a closed gate, so that they are one round; return their progress bodies."""
    sink = GatedSink()
    stream = EventStream([sink])
    stream.message("first", level="info")
    assert sink.has_begun.wait(30)
    report(stream)
    sink.gate.set()
    stream.close()
    return [{"step": event.step, **(event.body or {})} for event in sink.of_kind("progress")]


@pytest.mark.parametrize("first", [0, 1])
def test_merged_progress_keeps_the_first_and_the_last_and_counts_the_others(first: int):
    def report(stream: EventStream) -> None:
        for current in range(first, 101):
            stream.progress("s", current, 100)

    bodies = merge_in_one_round(report)

    assert [body["current"] for body in bodies] == [first, 100]
    assert sum(body.get("merged_count", 0) for body in bodies) == 99 - first


def test_merging_never_mixes_steps_and_never_moves_a_message_past_progress():
    def report(stream: EventStream) -> None:
        for current in range(1, 6):
            stream.progress("a", current, 10)
            stream.progress("b", current, 20)
        stream.message("now", level="info")
        stream.progress("a", 10, 10)

    bodies = merge_in_one_round(report)

    assert [(body["step"], body["current"]) for body in bodies] == [
        ("a", 1), ("b", 1), ("b", 5), ("a", 10),
    ]  # fmt: skip
    assert {body["step"]: body["merged_count"] for body in bodies if "merged_count" in body} == {
        "a": 4, "b": 3,
    }  # fmt: skip


def test_a_step_that_starts_again_is_not_merged_into_its_first_time():
    def report(stream: EventStream) -> None:
        for current in (0, 5, 10, 0, 5, 10):
            stream.progress("s", current, 10)

    bodies = merge_in_one_round(report)

    assert [body["current"] for body in bodies] == [0, 10, 0, 10]


# Quotas


def test_an_event_over_a_mebibyte_is_told_as_a_loss_in_its_place():
    def report(stream: EventStream) -> None:
        stream.log("small", {"x": 1}, level="info")
        stream.log("large", {"x": "y" * 1024 * 1024}, level="info")
        stream.log("small", {"x": 2}, level="info")

    events = record(report).events

    assert [(event.kind, event.seq) for event in events] == [("log", 1), ("loss", 2), ("log", 3)]
    assert events[1].body is not None
    assert events[1].body["event_count"] == 1
    assert events[1].body["size_bytes"] > events[1].body["limit_bytes"] == 1024 * 1024


def test_even_a_huge_name_does_not_make_a_huge_event():
    def report(stream: EventStream) -> None:
        stream.metrics("s" * 2 * 1024 * 1024, {"x": 1})

    sink = record(report)

    assert sink.events[0].kind == "loss"
    assert len(sink.lines[0]) < 1000


@pytest.mark.parametrize("character", ["x", "é", "한", "🙂"])
def test_a_long_text_is_cut_at_64_kib_and_marked(character: str):
    text = character * 70_000

    sink = record(lambda stream: stream.message(text, level="info"))

    body = sink.events[0].body
    assert body is not None
    kept = body["content"].removesuffix(" … [cut]")
    assert kept != body["content"]
    assert text.startswith(kept)
    assert 64 * 1024 - 4 < len(kept.encode()) <= 64 * 1024
    assert body["cut_bytes"] == len(text.encode()) - len(kept.encode())


def test_text_over_the_quota_is_left_out_and_counted_at_the_end():
    def report(stream: EventStream) -> None:
        for number in range(10):
            stream.message(f"text {number}", level="info")
            stream.metrics("s", {"n": number})

    sink = record(report, text_quota_bytes=21)

    assert sink.contents() == ["text 0", "text 1", "text 2"]
    assert len(sink.of_kind("metric")) == 10
    assert [event.seq for event in sink.events] == list(range(1, 15))
    assert sink.events[-1].kind == "loss"
    assert sink.events[-1].body == {
        "what": "texts over the quota", "event_count": 7, "size_bytes": 42, "quota_bytes": 21,
    }  # fmt: skip


# Sinks that misbehave


def test_a_sink_that_raises_loses_only_its_own_events_and_the_others_are_told_in_order():
    first, bad, last = RecordingSink(), FailingSink(), RecordingSink()
    stream = EventStream([first, bad, last])

    for number in range(5):
        stream.metrics("s", {"n": number})
        stream.flush()
    stream.close()

    for good in (first, last):
        assert [event.seq for event in good.events] == list(range(1, len(good.events) + 1))
        assert [event.values["n"] for event in good.events if event.values] == [0, 1, 2, 3, 4]
        assert [event.body for event in good.of_kind("loss")] == [
            {"what": "events", "sink": "FailingSink", "why": "no room"},
            {"what": "events", "sink": "FailingSink", "event_count": 6},
        ]
    assert [(failure.sink, str(failure.error)) for failure in stream.failures] == [(bad, "no room")]
    assert stream.lost_event_count == stream.event_count == 7


def test_a_sink_that_recovers_is_told_how_much_it_missed():
    is_full = threading.Event()
    sink = FailingSink(fails=is_full.is_set)
    stream = EventStream([sink])

    for number in range(6):
        if number in (2, 4):
            (is_full.clear if is_full.is_set() else is_full.set)()
        stream.metrics("s", {"n": number})
        stream.flush()
    stream.close()

    assert [event.values["n"] for event in sink.events if event.values] == [0, 1, 4, 5]
    assert sink.of_kind("loss")[0].body == {"what": "events", "sink": "FailingSink", "event_count": 3}
    assert stream.event_count - stream.lost_event_count == len(sink.events)


def test_two_sinks_that_fail_are_counted_apart():
    one, two, good = FailingSink(), FailingSink(), RecordingSink()
    stream = EventStream([one, two, good])

    stream.message("hello", level="info")
    stream.close()

    assert {id(failure.sink) for failure in stream.failures} == {id(one), id(two)}
    assert len(stream.failures) == 2
    assert good.contents() == ["hello"]
    assert [event.seq for event in good.events] == list(range(1, len(good.events) + 1))


def test_a_sink_that_fails_to_close_is_reported_and_the_others_are_closed():
    class Stuck(RecordingSink):
        def close(self) -> None:
            raise OSError("stuck")

    stuck, good = Stuck(), RecordingSink()
    stream = EventStream([stuck, good])
    stream.message("hello", level="info")

    stream.close()

    assert good.is_closed
    assert [(failure.sink, failure.lost_event_count) for failure in stream.failures] == [(stuck, 0)]


# Child processes

PRELUDE = """
import multiprocessing, os, pathlib, sys, threading
from synapse_sdk.plugins.event_encoder import EncodedEvent
from synapse_sdk.plugins.events import EventStream

class FileSink:
    is_shared_with_children = True
    def __init__(self, path):
        self.path = path
    def write(self, batch):
        with open(self.path, "ab", 0) as stream:
            stream.write(b"".join(line + b"\\n" for _, line in batch))
    def close(self):
        pass

def work(stream, count):
    for number in range(count):
        stream.metrics("child", {"n": number})
"""


def run_family(tmp_path: Path, source: str) -> dict[str, list[Event]]:
    """Run a program whose processes share a sink; return each producer's events."""
    (tmp_path / "family.py").write_text(PRELUDE + source, encoding="utf-8")
    say("import sys; sys.path.insert(0, '.'); import family; family.main()", tmp_path)
    events = [Event.model_validate_json(line) for line in (tmp_path / "events").read_bytes().splitlines()]
    assert len({(event.job, event.producer, event.seq) for event in events}) == len(events)
    assert len({event.job for event in events}) == 1
    by_producer: dict[str, list[Event]] = {}
    for event in events:
        by_producer.setdefault(event.producer, []).append(event)
    for own in by_producer.values():
        assert [event.seq for event in own] == list(range(1, len(own) + 1))
    return by_producer


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_forked_child_continues_under_a_name_of_its_own(tmp_path: Path, has_begun: bool):
    families = run_family(
        tmp_path,
        f"""
def main():
    stream = EventStream([FileSink("events")], job="j")
    if {has_begun}:
        for number in range(1000):
            stream.metrics("parent", {{"n": number}})
    pid = os.fork()
    if pid == 0:
        work(stream, 1000)
        stream.close()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    work(stream, 10)
    stream.close()
""",
    )

    assert len(families) == 2
    children = [name for name in families if name != "worker"]
    assert children[0].startswith("worker/")
    assert [event.values["n"] for event in families[children[0]] if event.values] == list(range(1000))
    assert len(families["worker"]) == (1010 if has_begun else 10)


def test_a_forked_child_that_just_leaves_loses_nothing(tmp_path: Path):
    families = run_family(
        tmp_path,
        """
def main():
    stream = EventStream([FileSink("events")], job="j")
    stream.state("RUNNING")
    pid = os.fork()
    if pid == 0:
        work(stream, 1000)
        sys.exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    stream.close()
""",
    )

    assert sorted(len(own) for own in families.values()) == [1, 1000]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_report_under_names_of_their_own(tmp_path: Path, method: str):
    families = run_family(
        tmp_path,
        f"""
def main():
    stream = EventStream([FileSink(os.path.abspath("events"))], job="j")
    stream.state("RUNNING")
    context = multiprocessing.get_context("{method}")
    processes = [context.Process(target=work, args=(stream, 500)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0, process.exitcode
    stream.state("SUCCEEDED")
    stream.close()
""",
    )

    assert sorted(len(own) for own in families.values()) == [2, 500, 500]
    assert len(families["worker"]) == 2


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_worker_that_is_handed_the_stream_many_times_stays_one_producer(tmp_path: Path, method: str):
    families = run_family(
        tmp_path,
        f"""
def main():
    stream = EventStream([FileSink(os.path.abspath("events"))], job="j")
    stream.state("RUNNING")
    with multiprocessing.get_context("{method}").Pool(1) as pool:
        for _ in range(5):
            pool.apply(work, (stream, 10))
        pool.close()
        pool.join()
    stream.close()
""",
    )

    assert sorted(len(own) for own in families.values()) == [1, 50]


def test_forking_while_other_threads_report_neither_deadlocks_nor_repeats(tmp_path: Path):
    families = run_family(
        tmp_path,
        """
def main():
    stream = EventStream([FileSink("events")], job="j")
    def chatter():
        for number in range(10_000):
            stream.metrics("parent", {"n": number})
    threads = [threading.Thread(target=chatter) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        pid = os.fork()
        if pid == 0:
            work(stream, 20)
            stream.close()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    for thread in threads:
        thread.join()
    stream.close()
""",
    )

    assert len(families["worker"]) == 20_000
    children = [own for name, own in families.items() if name != "worker"]
    assert [len(own) for own in children] == [20] * 10


def test_only_sinks_that_say_so_are_shared_with_children(tmp_path: Path):
    printed = say(
        PRELUDE
        + """
class Private(FileSink):
    is_shared_with_children = False
stream = EventStream([FileSink("shared"), Private("private")], job="j")
stream.state("RUNNING")
pid = os.fork()
if pid == 0:
    work(stream, 3)
    stream.close()
    os._exit(0)
os.waitpid(pid, 0)
stream.close()
print(*(len(open(name).readlines()) for name in ("shared", "private")))
""",
        tmp_path,
    )

    assert printed == ["4 1"]
