"""What storages behind fsspec have in common, over the file system that fsspec keeps in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.storage_providers.access import get_path_file_count, get_path_total_size, get_pathlib
from synapse_sdk.storage_providers.capabilities import StorageCapabilities, StoragePath
from synapse_sdk.storage_providers.errors import StoragePermissionError, StorageUploadError
from synapse_sdk.storage_providers.providers._fsspec import FsspecStorage
from synapse_sdk.storage_providers.staging import materialize


class MemoryStorage(FsspecStorage):
    """Files in this process's memory."""

    capabilities = StorageCapabilities(mkdir=True)
    extra = "memory"
    protocol = "memory"  # type: ignore[assignment]

    def __init__(self) -> None:
        self._name = uuid7()  # the file system is one for the whole process

    @property
    def root(self) -> str:
        return f"/{self._name}"

    @property
    def base_url(self) -> str:
        return f"memory://{self._name}"

    def describe_access(self) -> dict[str, Any]:
        return {}


class RenamingStorage(FsspecStorage):
    """A folder, written to as a file system behind fsspec that can rename."""

    capabilities = StorageCapabilities(mkdir=True, rename=True)
    extra = "local"
    protocol = "file"  # type: ignore[assignment]

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def root(self) -> str:
        return str(self._folder)

    @property
    def base_url(self) -> str:
        return self._folder.as_uri()

    def describe_access(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "cat.png"
    file.write_bytes(b"a cat")
    return file


def test_a_file_is_written_found_counted_and_read(storage: MemoryStorage, source: Path):
    url = storage.upload(source, "a/b/cat.png")
    storage.upload(source, "a/dog.png")

    path = get_pathlib(storage, "a") / "b" / "cat.png"
    assert url == f"{storage.base_url}/a/b/cat.png"
    assert (path.read_bytes(), path.name, path.parent.name) == (b"a cat", "cat.png", "b")
    assert (storage.exists("a/b/cat.png"), storage.exists("a/gone.png")) == (True, False)
    assert (get_path_file_count(storage, "a"), get_path_total_size(storage, "a")) == (2, 10)
    assert isinstance(path, StoragePath)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/../x"])
def test_no_path_leads_out(path: str, storage: MemoryStorage, source: Path):
    for ask in (
        lambda: storage.upload(source, path),
        lambda: storage.exists(path),
        lambda: storage.get_url(path),
    ):
        with pytest.raises(StoragePermissionError):
            ask()


def test_what_breaks_off_leaves_what_was_there(source: Path, tmp_path: Path):
    storage = RenamingStorage(tmp_path / "stored")
    storage.upload(source, "in/cat.png")

    with pytest.raises(StorageUploadError, match=r"/proc/self/mem did not get to 'in/cat\.png'"):
        storage.upload("/proc/self/mem", "in/cat.png")  # it can be opened, and the first byte not be read

    assert storage.get_pathlib("in/cat.png").read_bytes() == b"a cat"
    assert [path.name for path in (tmp_path / "stored/in").iterdir()] == ["cat.png"]


def test_a_file_that_can_not_be_read_is_told(storage: MemoryStorage, source: Path):
    with pytest.raises(StorageUploadError, match=r"gone\.png did not get to 'x\.png'"):
        storage.upload(source.with_name("gone.png"), "x.png")

    assert not storage.exists("x.png")


@pytest.mark.parametrize("key", ["a/../../evil.txt", "a/./evil.txt"])
def test_no_name_in_a_bucket_leads_out_of_the_folder_of_copies(
    key: str, storage: MemoryStorage, source: Path, tmp_path: Path
):
    storage.upload(source, "a/cat.png")
    folder = tmp_path / "copies" / "of" / "one"
    folder.mkdir(parents=True)
    memory = storage.get_pathlib("").fs
    kept = memory.store[f"{storage.root}/a/cat.png"]
    memory.store[f"{storage.root}/{key}"] = kept  # as an object store would keep it

    with pytest.raises(StoragePermissionError, match="A path of a storage stays in it"):
        materialize(storage.get_pathlib("a"), folder)

    assert list(tmp_path.rglob("evil.txt")) == []


def test_a_folder_is_copied_and_links_to_folders_are_not_followed(tmp_path: Path):
    folder, remote = tmp_path / "copies", tmp_path / "remote"
    for made in (folder, remote / "inner"):
        made.mkdir(parents=True)
    (remote / "inner" / "cat.png").write_bytes(b"a cat")
    (remote / "inner" / "round").symlink_to(remote)

    copy = materialize(remote, folder)

    found = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*"))
    assert found == ["inner", "inner/cat.png"]
