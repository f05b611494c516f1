"""The address of a server that may move while a program speaks to it."""

from __future__ import annotations

from pathlib import Path


class ServerAddress:
    """An address in a file, which somebody else may replace; read again whenever the file has changed.

    A worker outlives its agent and its server. The agent that comes after them knows where the server is now,
    and writes it there.
    """

    def __init__(self, file: Path, first: str) -> None:
        """Speak to `first` for as long as `file` is not there or empty."""
        self._file = file
        self._url = first.rstrip("/")
        self._seen_ns = 0

    def __repr__(self) -> str:
        return f"ServerAddress({self._url!r})"

    def __str__(self) -> str:
        return self.current()

    def current(self) -> str:
        """Return the address as it is now. Costs a look at the file's date."""
        try:
            changed_ns = self._file.stat().st_mtime_ns
            if changed_ns != self._seen_ns:
                self._url = self._file.read_text().strip().rstrip("/") or self._url
                self._seen_ns = changed_ns
        except FileNotFoundError:
            pass  # nobody has said anything else
        return self._url
