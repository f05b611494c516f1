"""Which ignore file has the last word, and how the rule is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.manifest import ManifestError, build_manifest
from tests.manifest.folders import write_files


def travelling(folder: Path) -> set[str]:
    names = (file.path for file in build_manifest(folder).files)
    return {name for name in names if not name.endswith("ignore")}


def rules(folder: Path) -> dict[str, str]:
    return {entry.path: entry.rule for entry in build_manifest(folder).left_out}


def test_the_rule_names_file_and_line(tmp_path: Path):
    write_files(
        tmp_path,
        {
            ".synapseignore": "# comment\n\n*.log\ntests/\n",
            "plugin/.synapseignore": "\nnotes.md\n",
            "run.log": "",
            "tests/test_a.py": "",
            "tests/deep/test_b.py": "",
            "plugin/notes.md": "",
        },
    )

    left_out = build_manifest(tmp_path).left_out

    assert [(entry.path, entry.rule, entry.reason, entry.file_count) for entry in left_out] == [
        ("plugin/notes.md", "plugin/.synapseignore:2", "notes.md", None),
        ("run.log", ".synapseignore:3", "*.log", None),
        ("tests", ".synapseignore:4", "tests/", 2),
    ]


def test_gitignore_counts_too(tmp_path: Path):
    write_files(tmp_path, {".gitignore": "*.log\n", "run.log": "", "a.py": ""})

    assert rules(tmp_path) == {"run.log": ".gitignore:1"}


def test_synapseignore_lets_travel_what_git_does_not_keep(tmp_path: Path):
    write_files(
        tmp_path,
        {".gitignore": "*.onnx\n", ".synapseignore": "!model.onnx\n", "model.onnx": "", "old.onnx": ""},
    )

    assert travelling(tmp_path) == {"model.onnx"}


def test_synapseignore_overrules_even_a_deeper_gitignore(tmp_path: Path):
    write_files(
        tmp_path,
        {
            ".synapseignore": "!model.onnx\n",
            "weights/.gitignore": "*\n",
            "weights/model.onnx": "",
            "weights/b": "",
        },
    )

    assert travelling(tmp_path) == {"weights/model.onnx"}


def test_a_deeper_synapseignore_overrules_a_higher_one(tmp_path: Path):
    write_files(
        tmp_path,
        {
            ".synapseignore": "*.md\n",
            "docs/.synapseignore": "!guide.md\n",
            "docs/guide.md": "",
            "guide.md": "",
        },
    )

    assert travelling(tmp_path) == {"docs/guide.md"}


def test_nothing_below_a_folder_that_is_left_out_is_let_in_again(tmp_path: Path):
    write_files(tmp_path, {".synapseignore": "data/\n!data/keep.txt\n", "data/keep.txt": "", "a.py": ""})

    assert travelling(tmp_path) == {"a.py"}
    assert rules(tmp_path) == {"data": ".synapseignore:1"}


def test_ignore_files_around_the_folder_do_not_count(tmp_path: Path):
    write_files(tmp_path, {".gitignore": "*\n", "my-plugin/a.py": ""})

    assert travelling(tmp_path / "my-plugin") == {"a.py"}


def test_a_pattern_that_can_never_match_is_a_warning(tmp_path: Path):
    write_files(tmp_path, {".synapseignore": "*.log\n[abc\n"})

    assert build_manifest(tmp_path).warnings == (".synapseignore:2: [abc can never match anything",)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_an_ignore_file_that_is_not_utf_8_is_refused_since_its_rules_would_be_lost(
    tmp_path: Path, encoding: str
):
    write_files(tmp_path, {".synapseignore": "secret.txt\n".encode(encoding), "secret.txt": ""})

    with pytest.raises(ManifestError, match=r"\.synapseignore is not text in UTF-8 \(perhaps UTF-16\)"):
        build_manifest(tmp_path)


def test_the_files_of_a_huge_folder_are_not_counted(tmp_path: Path):
    write_files(tmp_path, {".synapseignore": "cache/\n"})
    (tmp_path / "cache").mkdir()
    for number in range(1_001):
        (tmp_path / "cache" / str(number)).touch()

    (entry,) = build_manifest(tmp_path).left_out

    assert entry.file_count is None
