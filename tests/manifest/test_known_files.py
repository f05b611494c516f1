"""Files that are known from an earlier reading: taken for the same only when they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from synapse_sdk.manifest import KnownFiles, Manifest, build, build_manifest, known_files, never
from tests.manifest.folders import write_files

FILES: dict[str, str | bytes] = {"a.txt": "one", "data/b.bin": b"\0\1", "big.bin": b"x" * 1_500_000}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Nobody can set the moment of a change back; so the tests' files count as settled at once.
    monkeypatch.setattr(known_files, "is_settled", lambda *_: True)
    return write_files(tmp_path / "folder", FILES)


class Reading:
    """One reading of a folder, and what of it was shown to the search."""

    def __init__(self, folder: Path, *, search: str = "search 1", notes: Path | None = None) -> None:
        self.searched: list[str] = []
        known = KnownFiles(folder, notes or folder.parent / "notes", search=search)
        self.manifest: Manifest = build_manifest(folder, known=known, is_clean=self._is_clean)
        known.save()

    def _is_clean(self, path: str, data: bytes) -> bool:
        self.searched.append(path)
        return True


def test_what_is_the_same_is_not_read_again(folder: Path):
    first = Reading(folder)
    again = Reading(folder)

    assert sorted(first.searched) == ["a.txt", "data/b.bin"]  # the large one is not held in memory
    assert again.searched == []
    assert again.manifest == first.manifest == build_manifest(folder)
    assert again.manifest.clean == {"a.txt", "data/b.bin"}


def test_same_size_and_time_do_not_make_it_the_same(folder: Path):
    Reading(folder)
    before = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("two")
    os.utime(folder / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))

    again = Reading(folder)

    assert again.searched == ["a.txt"]
    assert again.manifest == build_manifest(folder)


def test_a_file_in_place_of_another_is_read(folder: Path):
    Reading(folder)
    write_files(folder, {"new": "two"})
    (folder / "new").replace(folder / "a.txt")

    assert Reading(folder).manifest == build_manifest(folder)


def test_a_mode_is_never_remembered(folder: Path):
    Reading(folder)
    (folder / "a.txt").chmod(0o755)

    assert Reading(folder).manifest == build_manifest(folder)


def test_what_changed_just_now_is_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    monkeypatch.setattr(known_files, "SETTLED_AFTER_NS", 3600 * 10**9)
    monkeypatch.setattr(known_files, "SETTLED_AFTER_FINE_NS", 3600 * 10**9)
    Reading(folder)

    assert sorted(Reading(folder).searched) == ["a.txt", "data/b.bin"]


SECOND = 10**9


@pytest.mark.parametrize(
    ("changed_ns", "is_settled"),
    [
        (99 * SECOND + 899_999_999, True),  # counted in nanoseconds, 100 ms before
        (99 * SECOND + 950_000_001, False),
        (99 * SECOND, False),  # perhaps counted in seconds, or in two
        (98 * SECOND, False),
        (97 * SECOND + 990_000_000, True),
        (97 * SECOND, True),
    ],
)
def test_how_long_a_file_must_rest_depends_on_the_clock_of_its_file_system(changed_ns: int, is_settled: bool):
    status = os.stat_result(
        (0o100644, 1, 1, 1, 0, 0, 3, 0, 0, 0),
        {"st_mtime_ns": changed_ns, "st_ctime_ns": changed_ns, "st_atime_ns": 0},
    )

    assert known_files.is_settled(status, 100 * SECOND) is is_settled


def test_a_new_rule_counts_for_files_that_are_known(folder: Path):
    Reading(folder)
    write_files(folder, {".synapseignore": "b.bin\n"})
    ruled = Reading(folder)
    write_files(folder, {"data/.gitignore": "!b.bin\n*.txt\n", ".synapseignore": "big.bin\n"})
    other = Reading(folder)

    assert [file.path for file in ruled.manifest.files] == [".synapseignore", "a.txt", "big.bin"]
    assert ruled.searched == [".synapseignore"]
    assert other.manifest == build_manifest(folder)
    assert sorted(other.searched) == [".synapseignore", "data/.gitignore", "data/b.bin"]


def test_another_version_of_the_rules_decides_anew(folder: Path, monkeypatch: pytest.MonkeyPatch):
    Reading(folder)
    monkeypatch.setattr(build, "_code_identity", lambda: "another version")
    monkeypatch.setitem(never._NAMES, "a.txt", "never travels since this version")

    assert [file.path for file in Reading(folder).manifest.files] == ["big.bin", "data/b.bin"]


def test_what_another_search_found_clean_is_searched(folder: Path):
    Reading(folder)
    other = Reading(folder, search="search 2")

    assert sorted(other.searched) == ["a.txt", "data/b.bin"]
    assert Reading(folder, search="search 2").searched == []


@pytest.mark.parametrize("damage", [b"", b"synapse-note 1 sha256:00\n{}", b"\xff" * 1000])
def test_damaged_notes_are_not_believed(folder: Path, damage: bytes):
    Reading(folder)
    (note,) = (folder.parent / "notes/known-files").iterdir()
    note.write_bytes(damage)

    assert sorted(Reading(folder).searched) == ["a.txt", "data/b.bin"]
    assert Reading(folder).searched == []


def test_no_single_letter_of_the_notes_can_change_a_digest(folder: Path):
    Reading(folder)
    (note,) = (folder.parent / "notes/known-files").iterdir()
    sound, honest = note.read_bytes(), build_manifest(folder)
    for position in range(0, len(sound), 7):
        note.write_bytes(sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])
        assert Reading(folder).manifest == honest


def test_notes_that_can_not_be_written_cost_time_alone(folder: Path):
    (folder.parent / "notes").write_text("a file in the way")

    assert Reading(folder).manifest == build_manifest(folder)
    assert Reading(folder).searched


def test_notes_are_their_owners_alone(folder: Path):
    Reading(folder)
    (note,) = (folder.parent / "notes/known-files").iterdir()

    assert note.stat().st_mode & 0o077 == 0


def test_notes_that_nobody_renews_are_forgotten(folder: Path):
    Reading(folder)
    (old,) = (folder.parent / "notes/known-files").iterdir()
    os.utime(old, (0, 0))
    Reading(write_files(folder.parent / "other", FILES), notes=folder.parent / "notes")

    assert not old.exists()
