"""Files in pieces, as base64, as documents; temporary files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from synapse_sdk.utils.file.io import (
    cleanup_stale_tmp_dirs,
    convert_file_to_base64,
    decode_base64_data,
    evict_temp_dirs,
    evict_temp_files,
    get_dict_from_file,
    get_temp_path,
    is_base64_data,
    protect_temp_file,
    protect_temp_files,
    read_file_in_chunks,
    unprotect_temp_file,
)


def test_a_file_in_pieces(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"abcdefg")
    (tmp_path / "empty").touch()

    assert list(read_file_in_chunks(tmp_path / "x", 3)) == [b"abc", b"def", b"g"]
    assert list(read_file_in_chunks(tmp_path / "x")) == [b"abcdefg"]
    assert list(read_file_in_chunks(tmp_path / "empty")) == []
    with pytest.raises(ValueError, match="chunk_size is 0"):
        next(read_file_in_chunks(tmp_path / "x", 0))


@pytest.mark.parametrize(
    ("name", "data", "uri"),
    [
        ("x.png", b"\x89PNG", "data:image/png;base64,iVBORw=="),
        ("x", b"", "data:application/octet-stream;base64,"),
    ],
)
def test_a_file_as_base64_and_back(tmp_path: Path, name: str, data: bytes, uri: str):
    (tmp_path / name).write_bytes(data)

    assert convert_file_to_base64(tmp_path / name) == uri
    assert convert_file_to_base64(uri) == uri
    assert is_base64_data(uri)
    assert decode_base64_data(uri) == data


@pytest.mark.parametrize(
    "data", ["abcd", "/data/x.png", "data:image/png;base64,***", "data:text/plain,abcd", b"x", None]
)
def test_what_may_be_a_path_is_no_base64(data: object):
    assert not is_base64_data(data)


def test_base64_is_decoded_with_or_without_what_it_is():
    assert decode_base64_data("aGkh") == b"hi!"
    assert decode_base64_data("data:text/plain;charset=utf-8;base64,aGkh") == b"hi!"
    with pytest.raises(ValueError, match="is no base64"):
        decode_base64_data("a path/to a file")


@pytest.mark.parametrize("name", ["x.json", "x.YAML", "x.yml"])
def test_a_document_is_read(tmp_path: Path, name: str):
    (tmp_path / name).write_text('\ufeff{"a": [1, "한"]}', encoding="utf-8")

    assert get_dict_from_file(tmp_path / name) == {"a": [1, "한"]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.json", "{", r"^x\.json is no JSON: Expecting property name.*: line 1 column 2\.$"),
        ("x.json", '{"a": {"b": 1, "b": 2}}', r"^x\.json has a key twice in one mapping: 'b'\.$"),
        ("x.yaml", "a: [1", r"^x\.yaml is no YAML: [^\n]*: line 1 column 6\.$"),
        ("x.yaml", "a: 1\na: 2", r"^x\.yaml has a key twice in one mapping: [^\n]*: line 2 column 1\.$"),
        ("x.yaml", "a: \udcff", r"^x\.yaml is no text in UTF-8: invalid start byte at byte 3\.$"),
        ("x.yaml", "- 1", "x.yaml holds a list, not a mapping"),
        ("x.yaml", "", "x.yaml holds a NoneType"),
        ("x.toml", "", "files of .json, .yaml and .yml can"),
        ("x.yaml", "a: !!python/object/apply:os.system [echo]", "x.yaml is no YAML"),
    ],
)
def test_what_is_no_document_is_told(tmp_path: Path, name: str, text: str, message: str):
    (tmp_path / name).write_text(text, errors="surrogateescape")

    with pytest.raises(ValueError, match=message):
        get_dict_from_file(tmp_path / name)


def test_the_folder_of_temporary_files_is_the_user_s_own(temporary: Path):
    assert get_temp_path().parent == temporary
    assert stat.S_IMODE(get_temp_path("a/b").stat().st_mode) == 0o700
    assert stat.S_IMODE(get_temp_path().stat().st_mode) == 0o700
    for outside in ("../x", "/etc", "a/../../x"):
        with pytest.raises(ValueError, match="leads out of"):
            get_temp_path(outside)


def test_a_folder_that_somebody_put_there_is_refused(temporary: Path, tmp_path: Path):
    (temporary / f"synapse-{os.getuid()}").symlink_to(tmp_path)

    with pytest.raises(PermissionError, match="set TMPDIR"):
        get_temp_path()


def make_files(folder: Path, *names: str) -> None:
    for age, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
        os.utime(folder / name, (1000 + age, 1000 + age))


@pytest.mark.usefixtures("temporary")
def test_the_oldest_files_go_and_protected_ones_stay():
    folder = get_temp_path("media")
    make_files(folder, "1", "2", "3", "4", ".being-written")
    protect_temp_file(folder / "1")

    with protect_temp_files([folder / "2", folder / "1"]):
        assert evict_temp_files(folder, 3) == 1
    assert sorted(entry.name for entry in folder.iterdir()) == [".being-written", "1", "2", "4"]
    assert evict_temp_files(folder, 1) == 2
    assert sorted(entry.name for entry in folder.iterdir()) == [".being-written", "1"]
    unprotect_temp_file(folder / "1")
    unprotect_temp_file(folder / "1")
    assert evict_temp_files(folder, 0) == 1


@pytest.mark.usefixtures("temporary")
def test_a_user_s_own_folder_is_never_tidied(tmp_path: Path):
    make_files(tmp_path / "own", "1", "2")
    get_temp_path("link").rmdir()
    (get_temp_path() / "link").symlink_to(tmp_path / "own")

    assert evict_temp_files(tmp_path / "own", 0) == 0
    assert evict_temp_files(get_temp_path() / "link", 0) == 0
    assert len(list((tmp_path / "own").iterdir())) == 2


@pytest.mark.usefixtures("temporary")
def test_folders_go_by_what_was_changed_in_them_last():
    root = get_temp_path()
    make_files(root, "a/1", "b/1", "c/1")
    for name in "abc":
        os.utime(root / name, (1, 1))
    protect_temp_file(root / "a/1")

    assert evict_temp_dirs(root, 2) == 1
    assert sorted(entry.name for entry in root.iterdir()) == ["a", "c"]
    (root / "new").mkdir()
    assert cleanup_stale_tmp_dirs() == 1
    assert sorted(entry.name for entry in root.iterdir()) == ["a", "new"]
    unprotect_temp_file(root / "a/1")


@pytest.mark.usefixtures("temporary")
def test_a_limit_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SYNAPSE_MAX_TEMP_FILES", "few")

    with pytest.raises(ValueError, match="SYNAPSE_MAX_TEMP_FILES is 'few'"):
        evict_temp_files()
