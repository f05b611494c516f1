"""The train action, run for real in this process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from plugin.train import TrainAction, TrainParams
from pydantic import ValidationError

from synapse_sdk.plugins import ExecutionError
from synapse_sdk.plugins.executors.local import LocalExecutor
from synapse_sdk.settings import load_settings
from synapse_sdk.workspace import LocalWorkspace


@pytest.fixture
def executor() -> LocalExecutor:
    return LocalExecutor()


def test_params_refuse_what_can_not_work():
    assert TrainParams(dataset=1).epochs == 12

    with pytest.raises(ValidationError):
        TrainParams(dataset=1, epochs=0)


def test_it_learns_and_keeps_the_model(executor: LocalExecutor, dataset: int):
    result = executor.execute(TrainAction, {"dataset": dataset, "epochs": 4})

    assert result.metrics["accuracy"] > 0.9  # guessing would reach about 0.33
    kept = LocalWorkspace(load_settings().local_workspace_dir).models.get(result.model_id)
    assert kept.metrics == result.metrics


def test_the_same_seed_trains_the_same_model(executor: LocalExecutor, dataset: int):
    first, second = (executor.execute(TrainAction, {"dataset": dataset, "epochs": 2}) for _ in range(2))

    assert first.metrics == second.metrics


def test_a_checkpoint_is_gone_on_from(executor: LocalExecutor, dataset: int):
    first = executor.execute(TrainAction, {"dataset": dataset, "epochs": 2})

    second = executor.execute(
        TrainAction, {"dataset": dataset, "epochs": 1, "checkpoint": first.model_id, "learning_rate": 1e-9}
    )

    assert second.epochs == 3
    # At this rate nothing moves: what the checkpoint knew is what there is.
    assert second.metrics["loss"] == pytest.approx(first.metrics["loss"], rel=1e-3)


def test_a_checkpoint_for_other_classes_is_refused(executor: LocalExecutor, dataset: int, bars: Path):
    first = executor.execute(TrainAction, {"dataset": dataset, "epochs": 1})
    shutil.copytree(bars / "train/0", bars / "train/9")
    LocalWorkspace(load_settings().local_workspace_dir).datasets.register(bars)

    with pytest.raises(ExecutionError, match="can not learn 9; it reads 0, 1, 2"):
        executor.execute(TrainAction, {"dataset": dataset, "checkpoint": first.model_id})


def test_a_dataset_without_validation_is_refused(executor: LocalExecutor, dataset: int, bars: Path):
    shutil.rmtree(bars / "validation")
    LocalWorkspace(load_settings().local_workspace_dir).datasets.register(bars)

    with pytest.raises(ExecutionError, match="no split validation; it has train, test"):
        executor.execute(TrainAction, {"dataset": dataset})


def test_an_image_outside_of_class_folders_is_refused(executor: LocalExecutor, dataset: int, bars: Path):
    shutil.copyfile(bars / "test/0.png", bars / "train/lost.png")
    LocalWorkspace(load_settings().local_workspace_dir).datasets.register(bars)

    with pytest.raises(ExecutionError, match=r"outside of class folders, such as lost\.png"):
        executor.execute(TrainAction, {"dataset": dataset})
