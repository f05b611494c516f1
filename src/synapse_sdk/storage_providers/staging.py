"""Copies of a storage's files on this machine, in folders that go when the session does.

```text
<root>/<session>/.session           held while the process lives, so that others know
                /<uuid>/cat.png     a copy
```

What a process that was killed left behind goes when another one makes a folder of its own.

Source: interface sheet `platform.md` §1 (variables) and §5.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.storage_providers.errors import StorageNotFoundError, StoragePermissionError
from synapse_sdk.storage_providers.inside import leads_out

#: Names the folder that copies are made in.
STAGING_DIR_ENV_VAR = "SYNAPSE_STORAGE_STAGING_DIR"
#: Bytes that are moved at once.
STREAM_CHUNK_SIZE = 1024 * 1024
_FOLDER = "synapse-storage"
_MARK = ".session"
#: A folder is made before it is held, so one that is not held must be so old to be nobody's.
_ABANDONED_S = 3600.0
#: Folders that this process holds → the open mark.
_held: dict[Path, int] = {}
_lock = threading.Lock()


def staging_root(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder that copies are made in; it need not be there.

    Args:
        environ: Where `SYNAPSE_STORAGE_STAGING_DIR` may stand; the process's own environment unless given.

    Returns:
        That folder, else one of this user in the machine's folder for temporary files.
    """
    chosen = (os.environ if environ is None else environ).get(STAGING_DIR_ENV_VAR)
    return Path(chosen) if chosen else Path(tempfile.gettempdir()) / f"{_FOLDER}-{os.getuid()}"


def ensure_session_staging_dir(session_id: str, root: Path | None = None) -> Path:
    """Return a session's own folder, which only this user can read; it is made if it is not there.

    Args:
        session_id: The session's; one part of a path.
        root: The folder of all sessions; `staging_root()` unless given.

    Raises:
        StoragePermissionError: The id is no part of a path, or the folder belongs to somebody else.
    """
    above = staging_root() if root is None else root
    if Path(session_id).name != session_id or session_id in ("", ".", ".."):
        raise StoragePermissionError(f"{session_id!r} is no name of a folder.", {"session_id": session_id})
    above.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = above / session_id
    folder.mkdir(mode=0o700, exist_ok=True)
    # In a folder that everyone may write to, somebody could have made it first.
    for place in (above, folder):
        if place.is_symlink() or place.stat().st_uid != os.getuid():
            raise StoragePermissionError(
                f"Copies of a storage's files would go to {place}, which is somebody else's.",
                {"path": str(place)},
                hint=f"Set {STAGING_DIR_ENV_VAR} to a folder of your own.",
            )
    with _lock:
        if folder.absolute() not in _held:
            _held[folder.absolute()] = _hold(folder)
            _remove_abandoned(above)
    return folder


def materialize(path: Any, folder: Path) -> Path:
    """Copy a storage's file, or a folder with all that is below, into `folder`; return the copy.

    In a folder, links to folders are not followed.

    Args:
        path: A path object of the storage.
        folder: Where to; it must be there. A copy of that name is replaced.

    Raises:
        StorageNotFoundError: Nothing is there.
        StoragePermissionError: A name in it, as buckets allow any, would lead out of `folder`.
        OSError: It can not be written.
    """
    name = path.name or "root"
    if name in (".", "..") or "/" in name or "\0" in name:
        raise leads_out(str(path))
    target = folder / name
    if path.is_dir():
        target.mkdir(exist_ok=True)
        for child in path.iterdir():
            if not (child.is_dir() and child.is_symlink()):  # it may lead round in circles
                materialize(child, target)
        return target
    if not path.is_file():
        raise StorageNotFoundError(f"Nothing is at {path} in the storage.", {"path": str(path)})
    part = folder / f".{uuid7()}.part"
    try:
        with path.open("rb") as source, part.open("xb") as copy:
            shutil.copyfileobj(source, copy, STREAM_CHUNK_SIZE)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def cleanup_staging(session_id: str, root: Path | None = None) -> None:
    """Remove a session's folder; happy where there is none."""
    folder = (staging_root() if root is None else root) / Path(session_id).name
    with _lock:
        mark = _held.pop(folder.absolute(), None)
    try:
        if session_id and folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
    finally:
        if mark is not None:
            os.close(mark)


def _hold(folder: Path) -> int:
    mark = os.open(folder / _MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(mark, fcntl.LOCK_SH)
    return mark


def _remove_abandoned(above: Path) -> None:
    oldest_s = time.time() - _ABANDONED_S
    for mark in above.glob(f"*/{_MARK}"):  # what has none is not ours, whatever it is
        # Another process may be removing it, too; what can not be removed is tried again the next time.
        with suppress(OSError):
            if mark.parent.is_symlink() or mark.parent.stat().st_mtime > oldest_s:
                continue
            descriptor = os.open(mark, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(mark.parent)
            finally:
                os.close(descriptor)
