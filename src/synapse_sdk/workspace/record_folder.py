"""Numbered records, each a folder: whole or absent, and no number is ever given twice."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from synapse_sdk._internal.atomic_write import atomic_write, temporary_sibling
from synapse_sdk.storage.copying import sync_folder
from synapse_sdk.storage.partials import remove_abandoned_partials
from synapse_sdk.wire.base import WireModel
from synapse_sdk.workspace.errors import WorkspaceError

Record = TypeVar("Record", bound=WireModel)


class RecordFolder:
    """Records in the folders `1`, `2`, `3`, … of `root`.

    A writer prepares a draft, reads what is there, writes into the draft what follows from that under the
    next number, and publishes. If another process took the number meanwhile, `publish` says so and the writer
    looks again: whatever it decided (a version number, a name that is still free) holds for the latest state.
    Published records are never removed, so a number is never given again.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def numbers(self) -> list[int]:
        """Return the numbers of all records, in order. An absent folder has none."""
        try:
            names = [entry.name for entry in self._root.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def path(self, number: int) -> Path:
        """Return where the record of this number is, or would be."""
        return self._root / str(number)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Make a private folder to prepare a record in. What is not published is removed in the end."""
        self._root.mkdir(exist_ok=True)
        remove_abandoned_partials(self._root)
        draft = temporary_sibling(self._root, label="record")
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def publish(self, draft: Path, number: int) -> bool:
        """Make a whole draft visible under `number`; answer False if that is taken."""
        for folder, _, _ in os.walk(draft):
            sync_folder(Path(folder))
        try:
            # The one step that decides between two processes: a folder can not be renamed over a filled one.
            draft.rename(self.path(number))
        except OSError as exc:
            if exc.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return False
            raise
        sync_folder(self._root)
        return True


def write_record(path: Path, record: WireModel) -> None:
    """Put a record's file at `path`, whole."""
    atomic_write(path, record.model_dump_json(indent=2).encode() + b"\n")


def load_record(path: Path, kind: type[Record]) -> Record:
    """Read a record's file.

    Raises:
        WorkspaceError: It is gone, or is not what we wrote.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise WorkspaceError(
            f"{path} can not be read: {reason}.",
            {"path": str(path)},
            hint=f"Something other than Synapse changed it. Put it back, or move {path.parent} away.",
        ) from exc
