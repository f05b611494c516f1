"""Manifests: the files of a folder with size and digest, and one digest for all of them."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk.workspace.errors import WorkspaceError
from synapse_sdk.workspace.folder_listing import FoundFile

#: Called with the bytes that are done and the bytes that there are.
OnProgress = Callable[[int, int], None]

#: A file touched this recently before it was hashed may change again without its times showing it, because
#: file systems round time, the coarsest to 2 s. Such a file's times are not remembered.
_ROUNDED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a manifest. Its times spare reading it again; they are not part of its identity."""

    path: str
    size_bytes: int
    digest: str
    mtime_ns: int = 0  # 0: read the file to know
    ctime_ns: int = 0

    def looks_like(self, found: FoundFile) -> bool:
        """Is this, by size and times, surely the file that was hashed?"""
        return (self.size_bytes, self.mtime_ns, self.ctime_ns) == (
            found.size_bytes,
            found.mtime_ns,
            found.ctime_ns,
        )


def hash_files(
    root: Path, files: Iterable[FoundFile], *, total_bytes: int, on_progress: OnProgress | None = None
) -> Iterator[Item]:
    """Read the files below `root`, and yield an item for each.

    Raises:
        WorkspaceError: A file changed while it was read, or since it was listed, or can not be read.
    """
    done_bytes = 0
    buffer = memoryview(
        bytearray(CHUNK_BYTES)
    )  # one for all: most files are small, and there may be millions

    def count(size_bytes: int) -> None:
        nonlocal done_bytes
        done_bytes += size_bytes
        if on_progress is not None:
            on_progress(done_bytes, total_bytes)

    for file in files:
        started_ns = time.time_ns()
        try:
            digest, after = _hash_file(root / file.path, buffer, count)
        except OSError as exc:
            raise WorkspaceError(
                f"{root / file.path} can not be read: {exc.strerror}.", {"path": str(root / file.path)}
            ) from exc
        if FoundFile.from_stat(file.path, after) != file:
            raise WorkspaceError(
                f"{root / file.path} changed while it was read.",
                {"path": str(root / file.path)},
                hint="Wait until nothing writes to this folder, then try again.",
            )
        item = Item(file.path, file.size_bytes, digest, file.mtime_ns, file.ctime_ns)
        settled = max(file.mtime_ns, file.ctime_ns) < started_ns - _ROUNDED_NS
        yield item if settled else replace(item, mtime_ns=0, ctime_ns=0)


def manifest_digest(items: Iterable[Item]) -> str:
    """Return the digest of a manifest: of each path, size and file digest, in the order of the paths."""
    digest = hashlib.sha256()
    for item in sorted(items, key=lambda item: item.path):
        # Written into records: another spelling of this line would change the digest of every dataset.
        line = json.dumps([item.path, item.size_bytes, item.digest], separators=(",", ":"))
        digest.update(line.encode() + b"\n")
    return f"sha256:{digest.hexdigest()}"


def write_manifest(path: Path, items: Sequence[Item]) -> None:
    """Put a manifest at `path`, whole: one line of JSON for each file."""
    rows = ({name: getattr(item, name) for name in Item.__slots__} for item in items)
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    atomic_write(path, "".join(f"{line}\n" for line in lines).encode())


def load_manifest(path: Path) -> list[Item]:
    """Read a manifest.

    Raises:
        WorkspaceError: It is gone, or is not what we wrote.
    """
    names = Item.__slots__
    try:
        with path.open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        # By name, so that a hint which a newer SDK adds is passed over.
        return [Item(**{name: row[name] for name in names}) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise WorkspaceError(
            f"{path} can not be read: {exc}.",
            {"path": str(path)},
            hint=f"Something other than Synapse changed it. Put it back, or move {path.parent} away.",
        ) from exc


def _hash_file(path: Path, buffer: memoryview, count: Callable[[int], None]) -> tuple[str, os.stat_result]:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while size_bytes := stream.readinto(buffer):
            digest.update(buffer[:size_bytes])
            count(size_bytes)
        return f"sha256:{digest.hexdigest()}", os.fstat(stream.fileno())
