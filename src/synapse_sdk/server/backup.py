"""A data folder, copied while its server runs, and put back.

```text
<backup>/
├── backup.json     what it holds, of which version
├── format
├── db/synapse.db   one moment of the database
├── blobs/…         every content that this moment names, and perhaps newer ones
├── packs/…         the small ones of them
├── jobs/…          logs
└── storages/…      files of the storages that the server keeps itself
```

The database is copied first: contents are written before the rows that name them, so all that the copied rows
name is there when the blobs are copied. What only runs here (the agent's folder, uploads) is not part of it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from synapse_sdk._internal.atomic_write import atomic_write, temporary_sibling
from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._version import __version__
from synapse_sdk.server.data_folder import FORMAT, DataFolder
from synapse_sdk.server.db.copying import copy_database
from synapse_sdk.storage.copying import copy_file
from synapse_sdk.storage.errors import explain_disk_errors
from synapse_sdk.storage.pack import PackError
from synapse_sdk.storage.pack_folder import check_pack_file

#: Called with (files done, files in all).
Progress = Callable[[int, int], None]
_COPIED = ("blobs", "packs", "jobs", "storages")

_GOOD_COPY = "Put a good copy of it there, from an older backup for instance."


class BackupError(SynapseError):
    """A backup can not be made or used."""


def write_backup(folder: DataFolder, destination: Path, *, on_progress: Progress) -> dict[str, Any]:
    """Copy a data folder to `destination`, which must not exist; it appears when it is complete.

    Returns:
        What backup.json says.

    Raises:
        BackupError: There is no data folder, or the destination is there.
        DiskFullError: There is no room. Nothing stays behind.
    """
    if not folder.database.is_file():
        raise BackupError(f"{folder.root} is no data folder of a server.", {"folder": str(folder.root)})
    _require_absent(destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    with explain_disk_errors(destination.parent, needed_bytes=_size_of(folder.root)):
        partial = temporary_sibling(destination.parent, label=destination.name)
        try:
            (partial / "db").mkdir()
            copy_database(folder.database, partial / "db/synapse.db")
            count, size_bytes = _copy_files(folder.root, partial, on_progress)
            facts = {
                "format": FORMAT,
                "version": __version__,
                "created_at": iso_z(utc_now()),
                "file_count": count,
                "size_bytes": size_bytes,
            }
            atomic_write(partial / "format", f"{FORMAT}\n".encode())
            atomic_write(partial / "backup.json", json.dumps(facts, indent=2).encode() + b"\n")
            partial.rename(destination)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return facts


def restore_backup(backup: Path, folder: DataFolder, *, on_progress: Progress) -> dict[str, Any]:
    """Make a data folder from a backup. Every content is compared with its digest, the database is checked.

    Raises:
        BackupError: `backup` is none, is damaged or of a newer format; or the data folder is there.
        DiskFullError: There is no room. Nothing stays behind.
    """
    facts = _read_facts(backup)
    _require_absent(folder.root)
    folder.root.parent.mkdir(parents=True, exist_ok=True)
    with explain_disk_errors(folder.root.parent, needed_bytes=facts["size_bytes"]):
        partial = temporary_sibling(folder.root.parent, label=folder.root.name)
        try:
            (partial / "db").mkdir()
            shutil.copyfile(backup / "db/synapse.db", partial / "db/synapse.db")
            _check_database(partial / "db/synapse.db")
            _copy_files(backup, partial, on_progress)
            atomic_write(partial / "format", f"{facts['format']}\n".encode())
            if folder.root.is_dir():
                folder.root.rmdir()  # empty, as was seen
            partial.rename(folder.root)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return facts


def _size_of(root: Path) -> int:
    return sum(file.stat().st_size for file in _iter_files(root))


def _read_facts(backup: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((backup / "backup.json").read_bytes())
    except (OSError, ValueError) as error:
        raise BackupError(
            f"{backup} is no backup of a Synapse server: backup.json can not be read.", {"path": str(backup)}
        ) from error
    if facts.get("format", FORMAT + 1) > FORMAT:
        raise BackupError(
            f"{backup} has the format {facts.get('format')}; this server reads up to {FORMAT}.",
            {"path": str(backup), "format": facts.get("format")},
            hint="It was made by a newer server. Upgrade synapse-sdk.",
        )
    return facts


def _require_absent(path: Path) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise BackupError(
            f"{path} is there already, and is left as it is.",
            {"path": str(path)},
            hint="Choose another place.",
        )


def _check_database(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise BackupError(f"The backup's database is damaged: {found}.", {"found": found})


def _copy_files(source: Path, target: Path, on_progress: Progress) -> tuple[int, int]:
    files = list(_iter_files(source))
    total_bytes = 0
    for done, file in enumerate(files, 1):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        digest, size_bytes = copy_file(file, copy, mode=file.stat().st_mode & 0o777)
        if copy.is_relative_to(target / "blobs"):
            _check_blob(file, digest)
        elif copy.is_relative_to(target / "packs"):
            _check_pack(file, copy)
        total_bytes += size_bytes
        on_progress(done, len(files))
    return len(files), total_bytes


def _check_blob(file: Path, digest: str) -> None:
    named = f"sha256:{file.parent.name}{file.name}"
    if digest != named:
        raise BackupError(
            f"{file} is damaged: it holds other contents than its name says.",
            {"path": str(file), "expected": named, "found": digest},
            hint=_GOOD_COPY,
        )


def _check_pack(file: Path, copy: Path) -> None:
    try:
        check_pack_file(copy)
    except PackError as error:
        raise BackupError(
            f"{file} is damaged: {error.message}", {"path": str(file), **error.details}, hint=_GOOD_COPY
        ) from error


def _iter_files(root: Path) -> Iterator[Path]:
    for name in _COPIED:
        for file in sorted((root / name).rglob("*")):
            if file.is_file() and not file.name.endswith(".partial"):
                yield file
