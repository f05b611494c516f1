"""What a plugin's last release on a server held, so that the next one need only say what is different.

A hint only. The server checks every release that is recorded, and says when it lacks something; then it gets
all of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.manifest.notes import note_path, read_note, write_note

#: Another one for every change of what is noted.
_FORMAT = b"2"
#: Where the digest stands in a file's line.
_DIGEST = slice(len('{"digest":"'), len('{"digest":"sha256:') + 64)


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
    #: Its files, each as `manifest.write_files` writes it.
    written: frozenset[str]

    def list_digests(self) -> frozenset[str]:
        """Return the digests of its contents."""
        return frozenset([line[_DIGEST] for line in self.written])

    def compare(self, files: Sequence[ManifestFile], written: Sequence[str]) -> Difference:
        """Say how files are different from its own.

        Args:
            files: The files.
            written: The same, each as `manifest.write_files` writes it.
        """
        changed = tuple(file for file, line in zip(files, written, strict=True) if line not in self.written)
        paths = {file.path for file in changed}
        gone = (json.loads(line)["path"] for line in self.written.difference(written))
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
        self._file = note_path(cache_folder / "sent-releases", _FORMAT, url.encode(), code.encode())

    def load(self) -> SentRelease | None:
        """Return the last release that is noted."""
        noted = read_note(self._file)
        if not noted:
            return None
        digest, *lines = noted.decode().split("\n")
        return SentRelease(digest, frozenset(lines))

    def save(self, digest: str, written: Iterable[str]) -> None:
        """Note a release in place of the one before; its files as `manifest.write_files` writes them."""
        write_note(self._file, "\n".join([digest, *written]).encode())
