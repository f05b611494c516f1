"""Real folders: order, modes, links, and everything that can not travel."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from synapse_sdk.manifest import ManifestError, build_manifest
from tests.manifest.folders import write_files


def paths(folder: Path) -> list[str]:
    return [file.path for file in build_manifest(folder).files]


def problem(folder: Path) -> str:
    with pytest.raises(ManifestError) as caught:
        build_manifest(folder)
    return caught.value.message


def test_files_are_sorted_by_their_bytes(tmp_path: Path):
    write_files(tmp_path, dict.fromkeys(["b.py", "a/z.py", "a.py", "Z.py", "é.py", "a-b.py"], ""))

    assert paths(tmp_path) == sorted(paths(tmp_path), key=str.encode)
    assert paths(tmp_path) == ["Z.py", "a-b.py", "a.py", "a/z.py", "b.py", "é.py"]


def test_size_and_digest_are_those_of_the_content(tmp_path: Path):
    write_files(tmp_path, {"a.txt": "abc"})

    (file,) = build_manifest(tmp_path).files

    assert file.size_bytes == 3
    # FIPS 180-2, appendix B.1
    assert file.digest == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("on_disk", "mode"), [(0o600, 0o644), (0o666, 0o644), (0o700, 0o755), (0o775, 0o755), (0o654, 0o644)]
)
def test_of_the_permissions_only_the_owners_executable_bit_travels(tmp_path: Path, on_disk: int, mode: int):
    write_files(tmp_path, {"run.sh": ""})
    (tmp_path / "run.sh").chmod(on_disk)

    assert build_manifest(tmp_path).files[0].mode == mode


def test_times_and_the_folders_own_path_change_nothing(tmp_path: Path):
    files = {"plugin/train.py": "x = 1\n", "config.yaml": "name: a\n"}
    here, there = write_files(tmp_path / "here", files), write_files(tmp_path / "there", files)
    os.utime(there / "config.yaml", (0, 0))

    assert build_manifest(here) == build_manifest(there)


def test_an_empty_folder_has_a_manifest(tmp_path: Path):
    (tmp_path / "nothing/in/here").mkdir(parents=True)

    assert paths(tmp_path) == []
    assert build_manifest(tmp_path).digest.startswith("sha256:")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path):
    assert problem(tmp_path / "gone") == f"{tmp_path}/gone is not a folder."


def test_a_folder_may_be_reached_through_a_link(tmp_path: Path):
    write_files(tmp_path / "real", {"a.py": "", "b.py": ""})
    (tmp_path / "real/link.py").symlink_to("a.py")
    (tmp_path / "alias").symlink_to("real")

    assert paths(tmp_path / "alias") == ["a.py", "b.py", "link.py"]


def test_a_link_to_a_file_that_travels_carries_its_content(tmp_path: Path):
    write_files(tmp_path, {"weights/v3.bin": "abc"})
    (tmp_path / "current.bin").symlink_to("weights/v3.bin")
    (tmp_path / "again.bin").symlink_to("current.bin")

    by_path = {file.path: file.digest for file in build_manifest(tmp_path).files}

    assert by_path["current.bin"] == by_path["again.bin"] == by_path["weights/v3.bin"]


@pytest.mark.parametrize("target", ["../outside.txt", "/etc/hostname", "a/../../outside.txt"])
def test_a_link_that_leaves_the_folder_is_refused_naming_both(tmp_path: Path, target: str):
    write_files(tmp_path, {"outside.txt": "not the plugin's", "plugin/a/b.py": ""})
    (tmp_path / "plugin/data.txt").symlink_to(target)

    assert problem(tmp_path / "plugin") == f"data.txt is a link to {target}, which is outside the folder."


def test_a_neighbour_whose_name_only_begins_alike_is_outside(tmp_path: Path):
    write_files(tmp_path, {"plugin/a.py": "", "plugin-secrets/key.txt": ""})
    (tmp_path / "plugin/key.txt").symlink_to("../plugin-secrets/key.txt")

    assert "outside the folder" in problem(tmp_path / "plugin")


def test_a_link_that_goes_out_through_a_linked_folder_is_refused(tmp_path: Path):
    write_files(tmp_path, {"outside/key.txt": "", "plugin/.synapseignore": "door\n"})
    (tmp_path / "plugin/door").symlink_to("../outside")
    (tmp_path / "plugin/key.txt").symlink_to("door/key.txt")

    assert problem(tmp_path / "plugin") == "key.txt is a link to door/key.txt, which is outside the folder."


def test_a_link_that_is_ignored_may_lead_anywhere(tmp_path: Path):
    write_files(tmp_path, {".synapseignore": "data\n", "a.py": ""})
    (tmp_path / "data").symlink_to("/")

    assert paths(tmp_path) == [".synapseignore", "a.py"]


@pytest.mark.parametrize("name", [".env", "notes.md"])
def test_a_link_does_not_carry_out_what_is_left_out(tmp_path: Path, name: str):
    write_files(tmp_path, {".synapseignore": "notes.md\n", name: "TOKEN=1"})
    (tmp_path / "settings.txt").symlink_to(name)

    assert problem(tmp_path) == f"settings.txt is a link to {name}, which does not travel itself."


def test_links_to_nothing_to_folders_and_in_circles_are_refused_together(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "broken").symlink_to("gone")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "folder").symlink_to("sub")
    (tmp_path / "sub/up").symlink_to("..")

    with pytest.raises(ManifestError) as caught:
        build_manifest(tmp_path)

    assert caught.value.message.splitlines() == [
        f"4 entries of {tmp_path} can not travel:",
        "  broken is a link to gone, which is not there",
        "  circle is a link to circle, which leads back to itself",
        "  folder is a link to sub, a folder; only links to files are followed",
        "  sub/up is a link to .., a folder; only links to files are followed",
    ]
    assert len(caught.value.details["problems"]) == 4
    assert ".synapseignore" in (caught.value.hint or "")


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")

    assert problem(tmp_path) == "pipe is a named pipe; only files travel."


def test_a_pipe_named_like_an_ignore_file_is_refused_too(tmp_path: Path):
    os.mkfifo(tmp_path / ".synapseignore")

    assert problem(tmp_path) == ".synapseignore is a named pipe; only files travel."


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("talk")

        assert problem(tmp_path).startswith("talk ")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (b"caf\xe9.txt", "caf\\xe9.txt has a name that is not UTF-8."),
        (b"a\nb.txt", "a\\nb.txt has a name with a backslash or a control character."),
        (b"a\x1b[31m.txt", "a\\x1b[31m.txt has a name with a backslash or a control character."),
        ("a\u202etxt.py".encode(), "a\\u202etxt.py has a name with a backslash or a control character."),
        (b"a\\b.txt", "a\\b.txt has a name with a backslash or a control character."),
    ],
)
def test_a_name_that_other_machines_could_misread_is_refused(tmp_path: Path, name: bytes, what: str):
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).touch()

    assert problem(tmp_path) == what


def test_a_name_that_is_not_utf_8_may_be_ignored(tmp_path: Path):
    write_files(tmp_path, {".synapseignore": "*.txt\n"})
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))).touch()

    (entry,) = build_manifest(tmp_path).left_out

    assert entry.path == "caf\\xe9.txt"


def test_names_that_differ_only_in_case_or_accents_are_a_warning(tmp_path: Path):
    write_files(tmp_path, dict.fromkeys(["Train.py", "train.py", "caf\u00e9", "cafe\u0301"], ""))

    assert [warning.partition(";")[0] for warning in build_manifest(tmp_path).warnings] == [
        "cafe\u0301 and caf\u00e9 differ only in case or accents",
        "Train.py and train.py differ only in case or accents",
    ]


def test_an_unreadable_file_or_folder_is_named(folder_of_another_user: Path):
    write_files(folder_of_another_user, {"open.py": "", "closed.py": "", "locked/a.py": ""})
    (folder_of_another_user / "closed.py").chmod(0)
    (folder_of_another_user / "locked").chmod(0)

    with as_nobody():
        said = problem(folder_of_another_user)

    assert "closed.py can not be read: Permission denied" in said
    assert "locked/ can not be listed: Permission denied" in said


@pytest.fixture
def folder_of_another_user() -> Iterator[Path]:
    # Not below tmp_path, whose parents nobody else may enter.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in folder.iterdir():
        path.chmod(0o755)
    shutil.rmtree(folder)


class as_nobody:  # noqa: N801
    """Give up the rights of root, to which no file is unreadable, for a while."""

    def __enter__(self) -> None:
        self._user = os.geteuid()
        if self._user == 0:
            os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        os.seteuid(self._user)
