"""A rehearsal reads what is there, makes up what is not, says so, and keeps nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.workspace import LocalWorkspace
from synapse_sdk.workspace.rehearsal import RehearsalWorkspace


@pytest.fixture
def real(tmp_path: Path) -> LocalWorkspace:
    return LocalWorkspace(tmp_path / "workspace")


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def rehearsal(real: LocalWorkspace, told: list[str]) -> RehearsalWorkspace:
    return RehearsalWorkspace(lambda: real, told.append)


def test_a_dataset_that_is_not_there_is_made_up_with_empty_splits(
    rehearsal: RehearsalWorkspace, told: list[str]
):
    dataset = rehearsal.get_dataset(123)

    assert (dataset["id"], dataset["name"]) == (123, "rehearsed-dataset-123")
    assert list(dataset["splits"]) == ["train", "validation", "test"]
    assert all(list(Path(split["path"]).iterdir()) == [] for split in dataset["splits"].values())
    assert dataset["splits"]["val"]["count"] == 0
    assert Path(dataset["path"]).is_dir()
    assert told == ["dataset 123 is not there; an empty one was made up."]


def test_a_dataset_that_is_there_is_the_real_one(
    rehearsal: RehearsalWorkspace, real: LocalWorkspace, told: list[str], tmp_path: Path
):
    folder = tmp_path / "images/train"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    registered = real.datasets.register(folder.parent, name="images").version

    dataset = rehearsal.get_dataset(registered.dataset_id)

    assert dataset == real.get_dataset(registered.dataset_id)
    assert rehearsal.find_input("dataset", registered.dataset_id) is not None
    assert told == []


def test_a_version_that_is_not_there_is_made_up(rehearsal: RehearsalWorkspace):
    assert rehearsal.get_dataset(5, version=3)["version"] == 3


def test_a_model_is_not_kept_though_its_record_is_answered_and_found_again(
    rehearsal: RehearsalWorkspace, real: LocalWorkspace, told: list[str], tmp_path: Path
):
    file = tmp_path / "best.pt"
    file.write_bytes(b"weights")

    model = rehearsal.create_model(file, name="best", metrics={"loss": 0.1}, parent_model_id=7)
    missing = rehearsal.create_model(tmp_path / "none.pt", name="none")

    assert (model["path"], model["size_bytes"], model["metrics"], model["parent_model_id"]) == (
        str(file), 7, {"loss": 0.1}, 7,
    )  # fmt: skip
    assert rehearsal.get_model(model["id"]) is model
    assert model["id"] != missing["id"]
    assert real.models.list_models() == []
    assert told == [
        "model 'best' was not kept; its record was made up.",
        "model 'none' was not kept, and there is nothing at its path; its record was made up.",
    ]


def test_a_model_that_is_not_there_is_an_empty_file(rehearsal: RehearsalWorkspace, told: list[str]):
    model = rehearsal.get_model(9)

    assert (model["id"], Path(model["path"]).read_bytes()) == (9, b"")
    assert told == ["model 9 is not there; an empty one was made up."]


def test_what_was_made_up_goes_with_the_rehearsal(real: LocalWorkspace):
    rehearsal = RehearsalWorkspace(lambda: real, lambda _: None)
    folder = Path(rehearsal.get_dataset(1)["path"])
    assert folder.is_dir()

    del rehearsal

    assert not folder.exists()


def test_nothing_is_opened_until_it_is_asked(told: list[str]):
    def refuse() -> LocalWorkspace:
        raise AssertionError("opened")

    rehearsal = RehearsalWorkspace(refuse, told.append)

    assert rehearsal.create_model("x.pt", name="x")["id"] == 1
