"""Folders as archives, and archives of people who mean harm."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from synapse_sdk.plugins.errors import ArchiveError
from synapse_sdk.utils.file.archive import (
    ArchiveFilter,
    create_archive,
    create_archive_from_git,
    extract_archive,
    get_archive_size,
    list_archive_contents,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for path, text in {
        "a.txt": "a" * 5000, "run.sh": "#!/bin/sh\n", "deep/b.txt": "b", "deep/한글 x.txt": "",
        "deep/__pycache__/x.pyc": "c", ".git/config": "secret", "build/kept.txt": "k",
    }.items():  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "run.sh").chmod(0o755)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("compression", ["deflated", "stored", "bzip2", "lzma"])
def test_there_and_back_is_the_same(folder: Path, tmp_path: Path, compression: str):
    told: list[tuple[int, int]] = []

    archive = create_archive(folder, tmp_path / "out/x.zip", compression=compression)  # type: ignore[arg-type]
    back = extract_archive(archive, tmp_path / "back", lambda done, total: told.append((done, total)))

    expected = {
        path: data for path, data in files_of(folder).items() if not path.startswith((".git/", "deep/__py"))
    }
    assert files_of(back) == expected
    assert list_archive_contents(archive) == sorted(expected)
    assert get_archive_size(archive) == sum(map(len, expected.values()))
    assert told == [(number, 5) for number in range(1, 6)]
    assert stat.S_IMODE((back / "run.sh").stat().st_mode) & 0o100
    assert not (back / "a.txt").stat().st_mode & 0o111


def test_equal_folders_make_equal_archives(folder: Path, tmp_path: Path):
    first = create_archive(folder, tmp_path / "1.zip").read_bytes()
    os.utime(folder / "a.txt", (1, 1))
    (folder / "a.txt").chmod(0o600)

    assert create_archive(folder, tmp_path / "2.zip").read_bytes() == first


@pytest.mark.parametrize("path", ["data/../data/out.zip", "link/out.zip"])
def test_an_archive_does_not_hold_itself_however_its_folder_is_named(folder: Path, tmp_path: Path, path: str):
    (tmp_path / "link").symlink_to(folder)

    for _ in range(2):
        create_archive(folder, tmp_path / path)

    assert "out.zip" not in list_archive_contents(folder / "out.zip")


def test_an_archive_in_its_own_folder_does_not_hold_itself(folder: Path):
    first = create_archive(folder, folder / "x.zip").read_bytes()

    assert create_archive(folder, folder / "x.zip").read_bytes() == first
    assert [path.name for path in folder.iterdir() if path.name.startswith(".x")] == []


@pytest.mark.parametrize(
    ("include", "exclude", "use_defaults", "path", "goes_in"),
    [
        (None, None, True, "a/b.txt", True),
        (None, None, True, "a/__pycache__/b.py", False),
        (None, None, False, "a/__pycache__/b.py", True),
        (None, ["!*.pyc"], True, "a/b.pyc", True),
        (None, ["/top.txt"], True, "top.txt", False),
        (None, ["/top.txt"], True, "a/top.txt", True),
        (None, ["a/**/c"], True, "a/x/y/c", False),
        (["*.jpg", "labels/"], None, True, "a/b.jpg", True),
        (["*.jpg", "labels/"], None, True, "labels/deep/b.json", True),
        (["*.jpg", "labels/"], None, True, "b.json", False),
        (["*.jpg"], ["bad/"], True, "bad/b.jpg", False),
    ],
)
def test_patterns_mean_what_they_mean_in_git(
    include: list[str] | None, exclude: list[str] | None, use_defaults: bool, path: str, goes_in: bool
):
    assert ArchiveFilter.from_patterns(include, exclude, use_defaults).matches(path) is goes_in


def test_a_link_that_leads_out_is_refused_and_leaves_no_archive(folder: Path, tmp_path: Path):
    (tmp_path / "secret").write_text("s")
    (folder / "inside").symlink_to("a.txt")
    create_archive(folder, tmp_path / "fine.zip")
    (folder / "outside").symlink_to(tmp_path / "secret")

    with pytest.raises(ArchiveError, match="outside is a link that leads out of the folder"):
        create_archive(folder, tmp_path / "x.zip")

    assert not (tmp_path / "x.zip").exists()
    assert "inside" in list_archive_contents(tmp_path / "fine.zip")


def test_what_git_knows_of_goes_in(folder: Path, tmp_path: Path):
    environment = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    (folder / ".git/config").unlink()
    (folder / ".gitignore").write_text("build/\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True, env=environment)
    subprocess.run(["git", "add", "a.txt", "run.sh", ".gitignore"], cwd=folder, check=True, env=environment)
    (folder / "run.sh").unlink()

    tracked = create_archive_from_git(folder, tmp_path / "t.zip", include_untracked=False)
    everything = create_archive_from_git(folder, tmp_path / "e.zip", ArchiveFilter.from_patterns())

    assert list_archive_contents(tracked) == [".gitignore", "a.txt"]
    assert list_archive_contents(everything) == [".gitignore", "a.txt", "deep/b.txt", "deep/한글 x.txt"]


def test_a_folder_that_git_does_not_know_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()

    with pytest.raises(ArchiveError, match="not a git repository"):
        create_archive_from_git(tmp_path / "plain", tmp_path / "x.zip")


def write_zip(path: Path, *members: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in members:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is, not as zipfile would tidy it
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


FILE = stat.S_IFREG | 0o644
GOOD = ("good.txt", b"good", FILE)


@pytest.mark.parametrize(
    ("member", "what"),
    [
        (("../x", b"", FILE), "would lie elsewhere"),
        (("a/../../x", b"", FILE), "would lie elsewhere"),
        (("/etc/x", b"", FILE), "would lie elsewhere"),
        (("a\\..\\..\\x", b"", FILE), "would lie elsewhere"),
        (("C:x", b"", FILE), "would lie elsewhere"),
        (("good.txt\0.png", b"", FILE), "would lie elsewhere"),
        (("link", b"/etc/passwd", stat.S_IFLNK | 0o777), "a link or a device"),
        (("pipe", b"", stat.S_IFIFO | 0o644), "a link or a device"),
        (("good.txt/x", b"", FILE), "is a file, and a folder"),
        (("./good.txt", b"", FILE), "twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_means_harm_is_refused_and_nothing_is_unpacked(
    tmp_path: Path, member: tuple[str, bytes, int], what: str
):
    archive = write_zip(tmp_path / "x.zip", GOOD, member)
    (tmp_path / "out").mkdir()

    with pytest.raises(ArchiveError, match=f"x.zip can not be used: .*{what}"):
        extract_archive(archive, tmp_path / "out")

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["out", "x.zip"]


def test_a_bomb_is_stopped_and_leaves_nothing(tmp_path: Path):
    archive = write_zip(tmp_path / "x.zip", GOOD, ("zeros", bytes(3_000_000), FILE))

    with pytest.raises(ArchiveError, match="it unpacks to more than") as caught:
        extract_archive(archive, tmp_path / "out", limit_bytes=1_000_000)

    assert caught.value.details["limit"] == 1_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_a_disk_without_room_is_no_fault_of_the_archive(tmp_path: Path):
    archive = write_zip(tmp_path / "x.zip", ("zeros", bytes(3_000_000), FILE))
    unpack = (
        "import resource; from synapse_sdk.utils.file.archive import extract_archive\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        f"extract_archive({str(archive)!r}, {str(tmp_path / 'out')!r})\n"
    )

    ended = subprocess.run([sys.executable, "-c", unpack], capture_output=True, text=True, check=False)

    assert ended.stderr.splitlines()[-1] == "OSError: [Errno 27] File too large"
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_an_archive_that_is_not_there_is_told_as_such(tmp_path: Path):
    with pytest.raises(ArchiveError, match=r"gone\.zip can not be read: No such file or directory\."):
        extract_archive(tmp_path / "gone.zip", tmp_path / "out")


def test_a_limit_of_nothing_is_one(tmp_path: Path, folder: Path):
    archive = create_archive(folder, tmp_path / "a.zip")

    with pytest.raises(ArchiveError, match="it unpacks to more than 0"):
        extract_archive(archive, tmp_path / "out", limit_bytes=0)


def test_a_size_that_is_a_lie_does_not_help_a_bomb(tmp_path: Path):
    archive = write_zip(tmp_path / "x.zip", ("zeros", bytes(3_000_000), FILE))
    data = archive.read_bytes()
    archive.write_bytes(data.replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))

    assert get_archive_size(archive) == 10
    with pytest.raises(ArchiveError, match="can not be used"):
        extract_archive(archive, tmp_path / "out", limit_bytes=1_000_000)
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("damage", ["cut", "flip", "text"])
def test_a_damaged_archive_is_told(tmp_path: Path, folder: Path, damage: str):
    archive = create_archive(folder, tmp_path / "x.zip", compression="stored")
    data = archive.read_bytes()
    damaged = {"cut": data[:-30], "flip": data.replace(b"aaaaaaaa", b"aaaabaaa", 1), "text": b"no archive"}
    archive.write_bytes(damaged[damage])

    with pytest.raises(ArchiveError, match="can not be used"):
        extract_archive(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_in_the_folder_does_not_lead_an_archive_elsewhere(tmp_path: Path):
    archive = write_zip(tmp_path / "x.zip", ("sub/x.txt", b"x", FILE))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/sub").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ArchiveError, match="behind a link that leads out"):
        extract_archive(archive, tmp_path / "out")

    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_unpacking_replaces_files_of_the_same_name_and_leaves_the_others(tmp_path: Path):
    archive = write_zip(tmp_path / "x.zip", GOOD)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/good.txt").write_text("old")
    (tmp_path / "out/mine.txt").write_text("mine")

    extract_archive(archive, tmp_path / "out")

    assert files_of(tmp_path / "out") == {"good.txt": b"good", "mine.txt": b"mine"}
