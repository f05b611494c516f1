"""The digits example, through the real command line, on a part of the real digits."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.cli_process import Synapse
from tests.examples.digits_demo import copy_example, demo

#: Digits in all: 600 to learn from, 150 to measure on, 150 to read. Half of them all, for the time's sake.
LIMIT = 900
#: Epochs of the first training.
EPOCHS = 12
#: What the demo asks of all digits. With this part of them 0.94 to 0.97 are reached.
REQUIRED_ACCURACY = 0.90
#: Guessing reaches 0.10; three deviations above that for 150 digits.
CHANCE_ACCURACY = 0.2


@dataclass(frozen=True)
class Session:
    """A plugin with a registered dataset, in a workspace of its own."""

    synapse: Synapse
    plugin: Path
    #: What the test digits show; never in the dataset.
    labels: dict[str, str]

    def answer(self, *words: str) -> Any:
        """Run a command in the plugin's folder and return its JSON document."""
        # The tests share the machine, where several threads for small matrices only wait for each other.
        env = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        finished = self.synapse(*words, "--json", cwd=self.plugin, env=env, timeout_s=240)
        assert finished.returncode == 0, finished
        return finished.json()

    def run(self, action: str, **params: Any) -> Any:
        return self.answer("plugin", "run", action, "--params", json.dumps(params))


def open_session(folder: Path, change: Callable[[Path], None] | None = None) -> Session:
    """Write digits, let `change` work on them, register them, and lay the example beside them."""
    home, digits, plugin = folder / "home", folder / "digits", folder / "plugin"
    home.mkdir()
    labels = demo.write_digits(digits, limit=LIMIT)
    if change is not None:
        change(digits)
    copy_example(plugin)
    session = Session(Synapse(home, folder), plugin, labels)
    assert session.answer("dataset", "register", str(digits))["version"]["dataset_id"] == 1
    return session


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session with model 1, trained, and model 2, trained on from it."""
    session = open_session(tmp_path_factory.mktemp("trained"))
    first = session.run("train", dataset=1, epochs=EPOCHS)
    second = session.run("train", dataset=1, epochs=3, checkpoint=1)
    assert [first["result"]["model_id"], second["result"]["model_id"]] == [1, 2]
    return session


@dataclass(frozen=True)
class Curve:
    """One metric of a run."""

    epochs: list[float]
    values: list[float]


def read_curves(session: Session, run: int) -> dict[str, Curve]:
    """Return the metrics of a run by `step.key`."""
    series = session.answer("run", "metrics", str(run))["series"]
    return {f"{item['step']}.{item['key']}": Curve(item["x"], item["y"]) for item in series}


def test_the_plugin_is_clean_as_it_lies_there(trained: Session):
    checked = trained.synapse("plugin", "check", "--strict", "--import", cwd=trained.plugin)
    updated = trained.synapse("plugin", "update-config", "--check", cwd=trained.plugin)

    assert checked.returncode == 0, checked
    assert updated.returncode == 0, updated


def test_its_own_tests_pass(trained: Session):
    tested = trained.answer("plugin", "test")

    assert (tested["ok"], tested["passed"], tested["skipped"]) == (True, 10, 0)


def test_it_publishes_its_code_and_nothing_of_the_demo(trained: Session):
    release = trained.answer("plugin", "publish", "--dry-run")

    travels = {file["path"] for file in release["files"]}
    assert {"config.yaml", "plugin/train.py", "plugin/reader.py", "requirements.txt"} <= travels
    assert not travels & {"demo.py", "tests/test_train.py", "outputs/predictions.csv"}
    assert release["warnings"] == []


def test_every_epoch_reports_loss_and_accuracy_on_both_splits(trained: Session):
    curves = read_curves(trained, 1)

    assert {"train.loss", "train.accuracy", "validation.loss", "validation.accuracy"} <= set(curves)
    assert all(curve.epochs == list(range(1, EPOCHS + 1)) for curve in curves.values())
    assert curves["train.loss"].values[-1] < curves["train.loss"].values[0] / 2
    assert curves["validation.accuracy"].values[-1] >= REQUIRED_ACCURACY


def test_a_checkpoint_is_really_gone_on_from(trained: Session):
    before, after = read_curves(trained, 1), read_curves(trained, 2)
    kept = trained.answer("model", "show", "2")["model"]

    assert after["train.loss"].epochs == [EPOCHS + 1, EPOCHS + 2, EPOCHS + 3]
    # Afresh, the first epoch ends with about four times this loss.
    assert after["train.loss"].values[0] < before["train.loss"].values[-1] * 1.2
    reached = before["validation.accuracy"].values[-1]
    assert after["validation.accuracy"].values[0] == pytest.approx(reached, abs=0.03)
    assert kept["parent_model_id"] == 1


def test_a_model_keeps_what_it_reached(trained: Session):
    kept = trained.answer("model", "show", "1")["model"]

    curves = read_curves(trained, 1)
    assert kept["metrics"] == {
        "accuracy": curves["validation.accuracy"].values[-1],
        "loss": curves["validation.loss"].values[-1],
    }


def test_unseen_digits_are_read(trained: Session):
    result = trained.run("inference", model=2, dataset=1)["result"]

    assert result["processed_count"] == len(trained.labels) == LIMIT / 6
    assert demo.score(Path(result["output_path"]), trained.labels) >= REQUIRED_ACCURACY


def test_shuffled_training_labels_teach_nothing(tmp_path: Path):
    # If a wrong label did not hurt, the right answers would come from somewhere else than from learning.
    session = open_session(tmp_path, shuffle_training_labels)

    session.run("train", dataset=1, epochs=EPOCHS)
    result = session.run("inference", model=1, dataset=1)["result"]

    assert demo.score(Path(result["output_path"]), session.labels) < CHANCE_ACCURACY


def shuffle_training_labels(digits: Path) -> None:
    files = sorted((digits / "train").rglob("*.png"))
    classes = [file.parent for file in files]
    random.Random(1).shuffle(classes)
    for file, folder in zip(files, classes, strict=True):
        file.rename(folder / file.name)


def test_the_test_split_says_nothing_about_its_labels(tmp_path: Path):
    labels = demo.write_digits(tmp_path, limit=60)

    files = sorted((tmp_path / "test").rglob("*"))
    assert [file.parent for file in files] == [tmp_path / "test"] * 10
    assert {file.name for file in files} == set(labels)
    assert len({len(file.name) for file in files}) == 1
    assert len(set(labels.values())) > 3


def test_the_score_wants_a_prediction_for_each_file_and_no_other(tmp_path: Path):
    predictions = tmp_path / "predictions.csv"
    predictions.write_text("file,label,confidence\na.png,1,0.9\nb.png,2,0.8\n")

    assert demo.score(predictions, {"a.png": "1", "b.png": "3"}) == 0.5
    for labels in ({"a.png": "1"}, {"a.png": "1", "c.png": "2"}):
        with pytest.raises(ValueError, match="2 predictions"):
            demo.score(predictions, labels)
