"""`ActionPipeline`: what is handed on, what is checked beforehand, and how it fails."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator
from tests.plugins.recording import RecordingSink

from synapse_sdk.plugins import BaseAction, ExecutionError, LocalExecutor, action
from synapse_sdk.plugins.errors import (
    ParamsError,
    PipelineError,
    PipelineParamsError,
    PluginRunError,
    SchemaIncompatibleError,
    ValidationError,
)
from synapse_sdk.plugins.pipelines import ActionPipeline, PipelineContext
from synapse_sdk.plugins.types import DMDataset, Model, YOLODataset


class Url(BaseModel):
    url: str


class Folder(BaseModel):
    path: str
    count: int = Field(ge=0)


class Download(BaseAction[Url]):
    action_name = "download"
    result_model = Folder

    def execute(self) -> Folder:
        self.set_progress(1, 2)
        return Folder(path=f"data/{self.params.url}", count=3)


class TrainParams(BaseModel):
    path: str
    count: int
    epochs: int = 1


class Weights(BaseModel):
    weights: str


class Train(BaseAction[TrainParams]):
    action_name = "train"
    result_model = Weights

    async def execute(self) -> Weights:
        await asyncio.sleep(0)
        return Weights(weights=f"{self.params.path}/{self.params.count}/{self.params.epochs}")


def run(pipeline: ActionPipeline, params: Any, sink: RecordingSink | None = None) -> Any:
    return LocalExecutor(sinks=[] if sink is None else [sink]).execute(pipeline, params)


def make(name: str, params: type[BaseModel], result: Any, returned: Any = None) -> Any:
    """Return an action that gives `returned`, or the params as a dictionary."""

    class Made(BaseAction[params]):  # type: ignore[valid-type]
        action_name = name
        result_model = result

        def execute(self) -> Any:
            return self.params.model_dump() if returned is None else returned  # type: ignore[attr-defined]

    return Made


def test_each_action_takes_what_those_before_it_gave():
    pipeline = ActionPipeline([Download, Train], strict=True)

    assert run(pipeline, {"url": "cats", "epochs": 5}) == Weights(weights="data/cats/3/5")
    assert repr(pipeline) == "ActionPipeline(Download | Train)"
    assert pipeline.findings == ()


def test_params_may_be_a_model_and_functions_are_actions():
    @action
    def shout(params: Weights, ctx: Any) -> dict[str, str]:
        return {"text": params.weights.upper()}

    pipeline = ActionPipeline([Download, Train, shout])

    assert run(pipeline, Url(url="cats")) == {"text": "DATA/CATS/3/1"}


def test_a_result_lies_over_what_was_held_and_a_dictionary_takes_its_models_types():
    first = make("first", Url, Folder, {"path": "given", "count": "7", "more": 1})
    second = make("second", TrainParams, None)

    result = run(ActionPipeline([first, second]), {"url": "x", "path": "old", "count": 1})

    assert (result["path"], result["count"]) == ("given", 7)


def test_the_callback_hears_of_each_action_and_of_the_end():
    heard = []

    class Listening(ActionPipeline):
        def __call__(self, params: Any, ctx: Any) -> Any:
            return self.execute(params, ctx, progress_callback=lambda *told: heard.append(told))

    run(Listening([Download, Train]), {"url": "x"})

    assert heard == [(0, 2, "download"), (1, 2, "train"), (2, 2, "complete")]


def test_the_whole_grows_and_is_done_only_at_the_end():
    sink = RecordingSink()

    run(ActionPipeline([Download, Train]), {"url": "x"}, sink)

    told = [event.body for event in sink.of_kind("progress") if event.step is None]
    percents = [body["percent"] if "percent" in body else body["current"] for body in told if body]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert 100 not in percents[:-1]
    assert "download" in {event.step for event in sink.of_kind("progress")}


def test_without_actions_there_is_no_pipeline():
    with pytest.raises(ValueError, match="at least one action"):
        ActionPipeline([])
    with pytest.raises(PluginRunError):
        ActionPipeline([3])  # type: ignore[list-item]


def test_params_that_do_not_fit_name_the_action_and_keep_their_class():
    with pytest.raises(PipelineParamsError, match=r"Action 'download' was not run: .*url") as caught:
        run(ActionPipeline([Download, Train]), {})

    assert isinstance(caught.value, ParamsError)
    assert isinstance(caught.value, ValidationError)
    assert isinstance(caught.value, RuntimeError)
    assert (caught.value.details["action"], caught.value.details["place"]) == ("download", 0)


def test_a_failure_names_the_action_and_keeps_cause_details_and_hint():
    class Fail(BaseAction[Folder]):
        action_name = "fail"

        def execute(self) -> None:
            raise ExecutionError("no room", {"bytes": 3}, hint="Make some.")

    with pytest.raises(PipelineError, match="Action 'fail' failed: no room") as caught:
        run(ActionPipeline([Download, Fail]), {"url": "x"})

    assert isinstance(caught.value.__cause__, ExecutionError)
    assert caught.value.details == {"bytes": 3, "action": "fail", "place": 1}
    assert caught.value.hint == "Make some."


def test_a_value_that_adds_nothing_is_said():
    sink = RecordingSink()
    first = make("first", Url, None, 3)

    run(ActionPipeline([first, Download]), {"url": "x"}, sink)

    assert any("first returned a int, which adds nothing" in text for text in sink.contents())


class Short(BaseModel):
    count: int = Field(le=10)


class Names(BaseModel):
    names: list[Literal["cat", "dog"] | None]


class OnlyNames(BaseModel):
    names: list[Literal["cat", "dog"]]


CASES: list[tuple[type[BaseModel], type[BaseModel], str, str]] = [
    (Folder, Short, "next.count", "less than or equal to 10"),
    (Names, OnlyNames, "next.names.0", "Input should be 'cat' or 'dog'"),
    (Weights, Folder, "next.path", "it is required, and no action before it gives or takes it"),
]


@pytest.mark.parametrize(("given", "taken", "place", "why"), CASES)
def test_what_does_not_go_together_is_refused_before_anything_runs(
    given: type[BaseModel], taken: type[BaseModel], place: str, why: str
):
    first, second = make("first", Url, given), make("next", taken, None)

    with pytest.raises(SchemaIncompatibleError, match="do not fit together") as caught:
        ActionPipeline([first, second], strict=True)

    assert f"{place}: " in str(caught.value)
    assert why in str(caught.value)
    finding = caught.value.details["findings"][0]
    assert ".".join(map(str, [finding["target"], *finding["path"]])) == place


def test_a_refusal_has_a_witness_that_is_refused():
    first, second = make("first", Url, Folder), make("next", Short, None)

    (finding,) = ActionPipeline([first, second]).findings

    assert isinstance(finding.witness, Folder)
    assert finding.value == finding.witness.count
    with pytest.raises(ValueError, match="less than or equal to 10"):
        Short.model_validate(finding.witness.model_dump())


def test_without_strict_it_is_a_warning_and_the_run_decides():
    sink = RecordingSink()
    first, second = make("first", Url, Folder, Folder(path="x", count=3)), make("next", Short, None)
    pipeline = ActionPipeline([first, second])

    assert run(pipeline, {"url": "x"}, sink) == {"count": 3}
    assert any("Pipeline: next.count: Input should be less than" in text for text in sink.contents())
    assert ActionPipeline([first, second], validate_schemas=False).findings == ()

    with pytest.raises(PipelineParamsError, match="next"):
        run(ActionPipeline([make("first", Url, Folder, Folder(path="x", count=30)), second]), {"url": "x"})


def test_the_last_action_that_gives_a_field_decides():
    first, middle, last = (
        make("first", Url, Folder),
        make("middle", Folder, Short),
        make("last", Short, None),
    )

    assert [finding.target for finding in ActionPipeline([first, last]).findings] == ["last"]
    assert ActionPipeline([first, middle, last]).findings == ()


def test_what_an_earlier_action_takes_is_held_for_later_ones():
    first, second = make("first", Url, Weights), make("next", Url, None)

    assert ActionPipeline([first, second], strict=True).findings == ()


def test_an_action_that_names_no_result_model_promises_nothing():
    first, second = make("first", Url, None), make("next", Folder, None)

    with pytest.raises(SchemaIncompatibleError, match="first names no result_model"):
        ActionPipeline([first, second], strict=True)


def test_a_result_without_a_model_is_told_even_where_nothing_is_missing():
    class Optional(BaseModel):
        count: int = 0

    first, second = make("first", Url, None, {"count": "many"}), make("next", Optional, None)

    with pytest.raises(SchemaIncompatibleError, match="nothing says what it gives"):
        ActionPipeline([first, second], strict=True)
    with pytest.raises(PipelineParamsError, match="count"):
        run(ActionPipeline([first, second]), {"url": "x"})


class OnlyPath(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str


def test_names_that_are_forbidden_are_found_whoever_gives_them():
    first, second = make("first", Url, Folder, Folder(path="x", count=1)), make("next", OnlyPath, None)

    findings = ActionPipeline([first, second]).findings
    assert {(str(finding.kind), finding.path) for finding in findings} == {
        ("refused", ("count",)),
        ("forbidden", ("url",)),
    }
    with pytest.raises(SchemaIncompatibleError, match=r"next\.url: it is held for first"):
        ActionPipeline([first, second], strict=True)
    with pytest.raises(PipelineParamsError, match=r"(?s)url: Extra inputs.*count: Extra inputs"):
        run(ActionPipeline([first, second]), {"url": "x"})


def test_a_model_that_forbids_names_and_takes_all_that_is_held_fits():
    class All(Folder):
        model_config = ConfigDict(extra="forbid")

        url: str

    pipeline = ActionPipeline(
        [make("first", Url, Folder, Folder(path="x", count=1)), make("next", All, None)], strict=True
    )

    assert pipeline.findings == ()
    assert run(pipeline, {"url": "x"}) == {"path": "x", "count": 1, "url": "x"}


def test_a_result_of_any_names_is_unproven():
    class Loose(BaseModel):
        model_config = ConfigDict(extra="allow")

        path: str

    class Takes(BaseModel):
        path: str
        count: int = 0

    first = make("first", Url, Loose, Loose(path="x", count="many"))
    pipeline = ActionPipeline([first, make("next", Takes, None)], strict=True)

    assert [str(finding.kind) for finding in pipeline.findings] == ["unproven"]
    with pytest.raises(PipelineParamsError, match="count"):
        run(pipeline, {"url": "x"})


def test_what_a_function_checks_is_unproven_and_no_refusal():
    class Odd(BaseModel):
        count: int

        @field_validator("count")
        @classmethod
        def _odd(cls, count: int) -> int:
            if count % 2 == 0:
                raise ValueError("even")
            return count

    first, second = make("first", Url, Folder, Folder(path="x", count=3)), make("next", Odd, None)

    (finding,) = ActionPipeline([first, second], strict=True).findings
    assert finding.kind == "unproven"


def test_a_computed_field_is_given_too():
    class Area(BaseModel):
        side: int

        @computed_field
        @property
        def area(self) -> int:
            return self.side**2

    class Wants(BaseModel):
        area: int

    first, second = make("first", Url, Area, Area(side=3)), make("next", Wants, None)
    pipeline = ActionPipeline([first, second], strict=True)

    assert run(pipeline, {"url": "x"}) == {"area": 9}


def test_semantic_types_must_go_together():
    class Gives(Download):
        output_type = YOLODataset

    class Takes(Train):
        input_type = Model

    class TakesAny(Train):
        input_type = DMDataset.__base__

    with pytest.raises(
        SchemaIncompatibleError, match=r"train: it takes model, and download gives yolo_dataset"
    ):
        ActionPipeline([Gives, Takes], strict=True)
    assert [finding.kind for finding in ActionPipeline([Gives, Takes]).findings] == ["data_type"]
    assert ActionPipeline([Gives, TakesAny], strict=True).findings == ()


def test_what_the_caller_must_give_is_listed():
    pipeline = ActionPipeline([Download, Train, make("report", Weights, None), make("mail", Url, None)])

    assert pipeline.validate_initial_params({}) == ["download.url", "mail.url"]
    assert pipeline.validate_initial_params({"url": 3}) == []
    assert ActionPipeline([make("first", Url, None), Train]).validate_initial_params({"url": ""}) == [
        "train.path",
        "train.count",
    ]


class Elsewhere:
    """An executor that remembers what it was handed."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def submit(self, definition: Any, params: Any, *, resume_from: str | None) -> str:
        self.calls.append((definition.name, definition.to_api_format(), params, resume_from))
        return "run-1"

    def wait(self, run_id: str, timeout_seconds: float, poll_interval: float) -> None:
        self.calls.append((run_id, timeout_seconds, poll_interval))

    def get_result(self, run_id: str) -> str:
        return f"result of {run_id}"


def test_an_executor_elsewhere_gets_the_definition():
    pipeline, executor = ActionPipeline([Download, Train]), Elsewhere()

    run_id = pipeline.submit({"url": "x"}, executor, resume_from="run-0")

    assert pipeline.wait(run_id, executor, timeout_seconds=1, poll_interval=0.1) == "result of run-1"
    (name, entries, params, resumed), waited = executor.calls
    assert (name, params, resumed, waited) == ("download-train", {"url": "x"}, "run-0", ("run-1", 1, 0.1))
    assert entries[0] == {"name": "download", "entrypoint": f"{__name__}:Download"}


@pytest.mark.parametrize("name", ["../../x", "/etc", "a/b", "..", "", "ä", "x" * 300, "con:\0"])
def test_a_folder_of_a_run_stays_in_it(name: str, tmp_path: Path):
    context = PipelineContext(name, name, base_path=tmp_path)
    folder = context.get_action_dir(name)

    assert folder.is_dir()
    assert folder.resolve().is_relative_to(tmp_path.resolve())
    assert folder.parent.parent == context.work_dir
    assert context.work_dir.parent.parent == tmp_path
    context.cleanup()
    assert not context.work_dir.exists()
    assert tmp_path.exists()


def test_a_run_s_folder_is_its_user_s_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where everybody may write
    context = PipelineContext("train")

    context.datasets_dir  # noqa: B018 - asking for it makes it
    assert context.base_path.parent == tmp_path
    assert context.base_path.stat().st_mode & 0o777 == 0o700

    context.base_path.chmod(0o777)  # as somebody else would have laid it out beforehand
    with pytest.raises(PluginRunError, match="others can write to it") as caught:
        context.models_dir  # noqa: B018
    assert "base_path" in (caught.value.hint or "")
