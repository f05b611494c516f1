"""A folder of this machine as a storage: nothing leads out of it, nothing is written in half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synapse_sdk.storage_providers.errors import (
    StorageConfigError,
    StorageNotFoundError,
    StoragePermissionError,
    StorageUploadError,
)
from synapse_sdk.utils.storage import (
    StoragePath,
    StorageProtocol,
    get_path_file_count,
    get_path_total_size,
    get_pathlib,
    get_storage,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def described(root: Path) -> dict[str, Any]:
    return {"provider": "file_system", "configuration": {"location": str(root)}}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "cat.png"
    file.write_bytes(b"a cat")
    return file


def test_a_file_gets_into_the_storage_with_the_folders_that_it_needs(
    described: dict[str, Any], root: Path, source: Path
):
    storage = get_storage(described)

    url = storage.upload(source, "a b/cat.png")

    assert (root / "a b/cat.png").read_bytes() == b"a cat"
    assert url == storage.get_url("/a b/cat.png") == (root / "a b/cat.png").as_uri()
    assert (storage.exists("a b/cat.png"), storage.exists("a b"), storage.exists("dog.png")) == (
        True,
        True,
        False,
    )
    assert [path.name for path in (root / "a b").iterdir()] == ["cat.png"]
    assert isinstance(storage, StorageProtocol)
    assert isinstance(storage.get_pathlib("a b"), StoragePath)


@pytest.mark.parametrize("path", ["../x.png", "a/../../x.png", "/../x.png", "a\0b"])
def test_no_path_leads_out_of_the_storage(path: str, described: dict[str, Any], root: Path, source: Path):
    storage = get_storage(described)

    for ask in (
        lambda: storage.upload(source, path),
        lambda: storage.exists(path),
        lambda: storage.get_url(path),
    ):
        with pytest.raises(StoragePermissionError, match="A path of a storage stays in it") as caught:
            ask()
        assert caught.value.details == {"path": path}
    assert not (root.parent / "x.png").exists()


def test_a_link_does_not_lead_out_of_it_either(described: dict[str, Any], root: Path, source: Path):
    root.mkdir()
    (root.parent / "private").mkdir()
    (root / "link").symlink_to(root.parent / "private")

    with pytest.raises(StoragePermissionError):
        get_storage(described).upload(source, "link/cat.png")

    assert list((root.parent / "private").iterdir()) == []


def test_the_storage_itself_is_no_file_s_place(described: dict[str, Any], source: Path):
    with pytest.raises(StoragePermissionError):
        get_storage(described).upload(source, "/")


def test_what_can_not_be_read_leaves_what_was_there(described: dict[str, Any], root: Path, source: Path):
    storage = get_storage(described)
    storage.upload(source, "cat.png")

    with pytest.raises(StorageUploadError, match=r"gone\.png did not get to 'cat\.png'"):
        storage.upload(source.with_name("gone.png"), "cat.png")

    assert (root / "cat.png").read_bytes() == b"a cat"
    assert len(list(root.iterdir())) == 1


@pytest.mark.parametrize("location", ["files", "./files", "~/files"])
def test_a_location_is_a_whole_path(location: str):
    with pytest.raises(StorageConfigError, match=f"is a whole path, which '{location}' is not") as caught:
        get_storage({"provider": "local", "configuration": {"location": location}})

    assert "wherever a job happens to run" in str(caught.value.hint)


def test_files_are_counted_and_weighed(described: dict[str, Any], root: Path, source: Path):
    storage = get_storage(described)
    for name in ("a/1.png", "a/b/2.png", "3.png"):
        storage.upload(source, name)
    (root / "a/round").symlink_to(root)

    assert (get_path_file_count(described, ""), get_path_total_size(described, "")) == (3, 15)
    assert get_path_file_count(described, "a") == 2
    assert get_path_file_count(storage, get_pathlib(storage, "3.png")) == 1
    with pytest.raises(StorageNotFoundError):
        get_path_file_count(described, "gone")
