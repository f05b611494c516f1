"""What is known of a folder's files from reading them before: digests that need not be computed again.

A file is taken for the one that was read as long as the system says the same of it: inode, size, and the
moments of its last change in content and in anything. Whoever writes to a file changes the second of these
moments; only a clock that is set back, or a write through a memory map that the system has not noted yet,
escapes.

It is a note (`notes.py`) for each folder of files, which can be removed at any time: then all is read again.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from synapse_sdk.manifest.notes import note_path, read_note, write_note

#: A file that changed so shortly before it was read, in nanoseconds, may change again without a new moment:
#: file systems count in up to two seconds. It is not noted.
SETTLED_AFTER_NS = 2_000_000_000
#: Another one for every change of what is noted: notes of another format are not looked for.
_FORMAT = b"2"
_UNSEARCHED = "-"


class KnownFile(NamedTuple):
    """A file as it was when it was read."""

    size_bytes: int
    digest: str
    #: Which search found nothing in it; None when none looked.
    clean_by: str | None


class KnownFiles:
    """The notes on one folder. For one reading of it: `find` and `note` while it is read, then `save`."""

    def __init__(self, folder: Path, cache_folder: Path, *, search: str | None = None) -> None:
        """Read what is noted.

        Args:
            folder: The folder of the files.
            cache_folder: Where the notes on all folders are, such as the user's cache folder; it need not be
                there.
            search: Identity of the search that looks into the files. What another one found clean is not
                known to be. None: it does not matter.
        """
        self._file = note_path(cache_folder / "known-files", _FORMAT, os.fsencode(os.path.realpath(folder)))
        self._search = search
        self._before = _load(self._file)
        self._now: dict[str, str] = {}
        self._began_ns = time.time_ns()

    def find(self, path: str, status: os.stat_result) -> KnownFile | None:
        """Return what is known of the file at `path`, from the folder on, if it is still the same."""
        facts = self._before.get(path)
        if facts is None or not facts.startswith(_stamp(status)):
            return None
        digest, clean_by = _split(facts)
        if self._search is not None and clean_by != self._search:
            clean_by = _UNSEARCHED
            facts = f"{_stamp(status)}{digest} {clean_by}"
        self._now[path] = facts
        return KnownFile(status.st_size, digest, None if clean_by == _UNSEARCHED else clean_by)

    def note(self, path: str, status: os.stat_result, digest: str, *, is_clean: bool) -> None:
        """Note a file that was read.

        Args:
            path: From the folder on.
            status: What the system said of it before it was read.
            digest: Of its bytes.
            is_clean: The search looked at these bytes and found nothing.
        """
        if max(status.st_ctime_ns, status.st_mtime_ns) + SETTLED_AFTER_NS >= self._began_ns:
            self._now.pop(path, None)
            return
        clean_by = (self._search if is_clean else None) or _UNSEARCHED
        self._now[path] = f"{_stamp(status)}{digest} {clean_by}"

    def note_clean(self, path: str, digest: str) -> None:
        """Note that the search found nothing in the bytes with this digest, which the file at `path` held."""
        facts = self._now.get(path)
        if facts is not None and _split(facts)[0] == digest:
            self._now[path] = f"{' '.join(facts.split(' ', 5)[:5])} {self._search or _UNSEARCHED}"

    def save(self) -> None:
        """Keep the notes for the next reading. Where they can not be written, the next one takes longer."""
        if self._now == self._before:
            return
        # Lines instead of JSON: those of 10,000 files are read in a tenth of the time. No path ends a line.
        lines = (f"{facts}\t{path}" for path, facts in self._now.items())
        write_note(self._file, "\n".join(lines).encode())


def _stamp(status: os.stat_result) -> str:
    """Return what the system says of a file, which is another for another one."""
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} "


def _split(facts: str) -> tuple[str, str]:
    """Return the digest, and which search found nothing."""
    digest, clean_by = facts.split(" ", 5)[4:]
    return digest, clean_by


def _load(file: Path) -> dict[str, str]:
    body = read_note(file)
    if not body:
        return {}
    pairs = (line.split("\t", 1) for line in body.decode().split("\n"))
    return {path: facts for facts, path in pairs}
