"""Generated trees and ignore files: what travels is what git itself would keep."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synapse_sdk.manifest import build_manifest

NAMES = st.sampled_from(
    ["a", "b", "ab", "a.b", ".a", "a b", "b ", "#a", "!a", "[a]", "A", "1", "é", "a-b", "aab"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)

PIECES = st.sampled_from(
    [
        *("a", "b", "ab", ".a", "a b", "A", "1", "é", "-", "."),
        *("*", "*", "?", "**", "***"),
        *("[ab]", "[!a]", "[^b]", "[a-c]", "[c-a]", "[]a]", "[a-]", "[[:alpha:]]", "[![:digit:]]", "[[:x:]]"),
        *(r"[\a]", "[a", "[.-b]", r"\a", r"\*", r"\[", r"\!", r"\#", "\\"),
    ]
)
SEGMENTS = st.one_of(
    NAMES,
    st.sampled_from(["*", "**", "*.b", "a*", "?"]),
    st.lists(PIECES, min_size=1, max_size=4).map("".join),
)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    body = "/".join(draw(st.lists(SEGMENTS, min_size=1, max_size=4)))
    before = draw(st.sampled_from(["", "", "", "!", "!", "/", "!/", "**/", " ", "#"]))
    return before + body + draw(st.sampled_from(["", "", "", "/", "/", "/**", " ", r"\ ", "//", "\r"]))


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]]]:
    """Files, and the lines of the ignore files by their folder."""
    files = draw(st.lists(PATHS, min_size=3, max_size=14, unique=True))
    folders = sorted({"", *(path.rpartition("/")[0] for path in files)})
    chosen = draw(st.lists(st.sampled_from(folders), max_size=3, unique=True))
    return files, {
        folder: draw(st.lists(patterns(), min_size=1, max_size=6)) for folder in sorted({"", *chosen})
    }


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet")
    git(folder, "config", "core.ignorecase", "false")
    return folder


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(tree=trees())
def test_what_travels_is_what_git_would_keep(repository: Path, tree: tuple[list[str], dict[str, list[str]]]):
    files, ignores = tree
    with filled(repository, files, ignores):
        kept = not_ignored_by_git(repository)

        by_gitignore = {file.path for file in build_manifest(repository).files}
        for path in list(repository.rglob(".gitignore")):
            path.rename(path.with_name(".synapseignore"))
        by_synapseignore = {file.path for file in build_manifest(repository).files}

    assert by_gitignore == kept
    assert without_ignore_files(by_synapseignore) == without_ignore_files(kept)


def test_the_rule_that_is_named_is_the_one_that_git_names(repository: Path):
    files = ["keep.txt", "a.log", "plugin/b.log", "plugin/notes.txt", "data/raw/x.bin", "data/seed.bin"]
    ignores = {
        "": ["# everything that is written", "*.log", "", "data/*", "!data/seed.bin"],
        "plugin": ["!b.log", "notes.*"],
    }
    with filled(repository, files, ignores):
        left_out = build_manifest(repository).left_out
        said = git(
            repository,
            "check-ignore",
            "--verbose",
            "--no-index",
            *(entry.path for entry in left_out if entry.path != ".git"),
        )

    # `.gitignore:4:data/*<TAB>data/raw`
    by_git = {line.split("\t")[1]: ":".join(line.split(":")[:2]) for line in said.splitlines()}
    assert {entry.path: entry.rule for entry in left_out if entry.path != ".git"} == by_git
    assert by_git == {
        "a.log": ".gitignore:2",
        "data/raw": ".gitignore:4",
        "plugin/notes.txt": "plugin/.gitignore:2",
    }


def git(folder: Path, *arguments: str) -> str:
    # No settings of the machine or its user may take part.
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    finished = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=environment,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return finished.stdout


def not_ignored_by_git(folder: Path) -> set[str]:
    listed = git(folder, "ls-files", "-z", "--others", "--exclude-standard")
    return set(listed.split("\0")) - {""}


def without_ignore_files(paths: set[str]) -> set[str]:
    return {path for path in paths if not path.endswith((".gitignore", ".synapseignore"))}


@contextmanager
def filled(folder: Path, files: list[str], ignores: dict[str, list[str]]) -> Iterator[None]:
    """Fill the repository with files; empty it again."""
    try:
        for path in files:
            target = folder / path
            # A generated path may want a folder where another one has put a file: the first one stays.
            if any(parent.is_file() for parent in target.parents) or target.is_dir():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("x")
        for name, lines in ignores.items():
            if (folder / name).is_dir():
                (folder / name / ".gitignore").write_bytes("".join(f"{line}\n" for line in lines).encode())
        yield
    finally:
        for path in folder.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
