"""Datasets of the local workspace: registered by reference, used while they are what was registered."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from tests.workspace.folders import make_folder, visible_records

from synapse_sdk.workspace import DatasetChangedError, LocalWorkspace, NotFoundError, WorkspaceError


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    return LocalWorkspace(tmp_path / "workspace")


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "digits")


def test_a_registered_folder_becomes_dataset_1_with_the_keys_that_the_guide_names(
    workspace: LocalWorkspace, digits: Path
):
    workspace.datasets.register(digits)

    dataset = workspace.get_dataset(1)

    assert dataset["id"] == 1
    assert dataset["name"] == "digits"
    assert dataset["path"] == str(digits)
    assert dataset["splits"]["train"] == {"path": str(digits / "train"), "count": 2}
    assert (dataset["version"], dataset["version_id"]) == (1, 1)
    assert dataset["digest"].startswith("sha256:")
    json.dumps(dataset)


def test_registering_the_same_files_again_changes_nothing(workspace: LocalWorkspace, digits: Path):
    first = workspace.datasets.register(digits)
    second = workspace.datasets.register(digits)

    assert (first.outcome, second.outcome) == ("created", "unchanged")
    assert second.version == first.version


def test_other_contents_become_the_next_version(workspace: LocalWorkspace, digits: Path):
    first = workspace.datasets.register(digits).version
    (digits / "train/0/new.png").write_text("another zero")

    second = workspace.datasets.register(digits).version

    assert (second.dataset_id, second.number, second.id) == (first.dataset_id, 2, 2)
    assert second.digest != first.digest
    assert workspace.get_dataset(1)["version"] == 2


def test_old_contents_that_come_back_are_a_version_of_their_own(workspace: LocalWorkspace, digits: Path):
    first = workspace.datasets.register(digits).version
    (digits / "labels.csv").write_text("a,1")
    workspace.datasets.register(digits)
    (digits / "labels.csv").write_text("a,0")

    third = workspace.datasets.register(digits).version

    assert (third.number, third.digest) == (3, first.digest)
    assert workspace.get_dataset(1)["version"] == 3


def test_the_digest_depends_on_names_and_bytes_and_on_nothing_else(
    workspace: LocalWorkspace, digits: Path, tmp_path: Path
):
    copy = make_folder(tmp_path / "copy")
    os.utime(copy / "labels.csv", (0, 0))
    (copy / "labels.csv").chmod(0o600)
    renamed = make_folder(tmp_path / "renamed")
    (renamed / "labels.csv").rename(renamed / "tables.csv")

    digests = [workspace.datasets.register(folder).version.digest for folder in (digits, copy, renamed)]

    assert digests[0] == digests[1] != digests[2]


def test_the_digest_of_known_files_never_changes(workspace: LocalWorkspace, digits: Path):
    # Written into records and envelopes: another value here would orphan every dataset that exists.
    expected = "sha256:82d1dfe0add56d87707704e85ff6832cf3d95597afb76a71205978a07fc041e3"

    assert workspace.datasets.register(digits).version.digest == expected


def test_a_folder_that_moved_keeps_its_version(workspace: LocalWorkspace, digits: Path, tmp_path: Path):
    workspace.datasets.register(digits)
    moved = digits.rename(tmp_path / "elsewhere")

    registration = workspace.datasets.register(moved, name="digits")

    assert (registration.outcome, registration.version.number) == ("moved", 1)
    assert workspace.get_dataset(1)["path"] == str(moved)


def test_a_stranger_with_the_same_folder_name_is_refused_until_it_is_meant(
    workspace: LocalWorkspace, tmp_path: Path
):
    cats = make_folder(tmp_path / "cats" / "data", {"cat.png": "miaow"})
    dogs = make_folder(tmp_path / "dogs" / "data", {"dog.png": "woofs"})
    workspace.datasets.register(cats)

    with pytest.raises(WorkspaceError, match="holds something else") as refusal:
        workspace.datasets.register(dogs)

    assert "--name data" in str(refusal.value.hint)
    assert workspace.datasets.register(dogs, name="dogs").version.dataset_id == 2
    assert workspace.datasets.register(dogs, name="data").version.number == 2


def test_hidden_files_and_caches_do_not_count_and_are_told(workspace: LocalWorkspace, digits: Path):
    plain = workspace.datasets.register(digits).version
    make_folder(digits, {".DS_Store": "x", ".git/config": "x", "train/__pycache__/a.pyc": "x"})

    registration = workspace.datasets.register(digits)

    assert registration.outcome == "unchanged"
    assert registration.version == plain
    assert registration.left_out == [".DS_Store", ".git", "train/__pycache__"]


def test_links_count_as_the_files_that_they_lead_to(workspace: LocalWorkspace, tmp_path: Path):
    store = make_folder(tmp_path / "store", {"a.png": "zero"})
    chosen = tmp_path / "chosen"
    (chosen / "train").mkdir(parents=True)
    (chosen / "train/a.png").symlink_to(store / "a.png")
    (chosen / "val").symlink_to(store)
    workspace.datasets.register(chosen)

    assert workspace.get_dataset(1)["splits"]["val"]["count"] == 1
    (store / "a.png").write_text("changed")
    with pytest.raises(DatasetChangedError, match=r"2 files have other contents \(train/a.png, val/a.png\)"):
        workspace.get_dataset(1)


def test_what_can_not_be_read_later_is_refused_all_at_once(workspace: LocalWorkspace, digits: Path):
    (digits / "gone.png").symlink_to(digits / "nowhere.png")
    (digits / "train/again").symlink_to(digits)
    os.mkfifo(digits / "pipe")
    (digits / os.fsdecode(b"caf\xe9.png")).write_text("x")

    with pytest.raises(WorkspaceError, match="holds what can not be used") as refusal:
        workspace.datasets.register(digits)

    problems = refusal.value.details["problems"]
    assert problems["gone.png"].startswith("a link that leads nowhere")
    assert problems["train/again"] == "a link to a folder that it lies in"
    assert problems["pipe"] == "neither a file nor a folder"
    assert problems["caf\\udce9.png"] == "its name is not UTF-8"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "There is no folder /"),
        (lambda path: path.write_text("x"), "is a file; a dataset is a folder of files"),
        (lambda path: path.mkdir(), "holds no files"),
        (lambda path: make_folder(path, {".hidden": "x"}), "holds no files but 1 hidden"),
    ],
)
def test_what_is_no_dataset_is_refused(workspace: LocalWorkspace, tmp_path: Path, make, message: str):
    make(tmp_path / "data")

    with pytest.raises(WorkspaceError, match=message):
        workspace.datasets.register(tmp_path / "data")

    assert not workspace.root.exists()


@pytest.mark.parametrize("name", ["", " digits", "two\nlines", "x" * 201])
def test_a_name_must_fit_a_line(workspace: LocalWorkspace, digits: Path, name: str):
    with pytest.raises(WorkspaceError, match="can not be a dataset's name"):
        workspace.datasets.register(digits, name=name)


def test_a_dataset_is_found_by_id_and_by_name(workspace: LocalWorkspace, digits: Path, tmp_path: Path):
    workspace.datasets.register(digits)
    workspace.datasets.register(make_folder(tmp_path / "1"))  # a name that looks like an id

    assert workspace.datasets.get("digits").id == 1
    assert workspace.datasets.get("1").name == "digits"
    assert workspace.datasets.get(2).name == "1"


def test_an_unknown_dataset_is_answered_with_those_that_there_are(workspace: LocalWorkspace, digits: Path):
    with pytest.raises(NotFoundError) as empty:
        workspace.get_dataset(7)
    workspace.datasets.register(digits)
    with pytest.raises(NotFoundError) as unknown:
        workspace.get_dataset(7)
    with pytest.raises(NotFoundError) as version:
        workspace.get_dataset(1, version=5)

    assert empty.value.message == "There is no dataset 7; this workspace has none yet."
    assert empty.value.hint == "Register one with: synapse dataset register FOLDER"
    assert unknown.value.message == "There is no dataset 7; this workspace has 1 (digits)."
    assert unknown.value.hint == "List them with: synapse dataset list"
    assert version.value.message == "Dataset 1 (digits) has no version 5; its latest is 1."


def test_a_folder_that_is_gone_is_named_with_the_way_on(workspace: LocalWorkspace, digits: Path):
    workspace.datasets.register(digits)
    shutil.rmtree(digits)

    with pytest.raises(DatasetChangedError) as error:
        workspace.get_dataset(1)

    assert error.value.message == f"Dataset 1 (digits) is registered at {digits}, but that folder is gone."
    assert "synapse dataset register FOLDER --name digits" in str(error.value.hint)


def test_changed_missing_and_new_files_are_all_named(workspace: LocalWorkspace, digits: Path):
    workspace.datasets.register(digits)
    (digits / "train/0/a.png").write_text("zer0")  # as long as before
    (digits / "labels.csv").write_text("longer than before")
    (digits / "test/d.png").unlink()
    (digits / "val/e.png").write_text("new")

    with pytest.raises(DatasetChangedError) as error:
        workspace.get_dataset(1)

    assert error.value.details["changed"] == ["labels.csv", "train/0/a.png"]
    assert error.value.details["missing"] == ["test/d.png"]
    assert error.value.details["added"] == ["val/e.png"]
    assert "2 files have other contents (labels.csv, train/0/a.png)" in error.value.message
    assert f"synapse dataset register {digits} --name digits" in str(error.value.hint)


def test_a_change_of_equal_length_at_the_same_moment_is_seen(workspace: LocalWorkspace, digits: Path):
    times = (digits / "labels.csv").stat()
    workspace.datasets.register(digits)
    (digits / "labels.csv").write_text("b,9")
    os.utime(digits / "labels.csv", ns=(times.st_atime_ns, times.st_mtime_ns))

    with pytest.raises(DatasetChangedError, match=r"1 file has other contents \(labels.csv\)"):
        workspace.get_dataset(1)


def test_touched_files_with_the_same_bytes_are_fine(workspace: LocalWorkspace, digits: Path):
    workspace.datasets.register(digits)
    for path in digits.rglob("*.png"):
        path.touch()

    assert workspace.get_dataset(1)["version"] == 1


def test_progress_counts_every_byte_to_the_end(workspace: LocalWorkspace, tmp_path: Path):
    folder = make_folder(tmp_path / "data", {"large": "x" * 3_000_000, "small": "yy"})
    seen: list[tuple[int, int]] = []

    workspace.datasets.register(folder, on_progress=lambda done, total: seen.append((done, total)))

    assert seen[-1] == (3_000_002, 3_000_002)
    assert len(seen) > 2
    assert seen == sorted(seen)


def test_a_record_that_something_else_changed_is_named(workspace: LocalWorkspace, digits: Path):
    workspace.datasets.register(digits)
    record = workspace.root / "dataset_versions" / "1" / "version.json"
    record.write_text("{}")

    with pytest.raises(WorkspaceError, match=f"{record} can not be read"):
        workspace.get_dataset(1)


def test_a_record_of_the_next_sdk_with_a_field_more_is_read(workspace: LocalWorkspace, digits: Path):
    workspace.datasets.register(digits)
    record = workspace.root / "dataset_versions" / "1" / "version.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"schema_version": 2, "licence": "MIT"}))

    assert workspace.get_dataset(1)["name"] == "digits"


def test_nothing_but_whole_records_is_left_behind(workspace: LocalWorkspace, digits: Path):
    workspace.datasets.register(digits)
    workspace.datasets.register(digits)

    assert list((workspace.root / "dataset_versions").glob(".*")) == []
    assert visible_records(workspace.root / "dataset_versions") == ["1"]
