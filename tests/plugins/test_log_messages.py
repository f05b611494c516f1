"""Messages by code: their text in the run's language, their own level, their key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.plugins.recording import RecordingSink

from synapse_sdk import i18n
from synapse_sdk.i18n import LocalizedMessage
from synapse_sdk.plugins import BaseTrainAction, RuntimeContext
from synapse_sdk.plugins.actions.train import TrainLogMessageCode
from synapse_sdk.plugins.actions.upload import UploadLogMessageCode
from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.events import EventStream
from synapse_sdk.plugins.log_messages import (
    CommonLogMessageCode,
    LogMessageCode,
    register_log_messages,
    resolve_log_message,
)


class Code(LogMessageCode):
    SAVED = ("SAVED", LogLevel.SUCCESS)
    PLAIN = "PLAIN"


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    register_log_messages({Code.SAVED: {"en": "Saved {name}", "ko": "{name} 저장됨"}})
    yield
    i18n.reset_translator()


def tell(speak: Any, language: str | None = None) -> list[tuple]:
    sink = RecordingSink()
    stream = EventStream([sink])
    speak(RuntimeContext(stream, {}, language=language))
    stream.close()
    assert stream.failures == []
    return [(event.level, event.body) for event in sink.of_kind("message")]


def test_a_code_is_a_text_with_a_level():
    assert (Code.SAVED, Code.SAVED.value, Code.SAVED.level) == ("SAVED", "SAVED", LogLevel.SUCCESS)
    assert Code.PLAIN.level is LogLevel.INFO
    assert resolve_log_message(Code.SAVED, "ko", name="a") == ("a 저장됨", LogLevel.SUCCESS)
    assert resolve_log_message(Code.SAVED) == ("Saved {name}", LogLevel.SUCCESS)
    assert resolve_log_message(Code.PLAIN) == ("PLAIN", LogLevel.INFO)


@pytest.mark.parametrize(("language", "content"), [(None, "Saved a"), ("ko", "a 저장됨"), ("fr", "Saved a")])
def test_a_message_by_code_has_its_text_its_level_and_its_key(language: str | None, content: str):
    def speak(ctx: RuntimeContext) -> None:
        ctx.log_message(Code.SAVED, "danger", name="a")

    assert tell(speak, language) == [("success", {"content": content, "key": "SAVED"})]


@pytest.mark.parametrize(
    "message", [{"en": "Hi {x}", "ko": "안녕 {x}"}, LocalizedMessage(en="Hi {x}", ko="안녕 {x}")]
)
def test_a_message_in_several_languages_is_told_in_the_runs(message: Any):
    def speak(ctx: RuntimeContext) -> None:
        ctx.log_message(message, "warning", x=1)
        ctx.log_message(message, language="en", x=2)

    assert tell(speak, "ko") == [("warning", {"content": "안녕 1"}), ("info", {"content": "Hi 2"})]


def test_a_code_as_plain_text_is_that_text_and_so_is_anything_else():
    def speak(ctx: RuntimeContext) -> None:
        ctx.log_message("SAVED")
        ctx.log_message("braces {stay}")
        ctx.log_message(3)  # type: ignore[arg-type]

    assert [body["content"] for _, body in tell(speak)] == ["SAVED", "braces {stay}", "3"]


def test_a_run_that_says_it_is_complete_can_go_on():
    def speak(ctx: RuntimeContext) -> None:
        ctx.end_log()
        ctx.log_message("one more")

    (ended, more) = tell(speak)
    assert ended[1]["key"] == CommonLogMessageCode.PLUGIN_RUN_COMPLETE
    assert more[1]["content"] == "one more"


def test_every_code_of_the_training_has_a_text():
    assert BaseTrainAction.get_log_message_code_class() is TrainLogMessageCode
    for code in (*TrainLogMessageCode, *CommonLogMessageCode):
        for language in ("en", "ko"):
            assert i18n.get_translator().has_translation(code.value, language), code


def test_a_table_of_trials_is_recorded_whole_or_in_parts():
    sink = RecordingSink()
    stream = EventStream([sink])
    ctx = RuntimeContext(stream, {})

    ctx.log_trials(trials={"t1": {"metrics": {"loss": 1}}}, best_trial="t1", metrics=["loss"])
    ctx.log_trials({"trials": {}, "mine": 1})
    with pytest.raises(ValueError, match="needs 'trials'; this has mine"):
        ctx.log_trials({"mine": 1})
    stream.close()

    bodies = [event.body for event in sink.of_kind("log")]
    assert bodies == [
        {
            "base": [], "trials": {"t1": {"metrics": {"loss": 1}}}, "hyperparameters": [],
            "metrics": ["loss"], "best_trial": "t1",
        },
        {"trials": {}, "mine": 1},
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "code",
    [
        UploadLogMessageCode.UPLOAD_UNSAFE_FILES_EXCLUDED,
        UploadLogMessageCode.UPLOAD_NO_FILES_FOUND,
        TrainLogMessageCode.TRAIN_MODEL_SAVED,
        TrainLogMessageCode.TRAIN_FAILED_RAY_CONNECTION,
    ],
)
def test_what_plugins_from_elsewhere_say_without_values_has_none_to_fill(
    code: LogMessageCode, language: str
) -> None:
    text, _ = resolve_log_message(code, language)

    assert "{" not in text
