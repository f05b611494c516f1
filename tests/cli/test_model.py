"""`synapse model`, as a person and as a program sees it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.cli_process import Synapse
from tests.workspace.folders import make_model

from synapse_sdk.workspace import LocalWorkspace


@pytest.fixture
def workspace(synapse: Synapse) -> LocalWorkspace:
    """The workspace that the command looks at."""
    return LocalWorkspace(synapse.home / ".synapse/data/workspaces/local")


@pytest.fixture
def saved(workspace: LocalWorkspace, tmp_path: Path) -> Path:
    """The kept file of model 1."""
    source = make_model(tmp_path / "best.pt", "weights")
    metrics = {"accuracy": 0.96111, "loss": math.nan, "f1": 1.0}
    return Path(workspace.create_model(source, name="digits", metrics=metrics)["path"])


def test_the_list_of_nothing_says_how_to_begin(synapse: Synapse):
    finished = synapse("model", "list")

    assert (finished.returncode, finished.stdout) == (0, "")
    assert "synapse plugin run train" in finished.stderr
    assert synapse("model", "list", "--json").json() == {"models": []}


def test_the_list_shows_sizes_with_units_and_the_first_metrics(synapse: Synapse, saved: Path):
    header, line = synapse("model", "list").stdout.splitlines()

    assert header.split() == ["id", "name", "category", "size", "saved", "metrics"]
    assert line.split()[:5] == ["1", "digits", "fine_tuned", "7", "bytes"]
    assert line.endswith("accuracy 0.9611 · loss nan · +1")


def test_show_is_one_json_document_even_with_numbers_that_json_has_not(synapse: Synapse, saved: Path):
    document = synapse("model", "show", "1", "--json").json()

    assert document["state"] == "as saved"
    assert document["path"] == str(saved)
    assert document["model"]["metrics"] == {"accuracy": 0.96111, "loss": "NaN", "f1": 1.0}


def test_show_tells_that_the_file_is_damaged(synapse: Synapse, saved: Path):
    saved.unlink()

    shown = synapse("model", "show", "1")

    assert shown.returncode == 0
    assert "state     gone\n" in shown.stdout
    assert f"warning: Model 1 (digits) can not be used: {saved} is gone." in shown.stderr


def test_export_prints_where_the_copy_is(synapse: Synapse, saved: Path):
    finished = synapse("model", "export", "1", "mine.pt")

    assert finished.stdout == "mine.pt\n"
    assert (synapse.cwd / "mine.pt").read_text() == "weights"


def test_export_replaces_only_with_force(synapse: Synapse, saved: Path):
    mine = make_model(synapse.cwd / "mine.pt", "precious")

    refused = synapse("model", "export", "1", "mine.pt")
    assert refused.returncode == 2
    assert "exists already" in refused.stderr
    assert "--force" in refused.stderr
    assert mine.read_text() == "precious"

    assert synapse("model", "export", "1", "mine.pt", "--force", "--json").json()["path"] == str(mine)
    assert mine.read_text() == "weights"


def test_a_damaged_model_is_not_exported(synapse: Synapse, saved: Path):
    saved.chmod(0o644)
    saved.write_text("wEights")

    finished = synapse("model", "export", "1", "mine.pt")

    assert finished.returncode == 2
    assert "is not what was saved" in finished.stderr
    assert not (synapse.cwd / "mine.pt").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("show", "7"), "There is no model 7; this workspace has 1 (digits)."),
        (("show", "best"), "'best' is not a valid integer"),
        (("export", "1", "no/where.pt"), "There is no folder"),
        (("lst",), "Did you mean 'list'?"),
    ],
)
def test_what_is_asked_wrongly_ends_with_2(synapse: Synapse, saved: Path, args: tuple[str, ...], said: str):
    finished = synapse("model", *args)

    assert finished.returncode == 2
    assert said in finished.stderr
    assert "Traceback" not in finished.said
