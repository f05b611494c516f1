"""Contents on their way in: one file each, appended to, until the last byte is there and the digest fits."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from synapse_sdk._internal.digests import CHUNK_BYTES

#: Running digests that are remembered; of others the file is read again.
_REMEMBERED = 256


class PartialContents:
    """A folder of files `<workspace id>-<64 hex digits>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Few locks shared by all contents: a lock for each would have to be thrown away some time, and there
        # is no good time.
        self._locks = tuple(threading.Lock() for _ in range(64))
        self._hashes = _RunningHashes()

    def size_bytes(self, workspace_id: int, digest: str) -> int:
        """Return how far a content has come; 0 when nothing of it is here."""
        try:
            return self._path(workspace_id, digest).stat().st_size
        except FileNotFoundError:
            return 0

    def find_sizes(self, workspace_id: int, digests: Iterable[str]) -> dict[str, int]:
        """Return how far those of the contents have come of which something is here."""
        # The folder is read once: of thousands that are asked for, hardly one is here.
        names = set(os.listdir(self._folder))  # noqa: PTH208 - names are all that is needed
        here = [digest for digest in digests if _name(workspace_id, digest) in names]
        sizes = {digest: self.size_bytes(workspace_id, digest) for digest in here}
        return {digest: size_bytes for digest, size_bytes in sizes.items() if size_bytes}

    @contextmanager
    def opened(self, workspace_id: int, digest: str) -> Iterator[PartialContent]:
        """Hold a content, so that nobody else writes to it."""
        path = self._path(workspace_id, digest)
        with self._locks[hash(path.name) % len(self._locks)]:
            yield PartialContent(path, self._hashes)

    def _path(self, workspace_id: int, digest: str) -> Path:
        return self._folder / _name(workspace_id, digest)


def _name(workspace_id: int, digest: str) -> str:
    return f"{workspace_id}-{digest.removeprefix('sha256:')}"


class PartialContent:
    """One of them, while it is held."""

    def __init__(self, path: Path, hashes: _RunningHashes) -> None:
        self.path = path
        self._hashes = hashes

    @property
    def size_bytes(self) -> int:
        """How far it has come."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, offset: int, data: bytes) -> None:
        """Write what of `data`, which begins at `offset`, is not here yet. `offset` is at most `size_bytes`.

        Raises:
            OSError: It can not be written; what was here before is all that is here.
        """
        size_bytes = self.size_bytes
        assert offset <= size_bytes, "a gap"
        view = memoryview(data)[size_bytes - offset :]
        if not view:
            return
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                left = view
                while left:
                    left = left[os.write(descriptor, left) :]
            except OSError:
                os.ftruncate(descriptor, size_bytes)
                raise
        finally:
            os.close(descriptor)
        self._hashes.add(self.path.name, size_bytes, view)

    def sync(self) -> None:
        """Make what is here survive a power cut."""
        if self.path.exists():
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def truncate(self, size_bytes: int) -> None:
        """Forget what came after `size_bytes`."""
        if self.size_bytes > size_bytes:
            os.truncate(self.path, size_bytes)
            self._hashes.forget(self.path.name)

    def compute_digest(self) -> str:
        """Return the digest of what is here; reads only what did not come by just now."""
        if not self.path.exists():
            self.path.touch(mode=0o600)
        return self._hashes.finish(self.path)

    def discard(self) -> None:
        """Forget it."""
        self._hashes.forget(self.path.name)
        self.path.unlink(missing_ok=True)


class _RunningHashes:
    """Digests of files that grow, as far as they have been seen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[hashlib._Hash, int]] = OrderedDict()

    def add(self, name: str, offset: int, data: memoryview) -> None:
        """Take in what was written at `offset`."""
        found = self._take(name)
        if found is None and offset == 0:
            found = hashlib.sha256(), 0
        if found is not None and found[1] == offset:
            found[0].update(data)
            self._put(name, found[0], offset + len(data))

    def finish(self, path: Path) -> str:
        """Return the digest of the whole file."""
        digest, offset = self._take(path.name) or (hashlib.sha256(), 0)
        with path.open("rb") as stream:
            stream.seek(offset)
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
        return f"sha256:{digest.hexdigest()}"

    def forget(self, name: str) -> None:
        """The file is another one now."""
        self._take(name)

    def _take(self, name: str) -> tuple[hashlib._Hash, int] | None:
        with self._lock:
            return self._known.pop(name, None)

    def _put(self, name: str, digest: hashlib._Hash, offset: int) -> None:
        with self._lock:
            self._known[name] = digest, offset
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
