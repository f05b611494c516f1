"""The server's data folder: where everything lies, and which format it has.

```text
<data folder>/
├── format            version of this layout; a newer one is refused
├── server.json       address and pid of the server that runs on it
├── db/synapse.db     SQLite, write-ahead log beside it
├── blobs/sha256/…    large contents, by digest
├── packs/            small contents, many in a file; the database says which lies where
├── uploads/          contents on their way in
├── jobs/<id>/<n>/    logs of attempts, as far as they have arrived
├── storages/<id>/    files of the storages that the server keeps itself
└── agent/            work folder of the embedded agent
```
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.errors import SynapseError

FORMAT = 1


class DataFolderError(SynapseError):
    """The data folder can not be used."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths inside one data folder."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "db" / "synapse.db"

    @property
    def blobs(self) -> Path:
        """Folder of the blob store."""
        return self.root / "blobs"

    @property
    def packs(self) -> Path:
        """Folder of the packs."""
        return self.root / "packs"

    @property
    def uploads(self) -> Path:
        """Contents that are not complete yet."""
        return self.root / "uploads"

    @property
    def jobs(self) -> Path:
        """Logs, by job and attempt."""
        return self.root / "jobs"

    @property
    def agent(self) -> Path:
        """Work folder of the embedded agent."""
        return self.root / "agent"

    @property
    def server_file(self) -> Path:
        """Where the running server says how it can be reached."""
        return self.root / "server.json"

    def prepare(self) -> None:
        """Make what is missing; private to this user.

        Raises:
            DataFolderError: The folder is of a newer format, or holds something else.
        """
        marker = self.root / "format"
        if marker.is_file():
            self._check_format(marker)
        elif self.root.is_dir() and any(entry.name != ".lock" for entry in self.root.iterdir()):
            raise DataFolderError(
                f"{self.root} is not empty and is no data folder of a Synapse server.",
                {"folder": str(self.root)},
                hint="Choose an empty folder, or one that a server has made.",
            )
        for folder in (self.root, self.database.parent, self.blobs, self.uploads, self.jobs, self.agent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not marker.is_file():
            atomic_write(marker, f"{FORMAT}\n".encode())

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the folder for one server; the kernel lets go of it when the process ends.

        Raises:
            DataFolderError: Another server runs on it.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataFolderError(
                    f"Another server runs on {self.root}.",
                    {"folder": str(self.root)},
                    hint=f"See: synapse server status --data-dir {self.root}",
                ) from None
            yield
        finally:
            os.close(descriptor)

    def is_claimed(self) -> bool:
        """Does a server run on this folder?"""
        try:
            descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _check_format(self, marker: Path) -> None:
        found = marker.read_text(encoding="utf-8").strip()
        if not (found.isascii() and found.isdigit()) or int(found) > FORMAT:
            raise DataFolderError(
                f"{self.root} has the format {found!r}; this server reads up to {FORMAT}.",
                {"folder": str(self.root), "format": found, "known": FORMAT},
                hint="It was written by a newer server. Upgrade synapse-sdk, or restore an older backup.",
            )
