"""What is known of a folder's files from reading them before: digests that need not be computed again.

A file is taken for the one that was read as long as the system says the same of it: inode, size, and the
moments of its last change in content and in anything. Whoever writes to a file changes the second of these
moments; only a clock that is set back, or a write through a memory map that the system has not noted yet,
escapes.

It is a note (`notes.py`) for each folder of files, which can be removed at any time: then all is read again.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from synapse_sdk.manifest.names import from_manifest_name
from synapse_sdk.manifest.notes import note_path, read_note, write_note

#: A file that changed so shortly before it was read, in nanoseconds, may change again without a new moment:
#: file systems count in up to two seconds. It is not noted.
SETTLED_AFTER_NS = 2_000_000_000
#: The same where the file system is seen to count in less than `_TICK_NS`, as nearly all do.
SETTLED_AFTER_FINE_NS = 100_000_000
#: What the slowest clock of a kernel counts in, and of file systems the best that is not precise.
_TICK_NS = 10_000_000
#: Another one for every change of what is noted, and for another Python: such notes are not looked for.
_FORMAT = f"3 {sys.implementation.cache_tag}".encode()

#: A file as it was when it was read: inode, size in bytes, the moments of its last change in content and in
#: anything; digest; did the search look at its bytes, and find nothing? As a plain tuple it can be noted.
Facts = tuple[int, int, int, int, str, bool]


class KnownFolder:
    """What is known of the files that lie in one folder itself, and what is noted of them now."""

    __slots__ = ("_began_ns", "_noted", "now", "rules", "taken")

    def __init__(self, rules: str, noted: tuple[str, dict[str, Facts]], began_ns: int) -> None:
        """Begin to read the folder.

        Args:
            rules: Identity of the rules that say what of it travels.
            noted: The same of the reading before, and its facts by name.
            began_ns: When the whole reading began.
        """
        rules_before, self._noted = noted
        self.rules = rules
        #: Names of files that are known to travel, whatever they hold: the very same rules let them.
        self.taken: Collection[str] = self._noted.keys() if rules == rules_before else ()
        self.now: dict[str, Facts] = {}
        self._began_ns = began_ns

    def find(self, name: str, status: os.stat_result) -> Facts | None:
        """Return what is known of a file, if it is still the same.

        Args:
            name: As the system gives it.
            status: What the system says of the file.
        """
        facts = self._noted.get(name)
        if facts is None:
            return None
        inode, size_bytes, mtime_ns, ctime_ns, _, _ = facts
        if (
            status.st_ctime_ns != ctime_ns
            or status.st_mtime_ns != mtime_ns
            or status.st_size != size_bytes
            or status.st_ino != inode
        ):
            return None
        self.now[name] = facts
        return facts

    def note(self, name: str, status: os.stat_result, digest: str, *, is_clean: bool) -> None:
        """Note a file that was read.

        Args:
            name: As the system gives it.
            status: What the system said of the file before it was read.
            digest: Of its bytes.
            is_clean: The search looked at these bytes and found nothing.
        """
        if is_settled(status, self._began_ns):
            stamp = status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
            self.now[name] = (*stamp, digest, is_clean)
        else:
            self.now.pop(name, None)


class KnownFiles:
    """The notes on one folder and all below it. For one reading: `enter` each folder of it, then `save`."""

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
        self._before = _load(self._file)
        self._now: dict[str, KnownFolder] = {}
        self._search = self._before.search if search is None else search
        if self._search != self._before.search:
            self._before = _forget_clean(self._before)
        self._began_ns = time.time_ns()

    def enter(self, prefix: str, rules: str) -> KnownFolder:
        """Begin with one folder.

        Args:
            prefix: Its path from the whole one on, as the system gives it, with a `/` behind; or nothing.
            rules: Identity of the rules that say what of it travels.
        """
        noted = self._before.folders.get(prefix, ("", {}))
        self._now[prefix] = known = KnownFolder(rules, noted, self._began_ns)
        return known

    def note_clean(self, path: str, digest: str) -> None:
        """Note that the search found nothing in the bytes with this digest, which the file at `path` held."""
        folder, slash, name = from_manifest_name(path).rpartition("/")
        known = self._now[folder + slash].now
        if name in known and known[name][4] == digest:
            known[name] = (*known[name][:5], True)

    def save(self) -> None:
        """Keep the notes for the next reading. Where they can not be written, the next one takes longer."""
        now = _Note(self._search, {prefix: (known.rules, known.now) for prefix, known in self._now.items()})
        if now != self._before:
            # As Python keeps its bytecode: read twice as fast as JSON is, and nothing of it is taken apart.
            write_note(self._file, marshal.dumps(tuple(now)))


class _Note(NamedTuple):
    """All that is noted of one folder."""

    search: str | None
    #: By a folder's path, with a `/` behind: identity of its rules, and facts by name.
    folders: dict[str, tuple[str, dict[str, Facts]]]


def is_settled(status: os.stat_result, began_ns: int) -> bool:
    """Would every further change of a file show in the moments of its last one?"""
    is_fine = status.st_ctime_ns % _TICK_NS != 0
    margin_ns = SETTLED_AFTER_FINE_NS if is_fine else SETTLED_AFTER_NS
    return max(status.st_ctime_ns, status.st_mtime_ns) + margin_ns < began_ns


def _forget_clean(note: _Note) -> _Note:
    return _Note(
        note.search,
        {
            prefix: (rules, {name: (*facts[:5], False) for name, facts in known.items()})
            for prefix, (rules, known) in note.folders.items()
        },
    )


def _load(file: Path) -> _Note:
    body = read_note(file)
    # Its checksum was right, so it is what was written.
    return _Note(*marshal.loads(body)) if body else _Note(None, {})  # noqa: S302
