"""`LocalExecutor`: an action in this very process."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import pydantic
import pytest
from pydantic import BaseModel
from tests.plugins.recording import RecordingSink
from tests.plugins.scripts import run_python

from synapse_sdk.plugins import BaseTrainAction
from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.errors import ExecutionError, ParamsError, PluginRunError, ValidationError
from synapse_sdk.plugins.executors import LocalExecutor
from synapse_sdk.workspace import LocalWorkspace


class Params(BaseModel):
    x: int = 1


class Action(BaseAction[Params]):
    def execute(self) -> Any:
        return {"x": self.params.x}


def execute(body: Any, **options: Any) -> Any:
    """Execute an action whose body is a function of the action."""

    class Does(BaseAction[Params]):
        def execute(self) -> Any:
            return body(self)

    return LocalExecutor(**({"sinks": []} | options)).execute(Does, {})


def raising(error: BaseException) -> Any:
    def body(_: Any) -> None:
        raise error

    return body


@pytest.mark.parametrize("params", [{"x": 3}, {"x": "3"}, Params(x=3)])
def test_params_come_as_a_mapping_or_as_the_model(params: Any):
    assert LocalExecutor().execute(Action, params) == {"x": 3}
    assert LocalExecutor().execute(action_cls=Action, params=params) == {"x": 3}


def test_no_params_are_no_params():
    assert LocalExecutor().execute(Action) == {"x": 1}
    assert LocalExecutor().execute(Action, None) == {"x": 1}


def test_nothing_is_printed_that_the_action_did_not_print(capsys: pytest.CaptureFixture[str]):
    LocalExecutor().execute(Action, {})

    assert capsys.readouterr() == ("", "")


def test_messages_go_to_stderr_unless_told(capsys: pytest.CaptureFixture[str]):
    class Speaks(BaseAction[Params]):
        def execute(self) -> None:
            self.log_message("hello")

    LocalExecutor().execute(Speaks, {})
    assert capsys.readouterr() == ("", "  hello\n")

    sink = RecordingSink()
    LocalExecutor(sinks=[sink]).execute(Speaks, {})
    assert capsys.readouterr() == ("", "")
    assert sink.contents() == ["hello"]
    assert sink.is_closed


def test_what_is_told_is_told_once_whatever_logging_does(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)

    class Speaks(BaseAction[Params]):
        def execute(self) -> dict[str, str]:
            self.log_message("hello")
            self.logger.info("by the logger")
            return {"token": "hush"}

    LocalExecutor().execute(Speaks, {})

    assert capsys.readouterr() == ("", "  hello\n  by the logger\n")
    assert caplog.records == []


def test_params_that_do_not_fit_are_an_error_of_both_dialects():
    with pytest.raises(ParamsError, match=r"x: .*valid integer.*given: 'many'") as caught:
        LocalExecutor().execute(Action, {"x": "many"})

    assert isinstance(caught.value, ExecutionError)
    assert isinstance(caught.value, ValidationError)
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)


def test_an_error_of_the_action_is_the_cause():
    cause = LookupError("gone")

    with pytest.raises(ExecutionError) as caught:
        execute(raising(cause))

    assert caught.value.message == "Action execution failed: LookupError: gone"
    assert caught.value.details == {"exception": "LookupError"}
    assert caught.value.__cause__ is cause


def test_the_authors_own_execution_error_comes_unchanged():
    error = ExecutionError("no data", {"dataset": 3}, hint="Register it.")

    with pytest.raises(ExecutionError) as caught:
        execute(raising(error))

    assert caught.value is error


def test_another_error_of_the_sdk_keeps_its_details_and_hint():
    with pytest.raises(ExecutionError) as caught:
        execute(raising(PluginRunError("no room", {"bytes": 3}, hint="Make some.")))

    assert (caught.value.message, caught.value.details, caught.value.hint) == (
        "Action execution failed: no room", {"bytes": 3}, "Make some.",
    )  # fmt: skip


def test_a_pydantic_error_inside_the_action_is_no_error_of_its_params():
    with pytest.raises(ExecutionError) as caught:
        execute(lambda _: Params(x="many"))  # type: ignore[arg-type]

    assert not isinstance(caught.value, ParamsError)
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)


@pytest.mark.parametrize("code", [0, 3, None, "bye"])
def test_sys_exit_is_a_failure_that_names_the_code(code: Any):
    with pytest.raises(ExecutionError) as caught:
        execute(lambda _: sys.exit(code))

    assert caught.value.message == f"Action execution failed: the action called sys.exit({code!r})."
    assert caught.value.details == {"exit_code": code}


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    ("error", "message"),
    [(UnspeakableError(), "UnspeakableError: its message can not be shown"), (ValueError(), "ValueError")],
)
def test_an_error_without_words_is_told_by_its_name(error: Exception, message: str):
    with pytest.raises(ExecutionError, match=rf"^Action execution failed: {message}$"):
        execute(raising(error))


def test_an_interrupt_passes_and_the_sinks_are_closed():
    sink = RecordingSink()

    with pytest.raises(KeyboardInterrupt):
        execute(raising(KeyboardInterrupt()), sinks=[sink])

    assert sink.is_closed


@pytest.mark.parametrize(
    ("explicit", "process", "config", "seen"),
    [
        ("explicit", "process", "config", "explicit"),
        (None, "process", "config", "process"),
        (None, None, "config", "config"),
        (None, None, None, None),
    ],
)
def test_explicit_variables_come_before_the_process_and_the_process_before_the_config(
    monkeypatch: pytest.MonkeyPatch,
    explicit: str | None,
    process: str | None,
    config: str | None,
    seen: str | None,
):
    monkeypatch.delenv("LAYERED", raising=False)
    if process:
        monkeypatch.setenv("LAYERED", process)
    before = dict(os.environ)

    found = execute(
        lambda action: action.ctx.env.get("LAYERED"),
        env={"LAYERED": explicit} if explicit else None,
        default_env={"LAYERED": config} if config else None,
    )

    assert found == seen
    assert dict(os.environ) == before


def test_the_context_has_what_the_executor_was_given():
    ctx = execute(lambda a: a.ctx, job_id="j", language="ko", client=7, open_workspace=lambda: "workspace")

    assert (ctx.job_id, ctx.language, ctx.client, ctx.workspace, ctx.checkpoint) == (
        "j",
        "ko",
        7,
        "workspace",
        None,
    )


def test_a_checkpoint_is_handed_on():
    class Asks(BaseAction[Params]):
        def execute(self) -> Any:
            return self.ctx.checkpoint

    assert LocalExecutor().execute(Asks, {}, checkpoint={"path": "x"}) == {"path": "x"}


def test_unknown_options_are_refused():
    with pytest.raises(TypeError, match="working_dir"):
        LocalExecutor(working_dir="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="checkpiont"):
        LocalExecutor().execute(Action, {}, checkpiont={"path": "x"})  # type: ignore[call-arg]


def test_one_executor_executes_again_and_again():
    executor = LocalExecutor(job_id="j")

    assert [executor.execute(Action, {"x": x})["x"] for x in range(3)] == [0, 1, 2]


def test_a_child_that_the_action_forks_leaves_by_sys_exit(tmp_path: Path):
    finished = run_python(
        """
        import os, sys
        from synapse_sdk.plugins import BaseAction, LocalExecutor
        class Forks(BaseAction[dict]):
            def execute(self):
                if os.fork() == 0:
                    sys.exit(7)
                return os.waitstatus_to_exitcode(os.wait()[1])
        print("result", LocalExecutor().execute(Forks, {}))
        """,
        tmp_path,
    )

    assert (finished.stdout, finished.stderr) == ("result 7\n", ""), finished


class TrainParams(BaseModel):
    dataset: int


class Trains(BaseTrainAction[TrainParams]):
    def execute(self) -> Any:
        dataset = self.get_dataset()
        return {"dataset": dataset, "model": self.create_model("/nowhere/best.pt", name="best")}


def open_empty(tmp_path: Path) -> Any:
    return lambda: LocalWorkspace(tmp_path / "workspace")


@pytest.mark.parametrize("said", [{"rehearse": True}, {"env": {"TEST_MODE": "true"}}])
def test_a_rehearsal_answers_for_what_is_not_there_with_a_warning_each(said: dict, tmp_path: Path):
    sink = RecordingSink()
    executor = LocalExecutor(**said, sinks=[sink], open_workspace=open_empty(tmp_path))

    result = executor.execute(Trains, {"dataset": 123})

    assert result["dataset"].keys() >= {"id", "name", "path", "splits"}
    assert result["model"].keys() >= {"id", "name", "path"}
    assert Path(result["dataset"]["path"]).is_dir()
    warned = [event.body["content"] for event in sink.of_kind("message") if event.level == "warning"]
    assert warned == [f"Rehearsal: {text}" for text in executor.rehearsed]
    assert len(warned) == 2


@pytest.mark.parametrize("env", [None, {}, {"TEST_MODE": "false"}, {"OTHER": "true"}])
def test_the_process_and_the_config_can_not_make_a_run_a_rehearsal(
    env: dict | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TEST_MODE", "true")
    executor = LocalExecutor(
        env, sinks=[], open_workspace=open_empty(tmp_path), default_env={"TEST_MODE": "true"}
    )

    with pytest.raises(ExecutionError, match="There is no dataset 123"):
        executor.execute(Trains, {"dataset": 123})
    assert executor.rehearsed == []


def test_a_test_mode_that_is_neither_yes_nor_no_is_refused():
    with pytest.raises(ValidationError, match="TEST_MODE is not one of"):
        LocalExecutor(env={"TEST_MODE": "maybe"})
