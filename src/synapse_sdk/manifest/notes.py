"""A note to ourselves in the user's cache folder: whole or not there, believed only if its checksum is right.

It saves work and is never needed: what can not be read or written is made again, or asked again. It is
replaced whole, so several processes may write it at once; the last one stays.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from contextlib import suppress
from pathlib import Path

#: Notes that nobody renewed for so long are of folders or servers that are no more.
FORGOTTEN_AFTER_S = 60 * 24 * 3600.0
_LIMIT_BYTES = 256 * 1024**2

_log = logging.getLogger(__name__)


def note_path(folder: Path, *about: bytes) -> Path:
    """Return where in `folder` the note about something is; what it is about can not be read off its name."""
    return folder / hashlib.sha256(b"\n".join(about)).hexdigest()[:32]


def read_note(file: Path) -> bytes | None:
    """Return what was noted; None when nothing was, or when it is damaged."""
    try:
        if file.stat().st_size > _LIMIT_BYTES:
            raise ValueError("it is too large")
        head, _, body = file.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.debug("the note %s is not used: %s", file, error)
        return None
    if head != _checksum(body):
        _log.debug("the note %s is not used: it is damaged, or of another version", file)
        return None
    return body


def write_note(file: Path, body: bytes) -> None:
    """Note something in place of what was noted before. Where that is not possible, nothing is noted."""
    partial = file.with_name(f".{file.name}.{os.getpid()}-{os.urandom(4).hex()}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone: the names of files are nobody else's business.
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(_checksum(body) + b"\n" + body)
        # Not synced: a note that a power cut tore has a wrong checksum.
        partial.replace(file)
        _remove_forgotten(file.parent)
    except OSError as error:
        _log.debug("nothing is noted in %s: %s", file, error)
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _checksum(body: bytes) -> bytes:
    return b"synapse-note 1 sha256:" + hashlib.sha256(body).hexdigest().encode()


def _remove_forgotten(folder: Path) -> None:
    oldest_kept = time.time() - FORGOTTEN_AFTER_S
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mtime < oldest_kept:
                    Path(entry.path).unlink()
