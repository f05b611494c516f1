"""`synapse_sdk.loggers`: both dialects; nothing that is reported is lost on its way."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest

from synapse_sdk.loggers import (
    BackendLogger,
    BaseLogger,
    ConsoleLogger,
    JobLogger,
    LogEntry,
    NoOpLogger,
    ProgressData,
    TqdmLogger,
)
from synapse_sdk.plugins import BaseAction, LocalExecutor, PluginEnvironment, RuntimeContext
from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.log_messages import CommonLogMessageCode
from synapse_sdk.plugins.testing import RecordingContext


class Keeping(BaseLogger):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[tuple[Any, ...]] = []
        self.progress: list[tuple[Any, ...]] = []
        self.metrics: list[tuple[str, dict[str, Any]]] = []
        self.ends = 0

    def _log_impl(
        self,
        event: str,
        data: dict[str, Any],
        file: str | None,
        step: str | None,
        level: LogLevel | str | None = None,
    ) -> None:
        self.entries.append((event, data, file, step, level))

    def _on_progress(self, progress: ProgressData, category: str | None) -> None:
        self.progress.append((category, progress.percent, progress.status))

    def _on_metrics(self, category: str, m: dict[str, Any]) -> None:  # type: ignore[override]
        self.metrics.append((category, m))

    def _on_finish(self) -> None:
        self.ends += 1


class Older(BaseLogger):
    """The older dialect: three values."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[tuple[Any, ...]] = []

    def _log_impl(  # type: ignore[override]
        self, event: str, data: dict[str, Any], file: str | None
    ) -> None:
        self.entries.append((event, data, file))


class Client:
    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.updates: list[dict[str, Any]] = []
        self.is_away = False

    def create_logs(self, data: list[dict[str, Any]]) -> None:
        if self.is_away:
            raise ConnectionError("away")
        self.calls.append(data)

    def update_job(self, pk: str, data: dict[str, Any]) -> None:
        if self.is_away:
            raise ConnectionError("away")
        self.updates.append(data)

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [entry for call in self.calls for entry in call]


def open_context(logger: BaseLogger) -> RuntimeContext:
    return RuntimeContext(logger=logger, env=PluginEnvironment({}))


@pytest.mark.parametrize("word", ["info", "warning", "error", "critical"])
def test_a_word_is_a_message_of_that_level(word: str) -> None:
    logger = Keeping()
    getattr(logger, word)("hello")
    assert logger.entries == [("message", {"content": "hello"}, None, None, LogLevel(word))]


def test_debug_is_an_event_of_its_own() -> None:
    logger = Keeping()
    logger.debug("hello")
    assert logger.entries == [("debug", {"content": "hello"}, None, None, LogLevel.DEBUG)]


def test_log_takes_both_dialects() -> None:
    logger = Keeping()
    logger.set_step("train")
    logger.log(LogLevel.ERROR, "ev", {"a": 1}, "f.txt", "other")
    logger.log("ev", {"a": 1}, "f.txt")
    assert logger.entries == [
        ("ev", {"a": 1}, "f.txt", "other", LogLevel.ERROR),
        ("ev", {"a": 1}, "f.txt", "train", LogLevel.INFO),
    ]


def test_an_older_logger_gets_what_it_declares() -> None:
    logger = Older()
    open_context(logger).log_message("hello", "warning")
    logger.info("bye")
    logger.log("ev", {"a": 1}, "f.txt")
    assert logger.entries == [
        ("message", {"context": "warning", "content": "hello"}, None),
        ("message", {"context": "info", "content": "bye"}, None),
        ("ev", {"a": 1}, "f.txt"),
    ]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda logger: logger.log("loud", "ev", {}), TypeError),
        (lambda logger: logger.log(LogLevel.INFO, "ev", [1]), TypeError),
        (lambda logger: logger.set_progress(2, 1), ValueError),
        (lambda logger: logger.set_progress(0, 0), ValueError),
        (lambda logger: logger.set_metrics([1], "s"), TypeError),
        (lambda logger: logger.set_metrics({"a": 1}), ValueError),
        (lambda logger: logger.log_trials({}), ValueError),
    ],
)
def test_even_a_silent_logger_refuses_what_is_wrong(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(NoOpLogger())


def test_progress_is_measured_and_a_failure_is_kept() -> None:
    logger = Keeping()
    logger.set_progress(0, 4, category="train")
    logger.set_progress(1, 4, "train")
    progress = logger.get_progress("train")
    assert progress is not None
    assert progress.percent == 25
    assert progress.time_remaining is not None
    logger.set_progress_failed("train")
    assert logger.progress == [("train", 0, "running"), ("train", 25, "running"), ("train", 0, "failed")]


def test_numbers_of_a_step_are_merged() -> None:
    logger = Keeping()
    logger.set_metrics({"a": 1}, "s")
    logger.set_metrics({"b": 2}, category="s")
    assert logger.get_metrics() == {"s": {"a": 1, "b": 2}}
    assert logger.metrics == [("s", {"a": 1}), ("s", {"a": 1, "b": 2})]


def test_a_finished_logger_tells_once_and_takes_nothing() -> None:
    logger = Keeping()
    logger.finish()
    logger.finish()
    assert logger.ends == 1
    logger.set_step("after")
    with pytest.raises(RuntimeError, match="finished"):
        logger.info("late")


def test_a_context_reports_to_a_logger() -> None:
    logger = Keeping()
    ctx = open_context(logger)
    ctx.log_message(CommonLogMessageCode.PLUGIN_RUN_COMPLETE)
    ctx.log_message("odd", "my word", step="s")
    ctx.log_metric("cat", "key", 1.5, more=2)
    ctx.log_visualization("cat", "group", 3, "a.png", note="n")
    ctx.log("ev", {"file": "mine"}, "other.txt")
    ctx.set_progress(1, 2, category="s")
    assert ctx.logger is logger
    assert logger.entries[0][1]["key"] == "PLUGIN_RUN_COMPLETE"
    assert logger.entries[1][3:] == ("s", "my word")
    metric = {"category": "cat", "key": "key", "value": 1.5, "metrics": {"more": 2}}
    picture = {"category": "cat", "group": "group", "index": 3, "note": "n"}
    assert logger.entries[2] == ("metric", metric, None, None, LogLevel.INFO)
    assert logger.entries[3] == ("visualization", picture, "a.png", None, LogLevel.INFO)
    assert logger.entries[4] == ("ev", {"file": "mine"}, "other.txt", None, LogLevel.INFO)
    assert logger.progress == [("s", 50, "running")]


def test_the_logger_of_a_run_is_the_run_s_own() -> None:
    class Talk(BaseAction[Any]):
        def execute(self) -> dict[str, str]:
            self.logger.warning("careful")
            self.ctx.logger.set_progress(1, 2, "look")
            self.ctx.logger.set_metrics({"loss": 0.5}, "look")
            self.ctx.logger.log(LogLevel.INFO, "ev", {"a": 1})
            return {"kind": type(self.logger).__name__}

    ctx = RecordingContext()
    assert Talk({}, ctx).run() == {"kind": "StreamLogger"}
    assert ctx.recorded.messages == ["careful"]
    assert ctx.recorded.progress == [("look", 50.0)]
    assert ctx.recorded.metrics == [("look", {"loss": 0.5})]
    assert ctx.recorded.logged("ev") == [{"a": 1}]
    ctx.current_step = "inside"
    ctx.logger.info("in a step")
    assert ctx.recorded.events[-1].step == "inside"
    assert isinstance(pickle.loads(pickle.dumps(ctx.logger)), BaseLogger)
    ctx.close()
    assert LocalExecutor().execute(Talk) == {"kind": "StreamLogger"}


@pytest.mark.parametrize("kind", [ConsoleLogger, TqdmLogger])
def test_the_console_shows_each_thing_once(
    kind: type[ConsoleLogger], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logger = kind()
    logger.set_step("train")
    logger.error("broken")
    assert capsys.readouterr().out.count("broken") == 1  # there when the call returns
    logger.log_metric("loss", "val", 0.5)
    logger.set_progress(1, 1)
    logger.finish()
    out = capsys.readouterr().out
    assert "[metric] loss: val 0.5" in out
    assert re.search(r"train +100%", out)
    assert not caplog.records


def test_the_console_does_not_draw_each_tick(capsys: pytest.CaptureFixture[str]) -> None:
    logger = ConsoleLogger()
    for number in range(1, 1001):
        logger.set_progress(number, 1000, "train")
    logger.finish()
    assert capsys.readouterr().out.count("train") < 50


def test_a_backend_gets_the_step_of_progress() -> None:
    class Backend:
        def __init__(self) -> None:
            self.calls: list[Any] = []

        def publish_log(self, job_id: str, log_entry: LogEntry) -> None:
            self.calls.append((job_id, log_entry.to_dict() | {"timestamp": 0}))

        def publish_progress(self, job_id: str, progress: ProgressData) -> None:
            self.calls.append((job_id, progress.step, progress.percent))

        def publish_metrics(self, job_id: str, metrics: dict[str, Any]) -> None:
            self.calls.append((job_id, metrics))

    backend = Backend()
    logger = BackendLogger(backend, "7")
    logger.info("hi")
    logger.set_progress(1, 2, "s")
    logger.set_metrics({"a": 1}, "s")
    entry = {"event": "message", "data": {"content": "hi"}, "timestamp": 0, "file": None, "step": None}
    assert backend.calls == [("7", entry | {"level": "info"}), ("7", "s", 50.0), ("7", {"s": {"a": 1}})]
    BackendLogger(None, "7").info("to nobody")


def test_a_job_s_entries_have_level_and_step_and_are_json() -> None:
    client = Client()
    logger = JobLogger(client, "7")
    logger.set_step("s")
    logger.log_message("done", LogLevel.SUCCESS)
    logger.log_metric("c", "k", 1)
    logger.log_event("ev", {"odd": {1, 2}, "file": "data's own"})
    logger.log_visualization("c", "g", 0, "a.png")
    logger.finish()
    assert [(e["event"], e["level"], e["step"], e["job"]) for e in client.entries] == [
        ("message", "success", "s", "7"),
        ("metric", "info", "s", "7"),
        ("ev", "info", "s", "7"),
        ("visualization", "info", "s", "7"),
    ]
    assert client.entries[2]["data"]["file"] == "data's own"
    assert "file" not in client.entries[2]
    assert isinstance(client.entries[2]["data"]["odd"], str | list)
    assert client.entries[0]["datetime"].endswith("+00:00")
    assert [entry["file"] for entry in client.calls[-1]] == ["a.png"]  # alone


def test_a_job_s_log_goes_in_batches() -> None:
    client = Client()
    logger = JobLogger(client, "7", log_batch_size=10, log_flush_interval=60, progress_flush_interval=60)
    for number in range(95):
        logger.info(str(number))
    logger.finish()
    assert [entry["data"]["content"] for entry in client.entries] == [str(n) for n in range(95)]
    assert max(map(len, client.calls)) == 10
    assert len(client.calls) < 15


def test_a_job_s_ticks_are_neither_printed_nor_sent_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    client = Client()
    logger = JobLogger(client, "7", progress_flush_interval=60)
    for number in range(1, 1001):
        logger.set_progress(number, 1000, "train")
        logger.info(str(number))
    logger.finish()
    assert capsys.readouterr() == ("", "")
    assert len(client.updates) <= 3  # at once, at the end, and what was on its way
    assert client.updates[-1]["progress_record"]["record"]["steps"]["train"]["percent"] == 100


def test_a_call_may_wait_until_it_is_sent() -> None:
    client = Client()
    logger = JobLogger(client, "7", background_flush=False)
    logger.info("now")
    assert len(client.entries) == 1
    logger.finish()


def test_a_client_that_was_away_gets_everything(caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.is_away = True
    logger = JobLogger(client, "7", background_flush=False)
    logger.info("one")
    logger.info("two")
    assert logger.log_loss_report()["unsent"] == 2
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().isascii()
    client.is_away = False
    logger.finish()
    assert [entry["data"]["content"] for entry in client.entries] == ["one", "two"]
    assert not any(logger.log_loss_report().values())


def test_a_client_that_stays_away_is_told_of() -> None:
    client = Client()
    client.is_away = True
    logger = JobLogger(client, "7")
    logger.info("one")
    logger.finish()
    assert logger.log_loss_report()["unsent"] == 1


def overall(logger: JobLogger) -> float:
    value: float = logger.get_progress_record()["current_progress"]["overall"]
    return value


def test_the_whole_is_weighted_and_a_half_done_step_stays_half_done() -> None:
    client = Client()
    logger = JobLogger(client, "7", {"a": 30, "b": 70})
    logger.set_progress(1, 2, "a")
    logger.set_progress(1, 2, "b")
    assert overall(logger) == 50
    logger.set_progress(0, 2, "undeclared")
    assert overall(logger) == 50
    with pytest.raises(RuntimeError, match="before the first progress"):
        logger.set_step_proportions({"a": 1})
    logger.finish()
    record = client.updates[-1]["progress_record"]
    assert record["current_progress"]["overall"] == 100
    assert record["record"]["steps"]["a"] == {"proportion": 30, "percent": 50.0, "time_remaining": 0.0}


def test_without_proportions_only_the_end_is_at_100() -> None:
    logger = JobLogger(Client(), "7")
    logger.set_progress(1, 1)
    assert overall(logger) == 99
    logger.set_progress(1, 2, "one")
    logger.finish()
    assert overall(logger) == 100


def test_a_failed_step_is_marked_and_the_whole_stays_below_100() -> None:
    client = Client()
    logger = JobLogger(client, "7", {"a": 50, "b": 50})
    logger.set_progress(2, 2, "a")
    logger.set_progress_failed("b")
    logger.finish()
    record = client.updates[-1]["progress_record"]
    assert record["record"]["steps"]["b"]["status"] == "failed"
    assert record["current_progress"]["overall"] == 50


def test_numbers_of_a_job_are_sent_merged() -> None:
    client = Client()
    logger = JobLogger(client, "7")
    logger.set_metrics({"a": 1}, "s")
    logger.set_metrics({"b": 2}, "s")
    logger.finish()
    assert client.updates[-1]["metrics_record"] == {"record": {"steps": {"s": {"a": 1, "b": 2}}}}


def test_a_job_without_a_client_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    logger = JobLogger(None, "7")
    logger.info("hello")
    logger.finish()
    assert "hello" in capsys.readouterr().out
