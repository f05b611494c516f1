"""Packs on a disk: files that hold many contents each, written once and never changed.

A file is a pack as it travels (`pack.py`), so it can be read and checked without anything else. Which content
lies where is known elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.storage.copying import sync_folder
from synapse_sdk.storage.pack import PackDecoder
from synapse_sdk.storage.partials import remove_abandoned_partials

#: A pack of so many bytes is one of many that come at once. The system need not keep it in memory, where it
#: would take the place of what is read all the time, such as the database; to find room for it takes longer
#: than to write it.
CROWDING_BYTES = 4 * 1024**2
_SUFFIX = ".pack"


class PackFile(NamedTuple):
    """A pack that is there."""

    name: str
    size_bytes: int
    #: Seconds since 1970.
    written_at: float


class PackFolder:
    """A folder of packs. A pack appears whole or not at all; the folder itself is made by the first."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def create(self) -> NewPack:
        """Return a pack to be written."""
        return NewPack(self._root)

    def path_of(self, name: str) -> Path:
        """Return the file of a pack, there or not."""
        return self._root / f"{name}{_SUFFIX}"

    def iter_packs(self) -> Iterator[PackFile]:
        """Yield every pack that is here, oldest name first."""
        for file in sorted(self._root.glob(f"*{_SUFFIX}")):
            status = file.stat()
            yield PackFile(file.name.removesuffix(_SUFFIX), status.st_size, status.st_mtime)

    def remove(self, name: str) -> None:
        """Remove a pack in which nothing lives any more; one that is not here is fine."""
        self.path_of(name).unlink(missing_ok=True)

    def remove_abandoned(self) -> None:
        """Remove what processes that were killed left half-written, a day ago or earlier."""
        remove_abandoned_partials(self._root)


class NewPack:
    """A pack on its way to the disk. Its file is made by the first write, and `seal` puts it in its place.

    ```text
    with folder.create() as pack:
        pack.write(b"…")
        pack.seal(size_bytes)
    ```
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        #: What it is called once it is sealed.
        self.name = uuid7().replace("-", "")
        self._partial = root / f".{self.name}.partial"
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()

    def write(self, data: bytes) -> None:
        """Append bytes of the pack.

        Raises:
            OSError: Not all of them could be written, such as for want of room. What was written before is
                still there to be sealed.
        """
        if self._descriptor < 0:
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self._partial, flags, 0o444)
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def seal(self, size_bytes: int) -> None:
        """Make the first `size_bytes` durable, as the pack `name`; what was written after them is dropped."""
        os.ftruncate(self._descriptor, size_bytes)
        os.fsync(self._descriptor)
        if size_bytes >= CROWDING_BYTES and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(self._descriptor)
        self._descriptor = -1
        self._partial.rename(self._root / f"{self.name}{_SUFFIX}")
        sync_folder(self._root)

    def abandon(self) -> None:
        """Leave nothing behind of a pack that was not sealed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._partial.unlink(missing_ok=True)


def check_pack_file(path: Path) -> None:
    """Read a pack to its end and compare every content with its digest.

    Raises:
        PackError: It is torn, or holds other contents than it says.
    """
    decoder = PackDecoder()
    with path.open("rb", buffering=0) as stream:
        while data := stream.read(4 * CHUNK_BYTES):
            for _ in decoder.check(data):
                pass
    decoder.finish()
