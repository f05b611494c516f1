"""Datasets as an action: the workspace's, and ground truths of a server on a socket."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import LabellingServer, Record
from tests.plugins.recording import RecordingSink
from tests.plugins.scripts import write_files

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.plugins import LocalExecutor
from synapse_sdk.plugins.actions.dataset import DatasetAction, DatasetLogMessageCode, DatasetResult, copies
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.log_messages import resolve_log_message
from synapse_sdk.workspace import LocalWorkspace

V2 = {"images": [{"bounding_box": [{"id": "a", "classification": "cat", "data": [1, 2, 3, 4]}]}]}
V1 = {"annotations": {"image_1": []}, "annotationsData": {"image_1": []}}
#: The ground truth version that the tests ask for.
VERSION = 9


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNAPSE_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    workspace = LocalWorkspace(tmp_path / "workspace")
    files = {"train/a.txt": "a", "train/b.txt": "b", "test/c.txt": "c"}
    workspace.datasets.register(write_files(tmp_path / "letters", files), name="letters")
    return workspace


def truth(labelling: LabellingServer, number: int, name: str | None, data: Any = V2, **more: Any) -> Record:
    more = {"ground_truth_dataset_versions": VERSION, "category": "train", **more}
    return labelling.add("ground_truth_events", number, name, data, **more)


def bring(
    workspace: LocalWorkspace,
    labelling: LabellingServer | None = None,
    sink: RecordingSink | None = None,
    **params: Any,
) -> Any:
    options: dict[str, Any] = {"sinks": [sink] if sink else [], "open_workspace": lambda: workspace}
    if labelling is None:
        executor = LocalExecutor(open_client=lambda: None, **options)
        return executor.execute(DatasetAction, params)
    with closing(BackendClient(labelling.url, "the-token")) as client:
        return LocalExecutor(client=client, **options).execute(DatasetAction, params)


def written(folder: Path) -> dict[str, Any]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.name[0] != ".")
    return {
        file.relative_to(folder).as_posix(): json.loads(file.read_bytes())
        if file.suffix == ".json"
        else file.read_text()
        for file in files
    }


def test_a_dataset_of_the_workspace_is_where_it_was_registered(workspace: LocalWorkspace, tmp_path: Path):
    result = bring(workspace, dataset=1)

    assert isinstance(result, DatasetResult)
    assert (result.path, result.data_path, result.count) == (tmp_path / "letters", tmp_path / "letters", 3)
    assert (result["format"], result.is_categorized) == ("files", False)


def test_a_dataset_with_a_description_is_pointed_at_by_it(workspace: LocalWorkspace, tmp_path: Path):
    folder = write_files(tmp_path / "yolo", {"dataset.yaml": "names: [a]\n", "train/a.txt": "a"})
    workspace.datasets.register(folder, name="yolo")

    result = bring(workspace, dataset=2)

    assert (result.data_path, result.format) == (folder / "dataset.yaml", "yolo")


def test_a_copy_has_the_splits_that_were_named(workspace: LocalWorkspace, tmp_path: Path):
    result = bring(workspace, dataset=1, splits={"test": {}}, output_dir=str(tmp_path / "copy"))

    assert written(tmp_path / "copy") == {"test/c.txt": "c"}
    assert (result.path, result.count, result.is_categorized) == (tmp_path / "copy", 1, True)


@pytest.mark.parametrize(
    ("splits", "problem"),
    [
        ({"dev": {}}, "has no split dev; it has"),
        ({"train": {"tags": [1]}}, "can not be filtered, as split train"),
    ],
)
def test_splits_that_the_workspace_can_not_give_are_refused(
    splits: Any, problem: str, workspace: LocalWorkspace
):
    with pytest.raises(ExecutionError, match=problem):
        bring(workspace, dataset=1, splits=splits)


def test_a_folder_with_something_in_it_is_not_written_to(
    workspace: LocalWorkspace, labelling: LabellingServer, tmp_path: Path
):
    mine = write_files(tmp_path / "mine", {"precious.txt": "mine"})
    truth(labelling, 1, "a.png")

    for dataset in (1, VERSION):
        with pytest.raises(ExecutionError, match="mine has something in it"):
            bring(workspace, labelling, dataset=dataset, output_dir=str(mine))

    assert written(mine) == {"precious.txt": "mine"}


@pytest.mark.parametrize(
    "params", [{"dataset": 1, "target_format": "yolo"}, {"operation": "convert", "path": "letters"}]
)
def test_a_conversion_is_refused_in_plain_words(params: Any, workspace: LocalWorkspace):
    with pytest.raises(ExecutionError, match="this version converts no datasets; a later one will"):
        bring(workspace, **params)


def test_a_dataset_that_nobody_has_is_told(workspace: LocalWorkspace):
    with pytest.raises(ExecutionError, match="7"):
        bring(workspace, dataset=7)
    with pytest.raises(ExecutionError, match="the params have no `dataset`"):
        bring(workspace)


def test_ground_truths_are_written_as_they_are_under_their_own_names(
    workspace: LocalWorkspace, labelling: LabellingServer, tmp_path: Path
):
    truth(labelling, 1, "left/a.png")
    truth(labelling, 2, "right/a.png")
    truth(labelling, 3, "left/a.jpg")
    truth(labelling, 4, "other.png", ground_truth_dataset_versions=8)

    result = bring(workspace, labelling, dataset=VERSION, output_dir=str(tmp_path / "out"))

    assert written(tmp_path / "out") == {
        "json/left/a.json": V2,
        "json/left/a__1.json": V2,
        "json/right/a.json": V2,
        "original_files/left/a.jpg": "file 3",
        "original_files/left/a__1.png": "file 1",
        "original_files/right/a.png": "file 2",
    }
    assert (result.count, result.format, result.is_categorized) == (3, "dm_v2", False)


def test_splits_are_folders_of_their_own(
    workspace: LocalWorkspace, labelling: LabellingServer, tmp_path: Path
):
    truth(labelling, 1, "a.png")
    truth(labelling, 2, "b.png", category="validation")
    truth(labelling, 3, "c.png", category="test")
    truth(labelling, 4, "d.png", category="odd")
    sink = RecordingSink()

    bring(workspace, labelling, sink, dataset=VERSION, is_categorized=True, output_dir=str(tmp_path / "out"))
    bring(
        workspace,
        labelling,
        dataset=VERSION,
        splits={"valid": {"data_unit": 5}, "mine": {"category": "odd"}},
        output_dir=str(tmp_path / "two"),
    )

    assert [path for path in written(tmp_path / "out") if path.endswith(".json")] == [
        "test/json/c.json", "train/json/a.json", "valid/json/b.json",
    ]  # fmt: skip
    assert list(written(tmp_path / "two")) == ["mine/json/d.json", "mine/original_files/d.png"]
    assert "Split valid: 1 items." in sink.contents()
    with pytest.raises(ExecutionError, match="The server has no split 'dev'"):
        bring(workspace, labelling, dataset=VERSION, splits={"dev": {}})


def test_every_medium_of_a_unit_comes(workspace: LocalWorkspace, labelling: LabellingServer, tmp_path: Path):
    record = truth(labelling, 1, "a.png")
    labelling.files["second"] = b"second"
    record["data_unit"]["files"]["image_2"] = {"url": "/files/second?x", "file_name_original": "b.jpg"}
    labelling.troubles["files/second"] = [403]

    bring(workspace, labelling, dataset=VERSION, output_dir=str(tmp_path / "out"))

    files = written(tmp_path / "out")
    assert (files["original_files/a.png"], files["original_files/a.2.jpg"]) == ("file 1", "second")


def test_labels_of_the_first_version_keep_everything_and_are_called_so(
    workspace: LocalWorkspace, labelling: LabellingServer, tmp_path: Path
):
    truth(labelling, 1, "a.png", V1)
    truth(labelling, 2, "b.png")

    result = bring(workspace, labelling, dataset=VERSION, output_dir=str(tmp_path / "out"))

    assert result.format == "dm_v1+dm_v2"
    assert written(tmp_path / "out")["json/a.json"] == V1


def test_what_could_not_be_had_is_named_and_nothing_half_is_kept_in_the_cache(
    workspace: LocalWorkspace, labelling: LabellingServer, tmp_path: Path
):
    for number in (1, 2, 3):
        truth(labelling, number, f"{number}.png")
    del labelling.files["ground_truth_events-2"]
    out = tmp_path / "out"

    with pytest.raises(ExecutionError, match=r"^1 of 3 items could not be downloaded: 2 \(") as caught:
        bring(workspace, labelling, dataset=VERSION, output_dir=str(out))

    assert [name for name, _ in written(out)["error_file_list.json"]["items"]] == ["2"]
    assert {"json/1.json", "json/3.json"} < set(written(out))
    assert caught.value.details["missing_count"] == 1
    with pytest.raises(ExecutionError, match=r"^1 of 3"):
        bring(workspace, labelling, dataset=VERSION)
    labelling.files["ground_truth_events-2"] = b"mended"
    result = bring(workspace, labelling, dataset=VERSION)
    assert written(result.path)["original_files/2.png"] == "mended"


def test_a_copy_is_taken_again_until_the_server_has_something_newer_or_is_asked_for_something_else(
    workspace: LocalWorkspace, labelling: LabellingServer
):
    truth(labelling, 1, "a.png", data_unit_id=1)
    first = bring(workspace, labelling, dataset=VERSION)
    downloads = len(labelling.requests("files/ground_truth_events-1"))
    second = bring(workspace, labelling, dataset=VERSION)
    assert (second.path, second.count) == (first.path, first.count)
    assert len(labelling.requests("files/ground_truth_events-1")) == downloads == 1

    filtered = bring(workspace, labelling, dataset=VERSION, splits={"train": {"id": 1}})
    otherwise = bring(workspace, labelling, dataset=VERSION, splits={"train": {"id": 2}})
    assert (filtered.count, otherwise.count) == (1, 0)

    truth(labelling, 2, "b.png")
    newer = bring(workspace, labelling, dataset=VERSION)
    assert (newer.count, newer.path != first.path) == (2, True)


def test_copies_of_different_filters_are_different_ones(
    workspace: LocalWorkspace, labelling: LabellingServer
):
    for number in (1, 2, 3):
        truth(labelling, number, f"{number}.png")

    # As many records, and the same newest one.
    first = bring(workspace, labelling, dataset=VERSION, splits={"train": {"id__in": [1, 3]}})
    second = bring(workspace, labelling, dataset=VERSION, splits={"train": {"id__in": [2, 3]}})

    assert [path for path in written(first.path) if path.endswith(".json")] == [
        "train/json/1.json", "train/json/3.json",
    ]  # fmt: skip
    assert [path for path in written(second.path) if path.endswith(".json")] == [
        "train/json/2.json", "train/json/3.json",
    ]  # fmt: skip


def test_copies_that_nobody_uses_any_more_are_removed(
    workspace: LocalWorkspace, labelling: LabellingServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(copies, "KEPT_COPIES", 1)
    truth(labelling, 1, "a.png")
    kinds: list[dict[str, Any]] = [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]
    found = [bring(workspace, labelling, dataset=VERSION, splits={"train": kind}).path for kind in kinds]
    room = found[0].parent
    broken_off = room / ".broken.partial"
    broken_off.mkdir()
    long_ago = time.time() - copies.KEPT_S - 60
    for place in (found[0] / copies.SUMMARY_FILE, found[1] / copies.SUMMARY_FILE, broken_off):
        os.utime(place, (long_ago, long_ago))
    assert all(folder.is_dir() for folder in found)

    # The first is used again; the third and the fourth were used lately; of the second nobody knows.
    again = bring(workspace, labelling, dataset=VERSION, splits={"train": kinds[0]})

    assert again.path == found[0]
    assert sorted(room.iterdir()) == sorted([found[0], *found[2:]])


@pytest.mark.parametrize("place", [".", "link", "new/deep"])
def test_an_output_folder_may_be_empty_already_and_a_link_to_one(
    place: str, workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    monkeypatch.chdir(tmp_path / "empty" if place == "." else tmp_path)

    bring(workspace, dataset=1, output_dir=place)

    folder = tmp_path / ("new/deep" if place == "new/deep" else "empty")
    assert set(written(folder)) == {"train/a.txt", "train/b.txt", "test/c.txt"}
    assert list(tmp_path.rglob("*.partial")) == []


def test_a_rehearsed_download_makes_a_dataset_up(tmp_path: Path):
    executor = LocalExecutor(
        sinks=[], rehearse=True, open_workspace=lambda: LocalWorkspace(tmp_path / "workspace")
    )

    result = executor.execute(DatasetAction, {"dataset": 4})

    assert result.path.is_dir()
    assert executor.rehearsed == ["dataset 4 is not there; an empty one was made up."]


@pytest.mark.parametrize("code", list(DatasetLogMessageCode))
def test_every_code_has_a_text_in_both_languages(code: DatasetLogMessageCode):
    texts = {resolve_log_message(code, language)[0] for language in ("en", "ko")}

    assert len(texts | {code.value}) == 3
