"""Copies of datasets and models on this machine, found by digest: made once, checked before each use.

```text
<cache>/datasets/<digest>/manifest.jsonl   files with their times, so that the next check need not read them
<cache>/datasets/<digest>/files/…          what the version holds
<cache>/models/<digest>/<filename>         the model's file or folder
```

Several processes may use one cache. A copy appears whole; one that was changed is set aside and made again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synapse_sdk._internal.atomic_write import temporary_sibling
from synapse_sdk._internal.digests import digest_file
from synapse_sdk.storage.copying import copy_file
from synapse_sdk.storage.errors import StorageError, explain_disk_errors
from synapse_sdk.storage.partials import remove_abandoned_partials
from synapse_sdk.workspace.errors import WorkspaceError
from synapse_sdk.workspace.folder_listing import list_folder
from synapse_sdk.workspace.manifest import (
    Item,
    hash_files,
    load_manifest,
    manifest_digest,
    write_manifest,
)
from synapse_sdk.workspace.verification import verify_folder

#: Writes the files of a manifest into a folder.
Fetch = Callable[[list[Item], Path], None]


class LocalCopies:
    """The cache of one workspace."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def get_dataset(self, digest: str, size_bytes: int, load: Callable[[], list[Item]], fetch: Fetch) -> Path:
        """Return a folder that holds exactly a dataset version.

        Args:
            digest: Of its manifest.
            size_bytes: How much room it takes.
            load: Returns its manifest; called when there is no good copy.
            fetch: Writes its files.

        Raises:
            StorageError: What was fetched is not what the digest names.
            DiskFullError: There is no room.
        """
        folder = self._root / "datasets" / _name(digest)
        if not self._is_good_dataset(folder):
            with self._partial("datasets", size_bytes) as partial:
                items = load()
                _require_digest(manifest_digest(items), digest)
                files = partial / "files"
                files.mkdir()
                fetch(items, files)
                self._write_manifest(partial, items)
                self._replace(partial, folder)
        return folder / "files"

    def keep_model(self, source: Path, size_bytes: int) -> tuple[Path, list[Item], str]:
        """Copy a file or folder, as it is now; return the copy, its manifest and the model's digest."""
        name = source.resolve().name if source.name in ("", "..") else source.name
        with self._partial("models", size_bytes) as partial:
            copy = partial / name
            if source.is_dir():
                listing = list_folder(source, with_hidden=True)
                items = [_copy_item(source, copy, file.path) for file in listing.files]
                digest = manifest_digest(items)
            else:
                digest, copied_bytes = copy_file(source, copy, mode=0o444)
                items = [Item(name, copied_bytes, digest)]
            return self._put_model(copy, digest), items, digest

    def get_model(
        self,
        digest: str,
        filename: str,
        *,
        is_folder: bool,
        size_bytes: int,
        load: Callable[[], list[Item]],
        fetch: Fetch,
    ) -> Path:
        """Return a file or folder that is exactly a model; all of it is read to make sure.

        Args:
            digest: Of the file, or of the folder's manifest.
            filename: Name of the file or folder.
            is_folder: Which of both it is.
            size_bytes: How much room it takes.
            load: Returns its manifest; called when there is no good copy.
            fetch: Writes its files.

        Raises:
            StorageError: What was fetched is not what the digest names.
            DiskFullError: There is no room.
        """
        target = self._root / "models" / _name(digest) / require_name(filename)
        if _is_good_model(target, digest, is_folder=is_folder):
            return target
        with self._partial("models", size_bytes) as partial:
            items = load()
            copy = partial / filename
            if is_folder:
                copy.mkdir()
            fetch(items, copy if is_folder else partial)
            if not _is_good_model(copy, digest, is_folder=is_folder):
                raise StorageError(f"What came for {digest} is something else.", {"digest": digest})
            return self._put_model(copy, digest)

    def _is_good_dataset(self, folder: Path) -> bool:
        try:
            items = load_manifest(folder / "manifest.jsonl")
            verification = verify_folder(folder / "files", items, with_hidden=True)
        except (OSError, WorkspaceError):
            return False
        if verification.is_as_registered and verification.read_count:
            # Only hints: where they can not be written, the next use reads these files again.
            with suppress(OSError):
                write_manifest(folder / "manifest.jsonl", verification.items)
        return verification.is_as_registered

    def _write_manifest(self, partial: Path, items: list[Item]) -> None:
        listing = list_folder(partial / "files", with_hidden=True)
        time_by_path = {file.path: file for file in listing.files}
        # Contents were checked on their way; the times are those of files that nobody else knows yet.
        timed = [
            Item(
                item.path,
                item.size_bytes,
                item.digest,
                time_by_path[item.path].mtime_ns,
                time_by_path[item.path].ctime_ns,
            )
            for item in items
        ]
        write_manifest(partial / "manifest.jsonl", timed)

    def _put_model(self, copy: Path, digest: str) -> Path:
        target = self._root / "models" / _name(digest) / copy.name
        target.parent.mkdir(exist_ok=True)
        if not _is_good_model(target, digest, is_folder=copy.is_dir()):
            self._replace(copy, target)
        return target

    def _replace(self, partial: Path, target: Path) -> None:
        with self._partial("damaged", 0) as aside:
            with suppress(FileNotFoundError):
                target.rename(aside / "old")
            try:
                partial.rename(target)
            except OSError:
                # Another process was faster; what it put there is checked by whoever uses it.
                if not target.exists():
                    raise

    @contextmanager
    def _partial(self, kind: str, size_bytes: int) -> Iterator[Path]:
        folder = self._root / kind
        elsewhere = "choose another folder for the cache"
        with explain_disk_errors(self._root, needed_bytes=size_bytes, elsewhere=elsewhere):
            folder.mkdir(parents=True, exist_ok=True)
            remove_abandoned_partials(folder)
            partial = temporary_sibling(folder, label="copy")
            try:
                yield partial
            finally:
                shutil.rmtree(partial, ignore_errors=True)


def _is_good_model(path: Path, digest: str, *, is_folder: bool) -> bool:
    try:
        if not is_folder:
            return path.is_file() and digest_file(path)[0] == digest
        if not path.is_dir():
            return False
        listing = list_folder(path, with_hidden=True)
        items = hash_files(path, listing.files, total_bytes=listing.size_bytes)
        return not listing.problem_by_path and manifest_digest(items) == digest
    except (OSError, WorkspaceError):
        return False


def _copy_item(source: Path, target: Path, path: str) -> Item:
    copy = target / path
    copy.parent.mkdir(parents=True, exist_ok=True)
    digest, size_bytes = copy_file(source / path, copy, mode=0o444)
    return Item(path, size_bytes, digest)


def _require_digest(found: str, wanted: str) -> None:
    if found != wanted:
        raise StorageError(
            f"The server's manifest has the digest {found}, not {wanted}.",
            {"found": found, "expected": wanted},
        )


def require_name(filename: str) -> str:
    """Return the name of a model's file, as a server tells it.

    Raises:
        StorageError: It is more than a name.
    """
    if filename in ("", ".", "..") or "/" in filename or "\0" in filename or os.sep in filename:
        raise StorageError(f"The server names a model's file {filename!r}.", {"filename": filename})
    return filename


def _name(digest: str) -> str:
    return digest.removeprefix("sha256:")
