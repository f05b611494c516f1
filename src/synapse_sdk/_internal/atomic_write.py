"""Files and folders that a reader sees whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def atomic_write(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` at `path` so that a reader sees the old file or the new one, never half.

    Writes and syncs an unguessable sibling first, then renames it over `path`; several writers may race, the
    last one wins whole. If anything fails (a full disk, say) the sibling is removed and `path` is untouched.
    The parent folder must exist.

    Args:
        path: Where the file shall be.
        data: All of its bytes.
        mode: Permission bits that the file has from its creation on, less the umask.
    """
    # O_EXCL with the final mode: a secret is never readable by others, not even for a moment.
    partial = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(6).hex()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def written_beside(destination: Path) -> Iterator[IO[bytes]]:
    """Open a sibling of `destination` to read and write; it takes its place when the block ends well.

    As for `atomic_write`, for what is not in memory at once.
    """
    partial = destination.with_name(f".{destination.name}.{os.urandom(6).hex()}.partial")
    try:
        with partial.open("x+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(destination)
    except BaseException:  # an interrupt leaves nothing behind either
        partial.unlink(missing_ok=True)
        raise


def temporary_sibling(folder: Path, *, label: str) -> Path:
    """Make a fresh, private folder inside `folder` whose contents will be renamed into place.

    Its name begins with `.` and ends in `.partial`, which readers of `folder` pass over.
    """
    import tempfile

    return Path(tempfile.mkdtemp(prefix=f".{label}-", suffix=".partial", dir=folder))
