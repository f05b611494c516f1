"""Models of the local workspace: kept whole, checked at every use."""

from __future__ import annotations

import json
import math
import os
import stat
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.workspace.folders import make_folder, make_model, visible_records

from synapse_sdk.wire.envelope import InputReference, PluginReference
from synapse_sdk.workspace import (
    LocalWorkspace,
    ModelDamagedError,
    ModelOrigin,
    NotFoundError,
    WorkspaceError,
)


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    return LocalWorkspace(tmp_path / "workspace")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return make_model(tmp_path / "best.pt")


def test_a_saved_model_has_the_keys_that_the_guide_names(workspace: LocalWorkspace, weights: Path):
    model = workspace.create_model(
        weights, name="yolov8-detection", description="Trained on custom dataset", metrics={"mAP50": 0.85}
    )

    assert model["id"] == 1
    assert Path(model["path"]).read_text() == "weights"
    assert Path(model["path"]).name == "best.pt"
    assert (model["name"], model["category"]) == ("yolov8-detection", "fine_tuned")
    assert model["metrics"] == {"mAP50": 0.85}
    assert workspace.get_model(1) == model
    json.dumps(model)


def test_the_kept_copy_is_independent_of_the_original(workspace: LocalWorkspace, weights: Path):
    model = workspace.create_model(weights, name="first")
    weights.write_text("the next epoch")

    assert Path(workspace.get_model(model["id"])["path"]).read_text() == "weights"


def test_the_kept_copy_is_read_only_and_takes_the_room_of_one(workspace: LocalWorkspace, weights: Path):
    path = Path(workspace.create_model(weights, name="first")["path"])
    workspace.create_model(weights, name="second")

    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    assert path.stat().st_nlink == 3  # the blob and two models


def test_a_name_may_be_used_again(workspace: LocalWorkspace, weights: Path):
    ids = [workspace.create_model(weights, name="digits")["id"] for _ in range(3)]

    assert ids == [1, 2, 3]


def test_a_relative_workspace_gives_paths_that_outlive_a_change_of_folder(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    workspace = LocalWorkspace(Path("workspace"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    path = workspace.create_model(weights, name="first")["path"]

    assert path == str(tmp_path / "workspace/models/1/files/best.pt")


def test_a_model_may_be_called_like_our_own_record(workspace: LocalWorkspace, tmp_path: Path):
    booster = make_model(tmp_path / "model.json", '{"trees": 3}')

    model = workspace.create_model(booster, name="xgboost")

    assert Path(workspace.get_model(model["id"])["path"]).read_text() == '{"trees": 3}'


def test_a_folder_is_kept_with_everything_in_it(workspace: LocalWorkspace, tmp_path: Path):
    folder = make_folder(tmp_path / "bert", {"config.json": "{}", "shards/1.bin": "1", ".tokenizer": "t"})

    model = workspace.create_model(folder, name="bert")

    path = Path(workspace.get_model(model["id"])["path"])
    assert path.name == "bert"
    assert sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()) == [
        ".tokenizer",
        "config.json",
        "shards/1.bin",
    ]
    assert (model["size_bytes"], workspace.models.get(1).item_count) == (4, 3)


def test_numbers_of_every_kind_are_kept_and_so_are_those_that_are_not_finite(
    workspace: LocalWorkspace, weights: Path
):
    workspace.create_model(
        weights,
        name="digits",
        metrics={
            "int": 3,
            "float32": np.float32(0.5),
            "int64": np.int64(7),
            "scalar": np.array(0.25),
            "fraction": Fraction(1, 8),
            "nan": math.nan,
            "diverged": -math.inf,
        },
    )

    metrics = workspace.get_model(1)["metrics"]
    assert math.isnan(metrics.pop("nan"))
    assert metrics == {
        "int": 3,
        "float32": 0.5,
        "int64": 7,
        "scalar": 0.25,
        "fraction": 0.125,
        "diverged": -math.inf,
    }


def test_values_that_do_not_fit_are_all_named_and_nothing_is_saved(workspace: LocalWorkspace):
    with pytest.raises(WorkspaceError, match="The model can not be saved") as refusal:
        workspace.create_model(
            "nowhere/best.pt",
            name=" ",
            metrics={"accuracy": "0.9", "loss": None, "is_good": True, "money": Decimal("1.5"), 3: 1.0},  # type: ignore[dict-item]
            category="finetuned",  # type: ignore[arg-type]
        )

    assert refusal.value.details["problems"] == [
        f"there is no file or folder {Path('nowhere/best.pt').absolute()}",
        "name is ' ', and must be printable text",
        "category is 'finetuned', and must be one of base, fine_tuned",
        "metrics['accuracy'] is '0.9', and must be a number",
        "metrics['loss'] is None, and must be a number",
        "metrics['is_good'] is True, and must be a number",
        "metrics['money'] is Decimal('1.5'), and must be a number",
        "metrics has the key 3, and keys must be text",
    ]
    assert not workspace.root.exists()


def test_metrics_that_are_no_mapping_are_refused(workspace: LocalWorkspace, weights: Path):
    with pytest.raises(WorkspaceError, match=r"metrics is \[0.9\], and must be a mapping"):
        workspace.create_model(weights, name="digits", metrics=[0.9])  # type: ignore[arg-type]


def test_an_empty_folder_and_a_pipe_are_no_models(workspace: LocalWorkspace, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(WorkspaceError, match="holds no files"):
        workspace.create_model(tmp_path / "empty", name="empty")
    with pytest.raises(WorkspaceError, match="is neither a file nor a folder"):
        workspace.create_model(tmp_path / "pipe", name="pipe")
    assert visible_records(workspace.root / "models") == []


def test_a_model_remembers_where_it_came_from(workspace: LocalWorkspace, weights: Path):
    origin = ModelOrigin(
        job="01930000-0000-7000-8000-000000000000",
        action="train",
        plugin=PluginReference(code="digits", version="0.1.0", folder_digest="sha256:aa"),
        inputs=(InputReference(kind="dataset", id=1, version=2, digest="sha256:bb"),),
    )
    base = workspace.create_model(weights, name="base", category="base")

    workspace.create_model(weights, name="tuned", parent_model_id=base["id"], origin=origin)

    tuned = LocalWorkspace(workspace.root).models.get(2)
    assert (tuned.parent_model_id, tuned.origin) == (1, origin)


def test_an_unknown_parent_is_refused(workspace: LocalWorkspace, weights: Path):
    with pytest.raises(NotFoundError, match="There is no model 9; this workspace has none yet"):
        workspace.create_model(weights, name="tuned", parent_model_id=9)


def test_an_unknown_model_is_answered_with_those_that_there_are(workspace: LocalWorkspace, weights: Path):
    workspace.create_model(weights, name="digits")

    with pytest.raises(NotFoundError, match=r"There is no model 2; this workspace has 1 \(digits\)\."):
        workspace.get_model(2)


def test_a_missing_file_is_told_and_so_are_other_bytes(workspace: LocalWorkspace, weights: Path):
    path = Path(workspace.create_model(weights, name="digits")["path"])
    path.chmod(0o644)
    path.write_text("wEights")
    with pytest.raises(ModelDamagedError, match="is not what was saved: sha256:") as changed:
        workspace.get_model(1)
    path.unlink()
    with pytest.raises(ModelDamagedError, match=f"{path} is gone") as gone:
        workspace.get_model(1)

    assert changed.value.details["found_digest"] != changed.value.details["expected_digest"]
    assert gone.value.details["found_digest"] is None


def test_a_damaged_model_does_not_damage_the_next_one(workspace: LocalWorkspace, weights: Path):
    path = Path(workspace.create_model(weights, name="first")["path"])
    path.chmod(0o644)
    path.write_text("wEights")  # the blob that it links to, too

    again = workspace.create_model(weights, name="again")

    assert Path(workspace.get_model(again["id"])["path"]).read_text() == "weights"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: (path / "a").unlink(), r"1 file is missing \(a\)"),
        (lambda path: (path / "c").write_text("new"), r"1 file is new \(c\)"),
        (
            lambda path: [(path / "b").chmod(0o644), (path / "b").write_text("B")],
            r"1 file has other .* \(b\)",
        ),
    ],
)
def test_a_damaged_folder_names_its_files(workspace: LocalWorkspace, tmp_path: Path, damage, message: str):
    workspace.create_model(make_folder(tmp_path / "bert", {"a": "a", "b": "b"}), name="bert")
    damage(workspace.root / "models/1/files/bert")

    with pytest.raises(ModelDamagedError, match=message):
        workspace.get_model(1)


def test_an_exported_file_is_the_readers_own(workspace: LocalWorkspace, weights: Path, tmp_path: Path):
    workspace.create_model(weights, name="digits")

    target = workspace.models.export(1, tmp_path / "mine.pt")
    target.write_text("changed by me")

    assert Path(workspace.get_model(1)["path"]).read_text() == "weights"


def test_an_export_into_a_folder_keeps_the_name(workspace: LocalWorkspace, weights: Path, tmp_path: Path):
    workspace.create_model(weights, name="digits")
    (tmp_path / "out").mkdir()

    assert workspace.models.export(1, tmp_path / "out") == tmp_path / "out/best.pt"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["best.pt"]


def test_an_export_replaces_only_when_told(workspace: LocalWorkspace, weights: Path, tmp_path: Path):
    workspace.create_model(weights, name="digits")
    mine = make_model(tmp_path / "mine.pt", "precious")

    with pytest.raises(WorkspaceError, match="exists already; nothing was written"):
        workspace.models.export(1, mine)
    assert mine.read_text() == "precious"
    workspace.models.export(1, mine, overwrite=True)
    assert mine.read_text() == "weights"


def test_an_exported_folder_replaces_the_old_one_whole(workspace: LocalWorkspace, tmp_path: Path):
    workspace.create_model(make_folder(tmp_path / "bert", {"a": "a", "sub/b": "b"}), name="bert")
    make_folder(tmp_path / "out/bert", {"old": "old"})

    target = workspace.models.export(1, tmp_path / "out", overwrite=True)

    assert sorted(path.name for path in target.iterdir()) == ["a", "sub"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["bert"]


def test_a_folder_never_gives_way_to_a_file(workspace: LocalWorkspace, weights: Path, tmp_path: Path):
    workspace.create_model(weights, name="digits")
    (tmp_path / "out/best.pt").mkdir(parents=True)

    with pytest.raises(WorkspaceError, match=r"is a folder, and Model 1 .* is a file"):
        workspace.models.export(1, tmp_path / "out", overwrite=True)


def test_an_export_needs_a_folder_to_go_to(workspace: LocalWorkspace, weights: Path, tmp_path: Path):
    workspace.create_model(weights, name="digits")

    with pytest.raises(WorkspaceError, match=r"There is no folder .*/nowhere to put the model in"):
        workspace.models.export(1, tmp_path / "nowhere/mine.pt")
