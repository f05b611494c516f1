"""A search over hyperparameters: what it draws, what it refuses, what it keeps."""

from __future__ import annotations

import json
import math
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, model_validator
from tests.labelling_server import LabellingServer
from tests.plugins.scripts import write_files

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.integrations._context import AutologContext, set_autolog_context
from synapse_sdk.plugins.actions.train import BaseTrainAction, BaseTrainParams, TrainContext
from synapse_sdk.plugins.actions.train.tune import SearchSpace, TuneConfig
from synapse_sdk.plugins.errors import ExecutionError, ParamsError
from synapse_sdk.plugins.executors.local import LocalExecutor
from synapse_sdk.plugins.steps import BaseStep, StepRegistry, StepResult
from synapse_sdk.plugins.testing import RecordingSink
from synapse_sdk.workspace import LocalWorkspace

RATE = {"name": "rate", "type": "uniform", "min": 0.1, "max": 0.9}
AFTER_LOSS = {"metric": "loss", "mode": "min", "seed": 7}


class Params(BaseTrainParams):
    dataset: int | None = None  # type: ignore[assignment]
    rate: float = Field(gt=0, lt=1)
    epochs: int = Field(default=4, ge=1)


class Train(BaseTrainAction[Params]):
    """Its loss shrinks by `rate` with each epoch."""

    def execute(self) -> dict[str, Any]:
        loss = 1.0
        for epoch in range(self.params.epochs):
            loss *= 1 - self.params.rate
            self.set_progress(epoch + 1, self.params.epochs, self.progress.TRAIN)
            self.report_metrics({"loss": loss}, epoch=epoch + 1, category="validation")
        return {"loss": loss}


@pytest.fixture
def client(labelling: LabellingServer) -> Iterator[BackendClient]:
    with closing(BackendClient(labelling.url, "the-token")) as client:
        yield client


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    workspace = LocalWorkspace(tmp_path / "workspace")
    workspace.datasets.register(write_files(tmp_path / "letters", {"a.txt": "a"}), name="letters")
    return workspace


def search(
    action: Any = Train,
    space: Any = (RATE,),
    config: Any = AFTER_LOSS,
    *,
    workspace: LocalWorkspace | None = None,
    sink: RecordingSink | None = None,
    checkpoint: Any = None,
    **params: Any,
) -> Any:
    executor = LocalExecutor(
        sinks=[] if sink is None else [sink],
        **({} if workspace is None else {"open_workspace": lambda: workspace}),  # type: ignore[arg-type]
    )
    return executor.execute(
        action,
        {"is_tune": True, "hyperparameters": list(space), "tune_config": config, **params},
        checkpoint=checkpoint,
    )


def draw(item: dict[str, Any], count: int = 400) -> list[Any]:
    space = SearchSpace.parse([{"name": "x", **item}])
    return [drawn["x"] for drawn in space.draw_all(count, random.Random(1))]


# What is drawn


@pytest.mark.parametrize(
    ("item", "values"),
    [
        ({"type": "randint", "min": 2, "max": 4}, {2, 3, 4}),
        ({"type": "randint", "min": -1, "max": 0}, {-1, 0}),
        ({"type": "qrandint", "min": 3, "max": 20, "q": 5}, {5, 10, 15, 20}),
        ({"type": "lograndint", "min": 1, "max": 3}, {1, 2, 3}),
        ({"type": "qlograndint", "min": 4, "max": 13, "q": 4}, {4, 8, 12}),
        ({"type": "quniform", "min": 0, "max": 0.3, "q": 0.1}, {0.0, 0.1, 0.2, 0.3}),
        ({"type": "qloguniform", "min": 0.1, "max": 0.4, "q": 0.1}, {0.1, 0.2, 0.3, 0.4}),
        ({"type": "choice", "options": ["a", None, [1]]}, None),
    ],
)
def test_a_draw_is_any_of_the_values_and_no_other(item: dict[str, Any], values: set[Any] | None):
    drawn = draw(item)

    if values is None:
        assert {json.dumps(value) for value in drawn} == {'"a"', "null", "[1]"}
    else:
        assert set(drawn) == values
        assert len({type(value) for value in drawn}) == 1


def test_numbers_may_be_written_as_text():
    # YAML reads 1e-4 as text.
    assert all(0.0001 <= value <= 0.1 for value in draw({"type": "loguniform", "min": "1e-4", "max": "1e-1"}))


@given(
    low=st.floats(1e-6, 1e6),
    factor=st.floats(1, 1e6),
    kind=st.sampled_from(["uniform", "loguniform"]),
    seed=st.integers(0, 99),
)
def test_a_range_keeps_its_bounds(low: float, factor: float, kind: str, seed: int):
    item = {"name": "x", "type": kind, "min": low, "max": low * factor}
    (drawn,) = SearchSpace.parse([item]).draw_all(1, random.Random(seed))

    assert low <= drawn["x"] <= low * factor


def test_a_logarithm_spreads_over_the_orders_of_magnitude():
    orders = Counter(len(str(value)) for value in draw({"type": "lograndint", "min": 1, "max": 9999}, 4000))

    assert all(800 < count < 1200 for count in orders.values())
    assert sorted(orders) == [1, 2, 3, 4]


def test_normal_numbers_lie_around_the_mean():
    drawn = draw({"type": "randn", "mean": 5, "sd": 2}, 2000)
    halves = draw({"type": "qrandn", "mean": 5, "sd": 2, "q": 0.5}, 200)

    assert 4.8 < sum(drawn) / len(drawn) < 5.2
    assert 0.63 < sum(3 < value < 7 for value in drawn) / len(drawn) < 0.74
    assert all((value * 2).is_integer() for value in halves)


def test_a_grid_is_gone_through_for_each_sample():
    result = search(
        space=[
            RATE,
            {"name": "epochs", "type": "grid_search", "options": [1, 2]},
        ],
        config={**AFTER_LOSS, "num_samples": 3},
    )

    drawn = [trial["hyperparameters"] for trial in result["trials"]]
    assert [item["epochs"] for item in drawn] == [1, 2, 1, 2, 1, 2]
    assert len({item["rate"] for item in drawn}) == 6
    assert [trial["trial_id"] for trial in result["trials"]][:2] == ["trial_1", "trial_2"]


def test_what_is_random_can_be_held_over_the_grid_and_begin_with_points_of_one_s_own():
    options = {"constant_grid_search": True, "points_to_evaluate": [{"rate": 0.5}], "random_state": 3}
    result = search(
        space=[RATE, {"name": "epochs", "type": "grid_search", "options": [1, 2]}],
        config={
            "metric": "loss",
            "mode": "min",
            "num_samples": 3,
            "search_alg": {"name": "BasicVariantGenerator", "options": options},
        },
    )

    first, second, *others = [trial["hyperparameters"] for trial in result["trials"]]
    assert [first, second] == [{"rate": 0.5, "epochs": 1}, {"rate": 0.5, "epochs": 2}]
    assert [item["epochs"] for item in others] == [1, 2, 1, 2]
    assert len({item["rate"] for item in others}) == 2
    assert result["seed"] == 3


@pytest.mark.parametrize(("sample_count", "rates"), [(1, [0.5, 0.6]), (2, [0.5, 0.6]), (3, [0.5, 0.6, None])])
def test_points_to_begin_with_are_samples_and_all_of_them_are_taken(sample_count: int, rates: list[Any]):
    options = {"points_to_evaluate": [{"rate": 0.5}, {"rate": 0.6}]}
    result = search(
        config={
            **AFTER_LOSS,
            "num_samples": sample_count,
            "search_alg": {"name": "basicvariantgenerator", "options": options},
        }
    )

    found = [trial["hyperparameters"]["rate"] for trial in result["trials"]]
    assert found[:2] == rates[:2]
    assert len(found) == len(rates)


def test_the_same_seed_draws_the_same():
    def rates(**config: Any) -> list[float]:
        result = search(config={**AFTER_LOSS, "num_samples": 3, **config})
        assert result["seed"] is not None
        return [trial["hyperparameters"]["rate"] for trial in result["trials"]]

    assert rates() == rates()
    assert rates() != rates(seed=8)


# What comes of it


def test_the_best_trial_s_result_is_the_result(workspace: LocalWorkspace, tmp_path: Path):
    class Saves(Train):
        def execute(self) -> dict[str, Any]:
            result = super().execute()
            file = tmp_path / "weights.json"  # one place for all trials
            file.write_text(json.dumps(self.params.rate))
            return {**result, "weights_path": str(file)}

    result = search(Saves, config={**AFTER_LOSS, "num_samples": 4}, workspace=workspace, name="probe")

    best = min(result["trials"], key=lambda trial: trial["value"])
    assert result["best_trial"] == best["trial_id"] == result["best_result"]["trial_id"]
    assert result["loss"] == best["value"] == result["best_result"]["metrics"]["loss"]
    assert result["model_id"] == best["model_id"] == result["best_result"]["model_id"]
    assert (result["success"], result["steps_total"], result["failed_trials"]) == (True, 2, 0)
    model = workspace.get_model(result["model_id"])
    assert json.loads(Path(model["path"]).read_text()) == best["hyperparameters"]["rate"]
    assert result["weights_path"] == str(model["path"])
    assert model["name"] == f"probe_{best['trial_id']}"
    assert model["metrics"]["loss"] == best["value"]
    assert [item["name"] for item in result["trial_models"]] == [f"probe_trial_{n}" for n in (1, 2, 3, 4)]


def test_the_largest_can_be_the_best():
    result = search(config={**AFTER_LOSS, "mode": "max", "num_samples": 4})

    assert result["loss"] == max(trial["value"] for trial in result["trials"])


def test_a_result_that_is_a_model_stays_one(tmp_path: Path, workspace: LocalWorkspace):
    class Report(BaseModel):
        weights_path: str
        loss: float

    class Returns(BaseTrainAction[Params]):
        result_model = Report

        def execute(self) -> Report:
            (tmp_path / "w").write_text(str(self.params.rate))
            return Report(weights_path=str(tmp_path / "w"), loss=self.params.rate)

    result = search(Returns, config={**AFTER_LOSS, "num_samples": 3}, workspace=workspace)

    assert isinstance(result, Report)
    assert result.loss == min(trial["value"] for trial in result["trials"])  # type: ignore[index]
    assert Path(result.weights_path).read_text() == str(result.loss)


def test_a_training_that_takes_its_dataset_gets_it_in_each_trial(workspace: LocalWorkspace, tmp_path: Path):
    seen = []

    class Takes(BaseTrainAction[Params]):
        async def execute(self, data_path: Path, checkpoint: Any) -> dict[str, float]:
            seen.append((data_path, checkpoint["name"], self.ctx.env.get("SYNAPSE_TRIAL_ID")))
            assert os.environ["IS_TUNE"] == "true"
            assert os.environ["SYNAPSE_TRIAL_ID"] == self.ctx.env["SYNAPSE_TRIAL_ID"]
            return {"loss": 1.0}

    chosen = {"id": 5, "name": "base", "path": "x"}
    config = {**AFTER_LOSS, "num_samples": 2}
    result = search(Takes, config=config, workspace=workspace, checkpoint=chosen, dataset=1)

    assert seen == [(tmp_path / "letters", "base", f"trial_{number}") for number in (1, 2)]
    assert result["steps_total"] == 4
    assert "IS_TUNE" not in os.environ
    assert "SYNAPSE_TRIAL_ID" not in os.environ


def test_a_trial_has_the_workspace_of_the_run(workspace: LocalWorkspace, tmp_path: Path):
    # Weak spot 28 of the sheet: without a client these fail inside of trials.
    class Helps(BaseTrainAction[Params]):
        def execute(self) -> dict[str, float]:
            folder = Path(self.get_dataset()["path"])
            model = self.create_model(folder / "a.txt", name="kept")
            assert self.get_model(model["id"])["name"] == "kept"
            return {"loss": float(model["id"])}

    assert search(Helps, workspace=workspace, dataset=1)["loss"] == 1


def test_params_of_a_trial_are_those_of_one_training():
    seen = []

    class Keeps(BaseModel):
        is_tune: bool = False
        hyperparameters: list[dict[str, Any]] | None = None
        tune_config: dict[str, Any] | None = None
        secret: SecretStr
        learning_rate: float = Field(default=0.1, alias="learningRate")
        note: str = "as it was"

    class Sees(BaseTrainAction[Keeps]):
        def execute(self) -> dict[str, float]:
            seen.append(self.params)
            return {"loss": self.params.learning_rate}

    search(
        Sees,
        [{"name": "learning_rate", "type": "choice", "options": [0.5]}],
        secret="hidden",
    )

    (params,) = seen
    assert (params.is_tune, params.tune_config) == (False, None)
    assert params.hyperparameters == [{"learning_rate": 0.5}]
    assert params.learning_rate == 0.5
    assert params.secret.get_secret_value() == "hidden"
    assert "note" not in params.model_fields_set


def test_params_without_a_model_are_laid_over_as_well():
    class Plain(BaseTrainAction):  # type: ignore[type-arg]
        def execute(self) -> dict[str, float]:
            assert self.params["is_tune"] is False
            return {"loss": self.params["rate"] + self.params["shift"]}

    result = search(Plain, [{"name": "rate", "type": "grid_search", "options": [3, 1]}], shift=1)

    assert result["loss"] == 2


def test_steps_of_the_author_s_own_are_each_trial_s():
    class Work(BaseStep[TrainContext]):
        name = "work"
        progress_weight = 1

        def execute(self, context: TrainContext) -> StepResult:
            context.result = {"loss": context.params["rate"]}
            return StepResult()

    class Steps(BaseTrainAction[Params]):
        def setup_steps(self, registry: StepRegistry[Any]) -> None:
            registry.register(Work())

    result = search(Steps, [{"name": "rate", "type": "grid_search", "options": [0.5, 0.25]}])

    assert (result["best_trial"], result["loss"]) == ("trial_2", 0.25)


def test_weights_of_a_framework_under_autolog_are_kept(workspace: LocalWorkspace, tmp_path: Path):
    (tmp_path / "runs").mkdir()

    class Logs(Train):
        def execute(self) -> dict[str, Any]:
            (tmp_path / "runs/best.pt").write_text(str(self.params.rate))
            set_autolog_context(AutologContext(self, extra={"weights_dir": str(tmp_path / "runs")}))
            return super().execute()

    result = search(Logs, workspace=workspace)

    kept = Path(workspace.get_model(result["model_id"])["path"]) / "best.pt"
    assert kept.read_text() == str(result["best_result"]["hyperparameters"]["rate"])


# What is after a number


def report(**reports: dict[str, float]) -> Any:
    class Reports(BaseTrainAction[Params]):
        def execute(self) -> dict[str, float]:
            returned = reports.get("returned", {})
            for category, values in reports.items():
                if category != "returned":
                    self.set_metrics(values, category)
            return returned

    return Reports


@pytest.mark.parametrize(
    ("metric", "action", "value"),
    [
        ("loss", report(train={"loss": 3}, validation={"loss": 2}, returned={"loss": 1}), 2),
        ("loss", report(train={"loss": 3}, returned={"loss": 1}), 1),
        ("loss", report(train={"loss": 3}), 3),
        ("train/loss", report(train={"loss": 3}, validation={"loss": 2}), 3),
        ("metrics/mAP50(B)", report(validation={"metrics/mAP50(B)": 0.5}), 0.5),
    ],
)
def test_the_number_is_looked_for_where_it_says_most(metric: str, action: Any, value: float):
    assert search(action, config={"metric": metric, "mode": "min"})["trials"][0]["value"] == value


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (report(), "neither reported nor returned 'loss', which the search is after; it has no numbers"),
        (report(train={"gap": 1}, returned={"best": 2}), "it has train/gap, best"),
        (report(train={"loss": 1}, test={"loss": 2}), "in several categories: train/loss, test/loss"),
        (report(validation={"loss": float("nan")}), "loss ended at nan"),
    ],
)
def test_a_trial_without_the_number_has_failed(action: Any, words: str):
    with pytest.raises(ExecutionError) as caught:
        search(action)

    assert words in str(caught.value)
    assert "The only trial failed." in str(caught.value)


# What goes wrong


class Fragile(Train):
    def execute(self) -> dict[str, Any]:
        if self.params.epochs == 2:
            raise ZeroDivisionError("at epoch 2")
        if self.params.epochs == 3:
            raise SystemExit(4)
        return super().execute()


def test_a_trial_that_fails_lets_the_others_go_on():
    sink = RecordingSink()
    grid = {"name": "epochs", "type": "grid_search", "options": [2, 1, 3]}
    result = search(Fragile, [RATE, grid], sink=sink)

    errors = [trial.get("error") for trial in result["trials"]]
    assert errors[0] == "ZeroDivisionError: at epoch 2"
    assert errors[1] is None
    assert "sys.exit(4)" in errors[2]
    assert (result["best_trial"], result["failed_trials"]) == ("trial_2", 2)
    assert [event.body["key"] for event in sink.events if event.level == "warning"] == [  # type: ignore[index]
        "TRAIN_TUNE_TRIAL_ERROR",
        "TRAIN_TUNE_TRIAL_ERROR",
    ]


def test_a_search_of_which_no_trial_ends_well_has_failed():
    with pytest.raises(
        ExecutionError, match=r"Each of the 2 trials failed\. trial_1: ZeroDivisionError"
    ) as caught:
        search(Fragile, [RATE, {"name": "epochs", "type": "grid_search", "options": [2, 3]}])

    assert caught.value.details["trials"][1]["status"] == "failed"


def test_ctrl_c_ends_the_search():
    class Interrupted(Train):
        def execute(self) -> dict[str, Any]:
            raise KeyboardInterrupt

    sink = RecordingSink()
    with pytest.raises(KeyboardInterrupt):
        search(Interrupted, config={**AFTER_LOSS, "num_samples": 5}, sink=sink)

    rows = [row for event in sink.events if event.name == "trials" for row in event.body["trials"].values()]  # type: ignore[index]
    assert [row["base"]["status"] for row in rows] == ["running", "stopped"]
    assert "IS_TUNE" not in os.environ


def test_weights_that_can_not_be_kept_fail_their_trial(workspace: LocalWorkspace):
    class Lies(Train):
        def execute(self) -> dict[str, Any]:
            return {**super().execute(), "weights_path": "nowhere.pt"}

    sink = RecordingSink()
    with pytest.raises(ExecutionError, match=r"said to be at 'nowhere\.pt', and there is nothing"):
        search(Lies, workspace=workspace, sink=sink)

    assert "TRAIN_TUNE_TRIAL_UPLOAD_FAILED" in [
        event.body.get("key")
        for event in sink.events
        if event.level == "warning"  # type: ignore[union-attr]
    ]


class Untouched(BaseTrainAction[Params]):
    def execute(self) -> None:
        raise AssertionError("it trained")


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ([], "hyperparameters is empty; a search needs a list"),
        ([3], "hyperparameters[0] is 3, not an object with a name and a type"),
        ([{"name": "rate"}], "hyperparameters[0] (rate).type is missing; allowed are uniform, quniform"),
        ([{**RATE, "type": "unifrom"}], "hyperparameters[0] (rate).type is 'unifrom'; did you mean uniform?"),
        ([{"type": "randn"}], "hyperparameters[0].name: Field required"),
        ([{**RATE, "min": 2}], "hyperparameters[0] (rate): min is 2 and max is 0.9; min must not be above"),
        ([{**RATE, "min": "low"}], "hyperparameters[0] (rate).min: Input should be a valid number"),
        ([{**RATE, "min": 0, "type": "loguniform"}], "(rate): min is 0; a loguniform needs a min above 0"),
        ([{**RATE, "type": "randint"}], "(rate): min is 0.1; a randint needs whole numbers"),
        (
            [{**RATE, "type": "randint", "min": 0, "max": 2**60}],
            "max is 1.15292e+18; a randint goes up to 9007",
        ),
        ([{**RATE, "min": -1.5e308, "max": 1.5e308}], "from -1.5e+308 to 1.5e+308 is farther than a number"),
        ([{**RATE, "type": "quniform"}], "(rate): q is missing; a quniform needs the step"),
        ([{**RATE, "q": 0.1}], "(rate): q is 0.1; only quniform has one"),
        ([{**RATE, "type": "quniform", "q": 5}], "(rate): no multiple of q, 5.0, lies between min and max"),
        ([{"name": "rate", "type": "qrandn"}], "(rate): q is missing; a qrandn needs the step"),
        ([{"name": "rate", "type": "randn", "sd": 0}], "(rate).sd: Input should be greater than 0"),
        ([{"name": "rate", "type": "choice", "options": []}], "(rate).options: List should have at least 1"),
        ([RATE, RATE], "hyperparameters[1] (rate): this name was there before"),
        ([{**RATE, "max": float("inf")}], "(rate).max: Input should be a finite number"),
    ],
)
def test_a_space_that_does_not_fit_is_refused_with_its_place(space: list[Any], words: str):
    with pytest.raises(ParamsError) as caught:
        SearchSpace.parse(space)

    assert words in str(caught.value)


def test_every_problem_of_a_space_is_named():
    with pytest.raises(ParamsError) as caught:
        SearchSpace.parse([{"name": "a", "type": "x"}, {"name": "b", "type": "choice"}])

    assert len(caught.value.details["problems"]) == 2


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (None, "tune_config is missing; a search needs an object with a metric and a mode"),
        ({"mode": "min"}, "tune_config.metric: Field required"),
        ({"metric": "loss"}, "tune_config.mode: Field required"),
        ({"metric": "loss", "mode": "least"}, "tune_config.mode: Input should be 'min' or 'max'"),
        (
            {**AFTER_LOSS, "num_samples": 0},
            "tune_config.num_samples: Input should be greater than or equal to 1",
        ),
        ({**AFTER_LOSS, "num_samples": 10_001}, "num_samples: it makes 10,001 trials, of 10,000 at most"),
        ({**AFTER_LOSS, "search_alg": "optunasearch"}, "tune_config.search_alg: optunasearch needs Ray"),
        ({**AFTER_LOSS, "search_alg": "random"}, "there is no search algorithm 'random'"),
        (
            {**AFTER_LOSS, "scheduler": "pbt"},
            "pbt needs Ray, which this version can not use; without it there are fifo",
        ),
        ({**AFTER_LOSS, "scheduler": "ahsa"}, "there is no scheduler 'ahsa'; did you mean asha?"),
        (
            {**AFTER_LOSS, "scheduler": {"name": "asha", "options": {"grace": 1}}},
            "The options of asha do not fit: tune_config.scheduler.options.grace: Extra inputs",
        ),
        (
            {
                **AFTER_LOSS,
                "search_alg": {
                    "name": "basicvariantgenerator",
                    "options": {"points_to_evaluate": [{"x": 1}]},
                },
            },
            "points_to_evaluate: x: the space has rate",
        ),
    ],
)
def test_a_search_that_does_not_fit_trains_nothing(config: Any, words: str):
    with pytest.raises(ParamsError) as caught:
        search(Untouched, config=config)

    assert words in str(caught.value)


def test_a_name_that_is_no_text_is_refused_with_its_place():
    with pytest.raises(ParamsError, match=r"hyperparameters\[0\]\.name: Input should be a valid string"):
        search(Untouched, [{**RATE, "name": ["rate"]}], rate=0.5)


def test_a_draw_that_the_params_refuse_is_found_before_anything_trains():
    with pytest.raises(ParamsError) as caught:
        search(Untouched, [RATE, {"name": "epochs", "type": "grid_search", "options": [1, 0]}])

    assert "Nothing was trained: trial_2, which drew rate 0." in str(caught.value)
    assert ", epochs 0, does not fit: epochs: Input should be greater" in str(caught.value)
    assert caught.value.details["problems"][0]["loc"] == ["epochs"]


def test_a_name_that_is_no_param_is_refused():
    class Strict(BaseModel):
        is_tune: bool = False
        hyperparameters: list[dict[str, Any]] = []
        tune_config: dict[str, Any] = {}
        rate: float = 1

    class Train(BaseTrainAction[Strict]):
        def execute(self) -> None:
            raise AssertionError("it trained")

    with pytest.raises(ParamsError, match="hyperparameters: ratio is no param of this action"):
        search(Train, [{"name": "ratio", "type": "uniform", "min": 0, "max": 1}])


def test_a_required_param_that_is_searched_need_not_be_given():
    class Crossed(Params):
        ceiling: float = 1.0

        @model_validator(mode="after")
        def _check(self) -> Crossed:
            assert self.rate < self.ceiling
            return self

    class Train2(Train):
        params_model = Crossed

    assert search(Train2)["failed_trials"] == 0
    with pytest.raises(ExecutionError, match="rate"):
        LocalExecutor(sinks=[]).execute(Train2, {"is_tune": False})


@pytest.mark.parametrize(
    "item",
    [
        {"type": "randn", "sd": 0.1},
        {"type": "choice", "options": [None, 0.5]},
        {"type": "uniform", "min": 0.1, "max": 0.9},
    ],
)
def test_whatever_is_searched_its_param_need_not_be_given(item: dict[str, Any]):
    class Offsets(BaseTrainParams):
        dataset: int | None = None  # type: ignore[assignment]
        offset: float | None

    class Shifts(BaseTrainAction[Offsets]):
        def execute(self) -> dict[str, Any]:
            return {"loss": abs(self.params.offset or 0.0)}

    result = search(Shifts, [{"name": "offset", **item}], {**AFTER_LOSS, "num_samples": 3})

    assert [trial["status"] for trial in result["trials"]] == ["completed"] * 3


def test_a_platform_that_keeps_trainings_hears_of_the_best_trial(
    labelling: LabellingServer, client: BackendClient
):
    sink = RecordingSink()

    def run(job: str) -> Any:
        executor = LocalExecutor(sinks=[sink], job_id=job, client=client)
        return executor.execute(
            Train,
            {"is_tune": True, "hyperparameters": [RATE], "tune_config": {**AFTER_LOSS, "num_samples": 2}},
        )

    labelling.documents["PUT trains/7/override_best_trial"] = {"id": 7}
    result = run("7")

    best = result["best_result"]
    (asked,) = labelling.requests("trains/7/override_best_trial", "PUT")
    assert asked.body == {"trial_id": best["trial_id"], **best["hyperparameters"]}

    assert run("8")["best_trial"]  # which the server does not know: the search is none the worse for it
    assert [event.body["key"] for event in sink.events if event.level == "warning"] == [  # type: ignore[index]
        "TRAIN_TUNE_BEST_TRIAL_SYNC_FAILED"
    ]


# What is told


def test_rows_of_the_table_are_sent_when_they_change():
    # Weak spot 28 of the sheet: there the whole table is sent with each report.
    sink = RecordingSink()
    search(config={**AFTER_LOSS, "num_samples": 3}, sink=sink)

    tables = [event.body for event in sink.events if event.name == "trials"]
    assert [list(table["trials"]) for table in tables] == [  # type: ignore[index]
        *([f"trial_{number}"] for number in (1, 1, 2, 2, 3, 3)),
        ["trial_1", "trial_2", "trial_3"],  # for who shows the last one alone
    ]
    last = tables[-1]
    assert last is not None
    assert (last["base"], last["hyperparameters"]) == (["trial_id", "status"], ["rate"])
    assert last["metrics"] == ["loss"]
    row = last["trials"]["trial_3"]
    assert row["base"] == {"trial_id": "trial_3", "status": "completed"}
    assert row["metrics"].keys() == {"loss"}
    assert last["best_trial"] in ("trial_1", "trial_2", "trial_3")


def test_series_of_trials_stay_apart_and_progress_is_the_search_s():
    sink = RecordingSink()
    search(config={**AFTER_LOSS, "num_samples": 2}, sink=sink)

    steps = {event.step for event in sink.events if event.kind == "metric"}
    assert steps == {"trial_1/validation", "trial_2/validation"}
    assert {event.step for event in sink.events if event.kind == "progress"} == {"trials", None}
    overall = [
        event.body["percent"] for event in sink.events if event.kind == "progress" and event.step is None
    ]  # type: ignore[index]
    assert overall == sorted(overall)
    assert overall[-1] == 100


def test_what_has_no_effect_is_told():
    sink = RecordingSink()
    search(
        space=[{**RATE, "label": "Rate"}],
        config={**AFTER_LOSS, "max_concurrent_trials": 4, "time_budget_s": 60},
        sink=sink,
    )

    told = [event.body["content"] for event in sink.events if event.kind == "message"]  # type: ignore[index]
    assert "hyperparameters[0].label means nothing to this search, and is not used." in told
    assert "tune_config.time_budget_s means nothing to this search, and is not used." in told
    assert any("max_concurrent_trials has no effect" in text for text in told)


# What ends early


def run_scheduled(scheduler: Any, rates: list[float], *, epochs: int = 16) -> list[tuple[str, int]]:
    reports: Counter[str] = Counter()

    class Counts(Train):
        def report_metrics(self, *args: Any, **options: Any) -> None:
            reports[str(self.ctx.env["SYNAPSE_TRIAL_ID"])] += 1
            super().report_metrics(*args, **options)

    result = search(
        Counts,
        [{"name": "rate", "type": "grid_search", "options": rates}],
        {**AFTER_LOSS, "scheduler": scheduler},
        epochs=epochs,
    )
    return [(trial["status"], reports[trial["trial_id"]]) for trial in result["trials"]]


def test_asha_lets_the_best_of_each_rung_go_on():
    asha = {"name": "asha", "options": {"grace_period": 2, "reduction_factor": 2}}

    assert run_scheduled(asha, [0.5, 0.1, 0.6, 0.55, 0.7]) == [
        ("completed", 16),
        ("stopped", 2),
        ("completed", 16),
        ("stopped", 4),  # among the best two of four at 2, not among the best one of three at 4
        ("completed", 16),
    ]


def test_asha_ends_every_trial_at_max_t():
    asha = {"name": "asha", "options": {"max_t": 3}}

    assert run_scheduled(asha, [0.5]) == [("stopped", 3)]


def test_median_ends_what_is_worse_than_most():
    median = {"name": "median", "options": {"grace_period": 4, "min_samples_required": 2}}

    assert run_scheduled(median, [0.5, 0.6, 0.1, 0.9]) == [
        ("completed", 16),
        ("completed", 16),
        ("stopped", 4),
        ("completed", 16),
    ]


def test_time_can_be_a_number_that_is_reported():
    asha = {"name": "asha", "options": {"max_t": 8, "time_attr": "epoch"}}

    assert run_scheduled(asha, [0.5]) == [("stopped", 8)]


@pytest.mark.parametrize("epoch", [None, math.inf])
def test_a_report_without_the_number_that_time_is_counted_in_is_passed_over(epoch: float | None):
    class Timeless(Train):
        def execute(self) -> dict[str, Any]:
            for _ in range(3):
                moment = {} if epoch is None else {"moment": epoch}
                self.report_metrics({"loss": 0.5, **moment}, category="validation")
            return {"loss": 0.5}

    sink = RecordingSink()
    asha = {"name": "asha", "options": {"max_t": 1, "time_attr": "moment"}}
    result = search(Timeless, config={**AFTER_LOSS, "num_samples": 2, "scheduler": asha}, sink=sink)

    assert [trial["status"] for trial in result["trials"]] == ["completed", "completed"]
    told = [event.body["content"] for event in sink.events if event.level == "warning"]  # type: ignore[index]
    words = "loss in 'validation' without a number as moment, which asha counts time in; it passes over such"
    assert told == [f"trial_1 reported {words} reports."]


@pytest.mark.parametrize(
    "scheduler",
    [
        {"name": "asha", "options": {"grace_period": 2, "reduction_factor": 2}},
        {"name": "median", "options": {"grace_period": 2, "min_samples_required": 1}},
    ],
)
def test_a_trial_whose_loss_is_no_number_any_more_is_ended_and_ends_no_other(scheduler: Any):
    epochs: Counter[float] = Counter()

    class Diverges(Train):
        def execute(self) -> dict[str, Any]:
            for epoch in range(self.params.epochs):
                epochs[self.params.rate] += 1
                loss = math.nan if self.params.rate > 0.8 else 1 - self.params.rate
                self.report_metrics({"loss": loss}, epoch=epoch + 1, category="validation")
            return {}

    grid = {"name": "rate", "type": "grid_search", "options": [0.5, 0.9, 0.55, 0.85, 0.6]}
    result = search(Diverges, [grid], {**AFTER_LOSS, "scheduler": scheduler})

    assert epochs == {0.5: 4, 0.9: 2, 0.55: 4, 0.85: 2, 0.6: 4}
    assert result["best_result"]["hyperparameters"] == {"rate": 0.6}


def test_an_author_s_except_does_not_catch_the_end_of_a_trial():
    class Catches(Train):
        def execute(self) -> dict[str, Any]:
            try:
                return super().execute()
            except Exception as error:
                raise AssertionError("caught") from error

    result = search(Catches, config={**AFTER_LOSS, "scheduler": {"name": "asha", "options": {"max_t": 1}}})

    assert result["trials"][0]["status"] == "stopped"


def test_a_completed_trial_is_better_than_one_that_was_stopped():
    class Shallow(Train):
        def execute(self) -> dict[str, Any]:
            self.report_metrics({"loss": self.params.rate}, category="validation")
            self.report_metrics({"loss": 1.0}, category="validation")
            return {}

    result = search(
        Shallow,
        [{"name": "rate", "type": "grid_search", "options": [0.3, 0.5]}],
        {**AFTER_LOSS, "scheduler": {"name": "asha", "options": {"reduction_factor": 2}}},
    )

    assert [trial["status"] for trial in result["trials"]] == ["completed", "stopped"]
    assert result["best_trial"] == "trial_1"


def test_a_config_of_params_may_be_a_model():
    class Config(BaseModel):
        metric: str = "loss"
        mode: str = "min"
        scheduler: str | None = None

    assert TuneConfig.parse(Config()).scheduler.name == "fifo"
