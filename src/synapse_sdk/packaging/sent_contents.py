"""Which contents a server had when a plugin was last published there, so that it need not be asked for them.

A hint only. The server checks every release that is recorded, and says when it lacks something; then it is
asked.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from synapse_sdk.manifest.notes import note_path, read_note, write_note


class SentContents:
    """The note on one plugin and one server."""

    def __init__(self, cache_folder: Path, url: str, code: str) -> None:
        """Find the note.

        Args:
            cache_folder: Where all notes are; it need not be there.
            url: The server's address.
            code: The plugin's code.
        """
        self._file = note_path(cache_folder / "sent-contents", url.encode(), code.encode())

    def load(self) -> frozenset[str]:
        """Return the digests of these contents; none when nothing is noted."""
        noted = read_note(self._file)
        return frozenset(noted.decode().splitlines()) if noted else frozenset()

    def save(self, digests: Collection[str], *, before: Collection[str]) -> None:
        """Note that the server has these, in place of those that were noted before."""
        if digests != before:
            write_note(self._file, "\n".join(sorted(digests)).encode())
