"""The inference action, run for real with a model trained a moment before."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from plugin.inference import InferenceAction
from plugin.train import TrainAction

from synapse_sdk.plugins import ExecutionError
from synapse_sdk.plugins.executors.local import LocalExecutor
from synapse_sdk.settings import load_settings
from synapse_sdk.workspace import LocalWorkspace


@pytest.fixture
def model(dataset: int) -> int:
    """The id of a trained model in the test's own workspace."""
    return LocalExecutor().execute(TrainAction, {"dataset": dataset, "epochs": 4}).model_id


def test_every_image_gets_its_label(dataset: int, model: int):
    result = LocalExecutor().execute(InferenceAction, {"model": model, "dataset": dataset})

    with Path(result.output_path).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert result.processed_count == len(rows) == 9
    assert {row["file"]: row["label"] for row in rows} == {f"{n}.png": str(n % 3) for n in range(9)}
    assert all(1 / 3 <= float(row["confidence"]) <= 1 for row in rows)


def test_an_unknown_split_is_refused(dataset: int, model: int):
    with pytest.raises(ExecutionError, match="no split secret; it has train, validation, test"):
        LocalExecutor().execute(InferenceAction, {"model": model, "dataset": dataset, "split": "secret"})


def test_a_model_of_something_else_is_refused(dataset: int, tmp_path: Path):
    other = tmp_path / "other.joblib"
    other.write_text(json.dumps({"not": "ours"}))
    workspace = LocalWorkspace(load_settings().local_workspace_dir)
    model = workspace.create_model(other, name="other")["id"]

    with pytest.raises(ExecutionError):
        LocalExecutor().execute(InferenceAction, {"model": model, "dataset": dataset})
