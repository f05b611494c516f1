"""`BaseTrainAction` and `BaseInferenceAction` over a real local workspace."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.plugins.scripts import write_files

from synapse_sdk.integrations._context import AutologContext, set_autolog_context
from synapse_sdk.plugins.actions.inference import BaseInferenceAction, InferenceProgressCategories
from synapse_sdk.plugins.actions.train import BaseTrainAction, TrainContext, TrainProgressCategories
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.executors.local import LocalExecutor
from synapse_sdk.plugins.steps import (
    BaseStep,
    ConvertDatasetStep,
    ExportDatasetStep,
    StepRegistry,
    StepResult,
)
from synapse_sdk.workspace import LocalWorkspace


class Params(BaseModel):
    dataset: int | None = None
    dataset_id: int | None = None
    checkpoint: int | None = None
    model: int | None = None


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    workspace = LocalWorkspace(tmp_path / "workspace")
    workspace.datasets.register(write_files(tmp_path / "letters", {"train/a.txt": "a"}), name="letters")
    (tmp_path / "best.pt").write_text("weights")
    workspace.create_model(tmp_path / "best.pt", name="first")
    return workspace


def act(
    base: Any, workspace: LocalWorkspace, body: Any, params: Any = None, *, checkpoint: Any = None
) -> Any:
    class Does(base[Params]):
        def execute(self) -> Any:
            return body(self)

    executor = LocalExecutor(sinks=[], open_workspace=lambda: workspace)
    return executor.execute(Does, params or {}, checkpoint=checkpoint)


@pytest.mark.parametrize("base", [BaseTrainAction, BaseInferenceAction])
@pytest.mark.parametrize("name", ["dataset", "dataset_id"])
def test_the_dataset_is_the_one_that_the_params_name(base: Any, name: str, workspace: LocalWorkspace):
    dataset = act(base, workspace, lambda a: a.get_dataset(), {name: 1})

    assert (dataset["id"], dataset["name"], dataset["version"]) == (1, "letters", 1)
    assert (Path(dataset["path"]) / "train/a.txt").read_text() == "a"


@pytest.mark.parametrize("base", [BaseTrainAction, BaseInferenceAction])
def test_params_without_a_dataset_say_which_names_would_do(base: Any, workspace: LocalWorkspace):
    with pytest.raises(ExecutionError, match="neither `dataset` nor `dataset_id`"):
        act(base, workspace, lambda a: a.get_dataset())


def test_no_checkpoint_is_none(workspace: LocalWorkspace):
    assert act(BaseTrainAction, workspace, lambda a: a.get_checkpoint()) is None


def test_the_submitters_checkpoint_comes_before_the_params(workspace: LocalWorkspace):
    def ask(action: Any) -> Any:
        return action.get_checkpoint()

    assert act(BaseTrainAction, workspace, ask, checkpoint={"path": "x"}) == {"path": "x"}
    assert act(BaseTrainAction, workspace, ask, {"checkpoint": 1})["name"] == "first"
    assert act(BaseTrainAction, workspace, ask, {"checkpoint": 1}, checkpoint={"path": "x"}) == {"path": "x"}


def test_a_saved_model_remembers_its_parent_and_its_measures(workspace: LocalWorkspace, tmp_path: Path):
    (tmp_path / "second.pt").write_text("more weights")

    def train(action: Any) -> Any:
        return action.create_model(tmp_path / "second.pt", description="better", metrics={"loss": 0.5})

    model = act(BaseTrainAction, workspace, train, {"checkpoint": 1})

    assert (model["name"], model["metrics"]) == ("second", {"loss": 0.5})
    assert Path(model["path"]).read_text() == "more weights"
    assert workspace.models.get(model["id"]).parent_model_id == 1


@pytest.mark.parametrize(
    ("chosen", "parent"),
    [({"id": 1, "path": "x"}, 1), ({"path": "x"}, None), ({"id": "a", "path": "x"}, None)],
)
def test_the_parent_is_the_checkpoint_that_the_training_began_with(
    workspace: LocalWorkspace, tmp_path: Path, chosen: dict[str, Any], parent: int | None
):
    def train(action: Any) -> Any:
        return action.create_model(tmp_path / "best.pt", name="second")

    model = act(BaseTrainAction, workspace, train, {"checkpoint": 7}, checkpoint=chosen)

    assert workspace.models.get(model["id"]).parent_model_id == parent


def test_an_inference_loads_a_model_by_its_id(workspace: LocalWorkspace, tmp_path: Path):
    for call in ("get_model", "load_model"):
        model = act(BaseInferenceAction, workspace, lambda a, call=call: getattr(a, call)(1))
        assert Path(model["path"]).read_text() == "weights"

    folder = act(BaseInferenceAction, workspace, lambda a: a.download_model(1, tmp_path / "here"))
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [("best.pt", "weights")]
    assert act(BaseInferenceAction, workspace, lambda a: a.download_model(1).is_dir())


def test_what_an_action_points_at_is_recorded():
    params = Params(dataset=1, checkpoint=2, model=3)

    assert BaseTrainAction.input_references(params) == [("dataset", 1), ("model", 2)]
    assert BaseInferenceAction.input_references(params) == [("model", 3), ("dataset", 1)]
    assert BaseTrainAction.input_references({"dataset_id": 4}) == [("dataset", 4)]
    assert BaseTrainAction.input_references({"dataset": True, "checkpoint": "5"}) == []


def test_steps_and_categories_have_names_in_both_dialects():
    assert BaseTrainAction.category is BaseInferenceAction.category is PluginCategory.NEURAL_NET
    assert isinstance(BaseTrainAction.progress, TrainProgressCategories)
    assert isinstance(BaseInferenceAction.progress, InferenceProgressCategories)
    names = BaseTrainAction.progress
    assert [names.DATASET, names.TRAIN, names.MODEL_UPLOAD] == ["dataset", "train", "model_upload"]


def test_predicting_must_be_written_by_the_author(workspace: LocalWorkspace):
    with pytest.raises(ExecutionError, match="does not define infer"):
        act(BaseInferenceAction, workspace, lambda a: a.infer(None, []))


def test_the_weights_of_a_framework_are_the_model_where_the_result_names_none(
    workspace: LocalWorkspace, tmp_path: Path
):
    class Train(BaseTrainAction[Params]):
        def execute(self, data: Any) -> dict[str, int]:
            (tmp_path / "runs").mkdir()
            (tmp_path / "runs/best.pt").write_text("weights of the run")
            set_autolog_context(AutologContext(self, extra={"weights_dir": str(tmp_path / "runs")}))
            return {"epochs": 1}

    result = LocalExecutor(sinks=[], open_workspace=lambda: workspace).execute(Train, {"dataset": 1})

    model = workspace.get_model(result["model_id"])
    assert (Path(model["path"]) / "best.pt").read_text() == "weights of the run"


def test_steps_of_the_sdk_bring_a_dataset_to_a_workflow_of_the_author_s_own(workspace: LocalWorkspace):
    class Count(BaseStep[TrainContext]):
        name = "count"
        progress_weight = 0.7

        def execute(self, context: TrainContext) -> StepResult:
            context.result = {"files": len(list(Path(context.dataset["path"]).rglob("*.txt")))}
            return StepResult()

    class Train(BaseTrainAction[Params]):
        def setup_steps(self, registry: StepRegistry[Any]) -> None:
            registry.register(ExportDatasetStep())
            registry.register(ConvertDatasetStep(target_format=None))
            registry.register(Count())

    executor = LocalExecutor(sinks=[], open_workspace=lambda: workspace)

    assert executor.execute(Train, {"dataset": 1})["files"] == 1


def test_a_workflow_that_wants_another_format_is_refused(workspace: LocalWorkspace):
    class Train(BaseTrainAction[Params]):
        def setup_steps(self, registry: StepRegistry[Any]) -> None:
            registry.register(ExportDatasetStep())
            registry.register(ConvertDatasetStep())

    with pytest.raises(ExecutionError, match="target_format is 'yolo', and this version converts no"):
        LocalExecutor(sinks=[], open_workspace=lambda: workspace).execute(Train, {"dataset": 1})


class Weights(BaseModel):
    weights_path: str
    loss: float
    converged: bool = True


@pytest.mark.parametrize(
    ("result", "metrics"),
    [
        (
            {"loss": 0.5, "epochs": 3, "note": "", "gap": math.nan, "done": True},
            {"loss": 0.5, "epochs": 3},
        ),
        ({"loss": 0.5, "val_metrics": {"accuracy": 0.9}}, {"accuracy": 0.9}),
        ({"loss": 0.5, "val_metrics": {}}, {"loss": 0.5}),
    ],
)
def test_a_model_is_kept_with_the_numbers_of_the_result(
    workspace: LocalWorkspace, tmp_path: Path, result: dict[str, Any], metrics: dict[str, float]
):
    class Train(BaseTrainAction[Params]):
        def execute(self, data: Any) -> dict[str, Any]:
            return {"weights_path": tmp_path / "best.pt", **result}

    executor = LocalExecutor(sinks=[], open_workspace=lambda: workspace)
    found = executor.execute(Train, {"dataset": 1})

    assert workspace.get_model(found["model_id"])["metrics"] == metrics


def test_a_result_may_be_a_model_too(workspace: LocalWorkspace, tmp_path: Path):
    class Train(BaseTrainAction[Params]):
        def execute(self, data: Any) -> Weights:
            return Weights(weights_path=str(tmp_path / "best.pt"), loss=0.25)

    found = LocalExecutor(sinks=[], open_workspace=lambda: workspace).execute(Train, {"dataset": 1})

    assert workspace.get_model(found["model_id"])["metrics"] == {"loss": 0.25}
