"""Copies that know what they copied, and are on the disk when they say so."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from synapse_sdk._internal.digests import CHUNK_BYTES


def copy_file(source: Path, target: Path, *, mode: int) -> tuple[str, int]:
    """Copy `source` to the new file `target`; return the digest and the number of the bytes copied.

    The copy is synced to the disk. If anything fails (a full disk, say) `target` is removed again.

    Args:
        source: A file; it is read once.
        target: Must not exist yet. Its folder must.
        mode: Permission bits of the copy from its creation on, less the umask; 0o444 makes it read-only.
    """
    digest, size_bytes = hashlib.sha256(), 0
    with source.open("rb") as incoming:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with open(descriptor, "wb") as outgoing:
                while chunk := incoming.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size_bytes += len(chunk)
                    outgoing.write(chunk)
                outgoing.flush()
                os.fsync(outgoing.fileno())
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    return f"sha256:{digest.hexdigest()}", size_bytes


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut: syncing a file does not sync its name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Make everything written so far to the file system that holds `folder` survive a power cut.

    One call instead of one for each file and folder, which for thousands of small files is what takes time.

    Raises:
        OSError: Something of it could not be written.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):  # Linux alone has it
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if libc.syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)
