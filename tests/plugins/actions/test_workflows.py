"""Actions whose work is steps: their own, or those around an `execute` that takes a dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from tests.plugins.recording import RecordingSink
from tests.plugins.scripts import write_files

from synapse_sdk._internal.jsonable import to_jsonable
from synapse_sdk.plugins import (
    BaseInferenceAction,
    BaseStep,
    BaseTrainAction,
    InferenceContext,
    LocalExecutor,
    StepRegistry,
    StepResult,
    TrainContext,
)
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.workspace import LocalWorkspace


class Params(BaseModel):
    dataset: int | None = None
    checkpoint: int | None = None
    name: str = "digits"


class Result(BaseModel):
    weights_path: str
    final_loss: float


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    workspace = LocalWorkspace(tmp_path / "workspace")
    workspace.datasets.register(write_files(tmp_path / "letters", {"train/a.txt": "a"}), name="letters")
    (tmp_path / "best.pt").write_text("weights")
    workspace.create_model(tmp_path / "best.pt", name="first")
    return workspace


def run(action: type, workspace: LocalWorkspace, params: Any = None, sink: Any = None, **options: Any) -> Any:
    sinks = [sink] if sink else []
    return LocalExecutor(sinks=sinks, open_workspace=lambda: workspace, **options).execute(
        action, params or {}
    )


class Wired(BaseTrainAction[Params]):
    """Takes what it needs, as newer plugins do."""

    def execute(self, data_path: Path, checkpoint: Any) -> dict:
        Path("best.pt").write_text("new")
        return {"weights_path": "best.pt", "data": str(data_path), "from": checkpoint and checkpoint["name"]}


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_training_that_takes_its_dataset_gets_it_and_its_weights_are_kept(
    workspace: LocalWorkspace, tmp_path: Path
):
    sink = RecordingSink()

    result = run(Wired, workspace, {"dataset": 1, "checkpoint": 1}, sink)

    assert (result["data"], result["from"]) == (str(tmp_path / "letters"), "first")
    assert {key: result[key] for key in ("success", "steps_executed", "steps_total")} == {
        "success": True, "steps_executed": 4, "steps_total": 4,
    }  # fmt: skip
    model = workspace.get_model(result["model_id"])
    assert Path(model["path"]).read_text() == "new"
    assert model["name"].startswith("digits_")
    assert model["parent_model_id"] == 1
    percents = [e.body["percent"] for e in sink.of_kind("progress") if e.step is None and e.body]
    assert percents == sorted(percents)  # those that come too fast to be seen are merged
    assert percents[-1] == 100


def test_a_dataset_that_describes_itself_is_named_by_its_description(
    workspace: LocalWorkspace, tmp_path: Path
):
    folder = write_files(tmp_path / "yolo", {"dataset.yaml": "names: [a]", "train/a.txt": "a"})
    workspace.datasets.register(folder, name="yolo")

    assert run(Wired, workspace, {"dataset": 2})["data"] == str(folder / "dataset.yaml")


def test_a_model_as_result_stays_that_model_and_answers_for_the_rest(workspace: LocalWorkspace):
    class Typed(BaseTrainAction[Params]):
        result_model = Result

        async def execute(self, data_path: Path | None) -> Result:
            Path("w.pt").write_text("w")
            return Result(weights_path="w.pt", final_loss=0.25)

    result = run(Typed, workspace)

    assert isinstance(result, Result)
    assert (result.final_loss, result["final_loss"], result["model_id"]) == (0.25, 0.25, 2)
    document = to_jsonable(result)
    assert json.dumps(document)
    assert (document["final_loss"], document["model_id"], document["steps_total"]) == (0.25, 2, 4)


@pytest.mark.parametrize("loss", ["0.25", "low"])
def test_a_strict_result_is_held_to_its_promise_before_a_model_is_kept(workspace: LocalWorkspace, loss: str):
    class Promised(Result):
        model_config = ConfigDict(extra="forbid")

    class Strict(BaseTrainAction[Params]):
        result_model = Promised
        strict_result = True

        def execute(self, data_path: Path | None) -> dict:
            Path("w.pt").write_text("w")
            return {"weights_path": "w.pt", "final_loss": loss}

    if loss == "low":
        with pytest.raises(
            ExecutionError, match="does not fit Promised: final_loss: Input should be a valid"
        ):
            run(Strict, workspace)
    else:
        result = run(Strict, workspace)
        assert (type(result).__name__, result.final_loss, result["model_id"]) == ("Promised", 0.25, 2)
    assert len(workspace.models.list_models()) == (1 if loss == "low" else 2)


def test_an_execute_without_arguments_is_just_executed(workspace: LocalWorkspace):
    class Plain(BaseTrainAction[Params]):
        def execute(self) -> dict:
            return {"loss": 1}

    assert run(Plain, workspace, {"dataset": 99}) == {"loss": 1}


@pytest.mark.parametrize(
    ("weights", "message"),
    [("nowhere.pt", "Step 'model_upload' failed: The weights are said to be at 'nowhere.pt'"), (None, None)],
)
def test_weights_that_are_not_there_fail_and_none_are_fine(
    weights: str | None, message: str | None, workspace: LocalWorkspace
):
    class Names(BaseTrainAction[Params]):
        def execute(self, *args: Any) -> dict:
            assert len(args) == 2
            return {"weights_path": weights}

    if message is None:
        assert "model_id" not in run(Names, workspace)
    else:
        with pytest.raises(ExecutionError, match=message):
            run(Names, workspace)
    assert len(workspace.models.list_models()) == 1


def test_a_format_that_would_need_converting_is_refused(workspace: LocalWorkspace):
    class Yolo(Wired):
        target_format = "yolo"

    with pytest.raises(ExecutionError, match="target_format is 'yolo'") as caught:
        run(Yolo, workspace, {"dataset": 1})
    assert caught.value.details["step"] == "convert"


def test_a_training_without_execute_or_steps_says_so(workspace: LocalWorkspace):
    class Nothing(BaseTrainAction[Params]):
        pass

    with pytest.raises(ExecutionError, match="Nothing defines neither execute"):
        run(Nothing, workspace, {"dataset": 99})


class Load(BaseStep[TrainContext]):
    name = "load"
    progress_weight = 1.0

    def execute(self, context: TrainContext) -> StepResult:
        context.dataset = context.params["dataset"]
        assert context.client is None
        return StepResult()


def test_steps_of_ones_own_take_the_place_of_everything(workspace: LocalWorkspace):
    class Own(Wired):
        def setup_steps(self, registry: StepRegistry[Any]) -> None:
            registry.register(Load())

    assert run(Own, workspace, {"dataset": 7}) == {"success": True, "steps_executed": 1, "steps_total": 1}


class Predict(BaseStep[InferenceContext]):
    name = "predict"
    progress_weight = 1.0

    def execute(self, context: InferenceContext) -> StepResult:
        context.results = [{"label": 3, "model": context.model_id}]
        context.processed_count = 1
        return StepResult()


def test_the_steps_of_an_inference_answer_with_what_they_processed(workspace: LocalWorkspace):
    class Infers(BaseInferenceAction[dict]):  # type: ignore[type-var]
        def setup_steps(self, registry: StepRegistry[Any]) -> None:
            registry.register(Predict())

    result = run(Infers, workspace, {"model": 1})

    assert (result["results"], result["processed_count"]) == ([{"label": 3, "model": 1}], 1)
    assert result["success"]


@pytest.mark.parametrize("base", [BaseTrainAction, BaseInferenceAction])
def test_a_client_that_is_not_there_is_told_with_the_ways_on(base: Any, workspace: LocalWorkspace):
    class Asks(base):  # type: ignore[misc]
        def execute(self) -> Any:
            return self.client.list_models()

    with pytest.raises(ExecutionError, match=r"^Backend client is None: Asks") as caught:
        run(Asks, workspace)

    assert "--mode remote" in (caught.value.hint or "")
    assert "synapse login" in (caught.value.hint or "")


def test_a_client_that_is_there_is_that_client(workspace: LocalWorkspace):
    class Fake:
        def list_models(self) -> list:
            return [1]

    class Asks(BaseTrainAction[Params]):
        def execute(self) -> Any:
            self.report_metrics({"loss": 0.5}, epoch=2, category="validation")
            return self.client.list_models()

    sink = RecordingSink()

    assert run(Asks, workspace, sink=sink, client=Fake()) == [1]
    (metric,) = sink.of_kind("metric")
    assert (metric.step, metric.values) == ("validation", {"epoch": 2, "loss": 0.5})


@pytest.mark.parametrize(
    ("metrics", "epoch", "kept"),
    [
        ({"value": 0.5}, 2, {"epoch": 2, "value": 0.5}),
        ({"key": 1, "category": 3.0}, None, {"epoch": 0, "key": 1, "category": 3.0}),
        ({"epoch": 7, "loss": 0.5}, None, {"epoch": 7, "loss": 0.5}),
        ({"epoch": 7, "loss": 0.5}, 2, {"epoch": 2, "loss": 0.5}),
    ],
)
def test_a_number_may_have_any_name(
    workspace: LocalWorkspace, metrics: dict[str, float], epoch: int | None, kept: dict[str, float]
):
    class Reports(BaseTrainAction[Params]):
        def execute(self) -> None:
            self.report_metrics(metrics, epoch=epoch)

    sink = RecordingSink()
    run(Reports, workspace, sink=sink)

    (metric,) = sink.of_kind("metric")
    assert (metric.step, metric.values) == ("train", kept)
