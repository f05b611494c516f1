"""A plugin folder appears whole, or nothing does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from synapse_sdk.scaffold import Answers, ScaffoldError, build_answers, create_plugin, fill_templates

FOLDER = "synapse-box-plugin"


@pytest.fixture
def answers() -> Answers:
    return build_answers("Box", "box", "custom")


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_the_folder_holds_exactly_the_filled_templates(answers: Answers, tmp_path: Path):
    created = create_plugin(answers, tmp_path)

    assert created.folder == tmp_path / FOLDER
    written = {
        file.relative_to(created.folder).as_posix(): file.read_text(encoding="utf-8")
        for file in created.folder.rglob("*")
        if file.is_file()
    }
    assert written == fill_templates(answers)
    assert created.files == tuple(sorted(written))
    assert [entry.name for entry in tmp_path.iterdir()] == [FOLDER]


def test_others_may_read_it_as_any_new_folder(answers: Answers, tmp_path: Path, usual_umask: None):
    created = create_plugin(answers, tmp_path)

    assert created.folder.stat().st_mode & 0o777 == 0o755
    assert (created.folder / "plugin/main.py").stat().st_mode & 0o777 == 0o644


def test_missing_folders_above_are_made(answers: Answers, tmp_path: Path):
    created = create_plugin(answers, tmp_path / "deep/er")

    assert created.folder == tmp_path / "deep/er" / FOLDER


@pytest.mark.parametrize("what", ["plugin", "empty folder", "file", "dangling link"])
def test_what_is_there_already_is_not_touched(answers: Answers, tmp_path: Path, what: str):
    place = tmp_path / FOLDER
    if what == "plugin":
        create_plugin(answers, tmp_path)
        (place / "config.yaml").write_text("mine\n")
    elif what == "empty folder":
        place.mkdir()
    elif what == "file":
        place.write_text("mine\n")
    else:
        place.symlink_to("nowhere")
    before = sorted((path, path.lstat().st_mtime_ns) for path in tmp_path.rglob("*"))

    with pytest.raises(ScaffoldError, match=f"already a (folder|file) {place}") as refused:
        create_plugin(answers, tmp_path)

    assert "another --code or --path" in str(refused.value.hint)
    assert ("synapse plugin info" in str(refused.value.hint)) is (what == "plugin")
    assert sorted((path, path.lstat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_a_file_in_the_way_of_the_path_is_named(answers: Answers, tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ScaffoldError, match="can not be written: Not a directory"):
        create_plugin(answers, tmp_path / "file/below")


@pytest.mark.parametrize("ending", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_end_halfway_leaves_nothing(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: BaseException
):
    write_bytes = Path.write_bytes

    def end_at_the_second_folder(path: Path, data: bytes) -> int:
        if path.parent.name == "tests":
            raise ending
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", end_at_the_second_folder)

    with pytest.raises((KeyboardInterrupt, ScaffoldError)):
        create_plugin(answers, tmp_path / "new/parent")

    assert list(tmp_path.iterdir()) == []
