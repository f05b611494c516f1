"""What a plugin's last release on a server held, so that the next one need only say what is different.

A hint only. The server checks every release that is recorded, and says when it lacks something; then it gets
all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.manifest.notes import note_path, read_note, write_note

#: A line is a digest, then mode, size and path.
_DIGEST_LENGTH = len("sha256:") + 64


class Difference(NamedTuple):
    """What makes one manifest of another."""

    #: Digest of the release that the other one is of.
    base: str
    #: Files that the other one has not, or has otherwise.
    changed: tuple[ManifestFile, ...]
    #: Paths that only the other one has.
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentRelease:
    """A release that a server had."""

    digest: str
    #: Its files, a line each.
    lines: frozenset[str]

    def list_digests(self) -> frozenset[str]:
        """Return the digests of its contents."""
        return frozenset(line[:_DIGEST_LENGTH] for line in self.lines)

    def compare(self, files: Iterable[ManifestFile]) -> Difference:
        """Say how files are different from its own."""
        by_line = {_write(file): file for file in files}
        changed = tuple(file for line, file in by_line.items() if line not in self.lines)
        paths = {file.path for file in changed}
        gone = (_path_of(line) for line in self.lines - by_line.keys())
        return Difference(self.digest, changed, tuple(sorted(path for path in gone if path not in paths)))


class SentReleases:
    """The note on one plugin and one server."""

    def __init__(self, cache_folder: Path, url: str, code: str) -> None:
        """Find the note.

        Args:
            cache_folder: Where all notes are; it need not be there.
            url: The server's address.
            code: The plugin's code.
        """
        self._file = note_path(cache_folder / "sent-releases", url.encode(), code.encode())

    def load(self) -> SentRelease | None:
        """Return the last release that is noted."""
        noted = read_note(self._file)
        if not noted:
            return None
        digest, *lines = noted.decode().split("\n")
        return SentRelease(digest, frozenset(lines))

    def save(self, digest: str, files: Iterable[ManifestFile]) -> None:
        """Note a release in place of the one before."""
        write_note(self._file, "\n".join([digest, *map(_write, files)]).encode())


def _write(file: ManifestFile) -> str:
    # No path of a manifest holds the end of a line.
    path, mode, size_bytes, digest = file
    return f"{digest} {mode:o} {size_bytes} {path}"


def _path_of(line: str) -> str:
    return line.split(" ", 3)[3]
