from __future__ import annotations

import hashlib
import stat
from contextlib import closing
from pathlib import Path

import pytest

from synapse_sdk.clients import release_code
from synapse_sdk.clients.release_code import ReleaseContentsError, write_code
from synapse_sdk.clients.releases import fetch_release
from synapse_sdk.clients.transport import Transport
from synapse_sdk.manifest.manifest import ManifestFile
from synapse_sdk.storage.pack import PackError


def file_of(path: str, data: bytes = b"x", *, mode: int = 0o644) -> ManifestFile:
    return ManifestFile(path, mode, len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")


def pack_of(*contents: bytes) -> list[bytes]:
    data = b"".join(f"{hashlib.sha256(one).hexdigest()} {len(one)}\n".encode() + one for one in contents)
    return [data[:7], data[7:]]


def test_files_are_written_with_their_modes(tmp_path: Path):
    files = [file_of("config.yaml", b"a"), file_of("bin/run", b"b", mode=0o755), file_of("empty", b"")]

    write_code(files, pack_of(b"a", b"b", b""), tmp_path / "code")

    found = {path.relative_to(tmp_path / "code").as_posix() for path in (tmp_path / "code").rglob("*")}
    assert found == {"config.yaml", "bin", "bin/run", "empty"}
    assert stat.S_IMODE((tmp_path / "code/bin/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "code/config.yaml").stat().st_mode) == 0o644


@pytest.mark.parametrize("copies", [1, 2])
def test_a_content_of_several_files_may_come_once_or_for_each(tmp_path: Path, copies: int):
    write_code([file_of("a"), file_of("b")], pack_of(*[b"x"] * copies), tmp_path / "code")

    assert (tmp_path / "code/a").read_bytes() == (tmp_path / "code/b").read_bytes() == b"x"


@pytest.mark.parametrize(
    "path",
    ["../a", "/a", "a/../../b", "a/./b", "", ".", "..", "a//b", "a/", "a\\b", "a\0b", "./a"],
)
def test_a_path_that_leads_elsewhere_is_refused_before_anything_is_written(tmp_path: Path, path: str):
    with pytest.raises(ReleaseContentsError, match="may not be written"):
        write_code([file_of("good"), file_of(path)], pack_of(b"x"), tmp_path / "code")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([file_of("a"), file_of("a", b"y")], "two files of one path"),
        ([file_of("a"), file_of("a/b")], "both a file and a folder"),
        ([file_of("a", mode=0o4755)], "mode 4755"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    tmp_path: Path, files: list[ManifestFile], message: str
):
    with pytest.raises(ReleaseContentsError, match=message):
        write_code(files, pack_of(b"x", b"y"), tmp_path / "code")


def test_absurdly_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(release_code, "MAX_FILES", 2)

    with pytest.raises(ReleaseContentsError, match="has 3 files"):
        write_code([file_of("a"), file_of("b"), file_of("c")], pack_of(b"x"), tmp_path / "code")


def test_a_torn_archive_leaves_nothing(tmp_path: Path):
    archive = b"".join(pack_of(b"x" * 100, b"y"))

    with pytest.raises(PackError):
        write_code([file_of("a", b"x" * 100), file_of("b", b"y")], [archive[:80]], tmp_path / "code")

    assert list(tmp_path.iterdir()) == []


def test_a_content_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(ReleaseContentsError, match="lacks 1 contents, b for one"):
        write_code([file_of("a", b"x"), file_of("b", b"y")], pack_of(b"x"), tmp_path / "code")

    assert list(tmp_path.iterdir()) == []


def test_what_an_interrupted_try_left_is_replaced(tmp_path: Path):
    (tmp_path / ".code.partial").mkdir()
    (tmp_path / ".code.partial/a").write_text("half")

    write_code([file_of("a")], pack_of(b"x"), tmp_path / "code")

    assert (tmp_path / "code/a").read_bytes() == b"x"
    assert not (tmp_path / ".code.partial").exists()


@pytest.mark.parametrize("digest", ["../../mine", "/mine", "sha256:../mine", "sha256:" + "A" * 64, ""])
def test_a_digest_that_would_be_another_folder_is_refused(tmp_path: Path, digest: str):
    mine = tmp_path / "mine" / "kept.txt"
    mine.parent.mkdir()
    mine.write_text("kept")

    with (
        closing(Transport("http://127.0.0.1:9", "a-token")) as nowhere,
        pytest.raises(ReleaseContentsError, match="digest of a release is sha256: and 64 digits"),
    ):
        fetch_release(nowhere, {"id": 1, "digest": digest}, tmp_path / "cache")

    assert mine.read_text() == "kept"
