"""From a storage's description to the storage, and to paths in it.

Source: interface sheet `platform.md` §5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from synapse_sdk.storage_providers.config import StorageConfig, parse_storage_config
from synapse_sdk.storage_providers.errors import StorageNotFoundError
from synapse_sdk.storage_providers.protocol import StorageProtocol
from synapse_sdk.storage_providers.registry import get_provider_class

if TYPE_CHECKING:
    from synapse_sdk.storage_providers.session import StorageSession

#: How a storage is told: as servers describe it, or open.
Described = Mapping[str, Any] | StorageConfig


def get_storage(config: Described) -> StorageProtocol:
    """Return a storage.

    Args:
        config: `{"provider": …, "configuration": {…}}`, or a server's record, which has both.

    Raises:
        StorageConfigError: The configuration does not fit.
        StorageProviderNotFoundError: There is no such provider.
        MissingExtraError: The provider's library is not installed.
    """
    parsed = config if isinstance(config, StorageConfig) else parse_storage_config(config)
    return get_provider_class(parsed.provider)(parsed.configuration)


def get_pathlib(storage: Described | StorageSession | StorageProtocol, path_root: str) -> Any:
    """Return a folder or file of a storage as a path object, a `pathlib.Path` where it is on this machine.

    Args:
        storage: A description, a session that is open, or a storage.
        path_root: Which; it counts from the storage's root.

    Raises:
        StoragePermissionError: It leads out of the storage.
    """
    if isinstance(storage, (Mapping, StorageConfig)):
        storage = get_storage(storage)
    return storage.get_pathlib(path_root)


def get_path_file_count(storage: Described | StorageProtocol, path_root: Any) -> int:
    """Return how many files are below a path; 1 for a file.

    Raises:
        StorageNotFoundError: Nothing is there.
        StorageCapabilityError: The provider lists nothing.
    """
    opened = _open(storage)
    return opened.get_path_file_count(_as_path(opened, path_root))


def get_path_total_size(storage: Described | StorageProtocol, path_root: Any) -> int:
    """Return how many bytes the files below a path have; see `get_path_file_count`."""
    opened = _open(storage)
    return opened.get_path_total_size(_as_path(opened, path_root))


def iter_files(path: Any) -> Iterator[Any]:
    """Yield the files below a path, or itself if it is one. Links to folders are not followed.

    Raises:
        StorageNotFoundError: Nothing is there.
    """
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from _walk(path)
    else:
        raise StorageNotFoundError(f"Nothing is at {path} in the storage.", {"path": str(path)})


def _walk(folder: Any) -> Iterator[Any]:
    for path in sorted(folder.iterdir(), key=str):
        if not path.is_dir():
            if path.is_file():
                yield path
        elif not path.is_symlink():  # it may lead out of the storage, or round in circles
            yield from _walk(path)


def _open(storage: Described | StorageProtocol) -> StorageProtocol:
    if isinstance(storage, (Mapping, StorageConfig)):
        return get_storage(storage)
    return storage


def _as_path(storage: StorageProtocol, path: Any) -> Any:
    return storage.get_pathlib(path) if isinstance(path, str) else path
