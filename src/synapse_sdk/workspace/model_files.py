"""A model's bytes on their way into a workspace and out of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk._internal.atomic_write import temporary_sibling
from synapse_sdk.storage.blobs import Blob, BlobStore
from synapse_sdk.storage.copying import copy_file
from synapse_sdk.storage.errors import explain_disk_errors
from synapse_sdk.workspace.errors import WorkspaceError
from synapse_sdk.workspace.folder_listing import Listing, list_folder
from synapse_sdk.workspace.manifest import Item, manifest_digest, write_manifest
from synapse_sdk.workspace.records import Model


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """What was copied."""

    name: str
    is_folder: bool
    item_count: int
    digest: str
    size_bytes: int


def measure(source: Path) -> int:
    """Return the bytes of a file, or of all files in a folder.

    Raises:
        WorkspaceError: It holds nothing, or what can not be kept.
    """
    return _list_model_folder(source).size_bytes if source.is_dir() else source.stat().st_size


def keep_files(source: Path, record: Path, *, blobs_root: Path) -> KeptFiles:
    """Store a file or folder as blobs and show it as `files/<its name>` in the folder `record`, read-only."""
    blobs = BlobStore(blobs_root)
    name = source.resolve().name if source.name in ("", "..") else source.name
    shown = record / "files" / name
    if not source.is_dir():
        blob = _keep_file(source, shown, blobs)
        return KeptFiles(name, False, 1, blob.digest, blob.size_bytes)
    items = []
    for file in _list_model_folder(source).files:
        blob = _keep_file(source / file.path, shown / file.path, blobs)
        # Without times: a model is read whole each time that it is used.
        items.append(Item(file.path, blob.size_bytes, blob.digest))
    write_manifest(record / "manifest.jsonl", items)
    size_bytes = sum(item.size_bytes for item in items)
    return KeptFiles(name, True, len(items), manifest_digest(items), size_bytes)


def export_files(source: Path, destination: Path, model: Model, *, overwrite: bool) -> Path:
    """Copy a model's file or folder out; return where it is. Arguments are those of `ModelStore.export`."""
    target = destination / model.filename if destination.is_dir() else destination
    if not target.parent.is_dir():
        raise WorkspaceError(
            f"There is no folder {target.parent.absolute()} to put the model in.",
            {"path": str(target.parent.absolute())},
        )
    if target.exists() or target.is_symlink():
        _refuse_occupied(target, model, overwrite=overwrite)
    elsewhere = "choose another destination"
    with explain_disk_errors(target.parent.absolute(), needed_bytes=model.size_bytes, elsewhere=elsewhere):
        beside = temporary_sibling(target.parent, label="export")
        try:
            copy = beside / "new"
            if model.is_folder:
                shutil.copytree(source, copy, copy_function=_copy_writable)
            else:
                _copy_writable(source, copy)
            _put_in_place(copy, target, replaced=beside / "old")
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return target


def _list_model_folder(folder: Path) -> Listing:
    listing = list_folder(folder, with_hidden=True)
    listing.require_usable(folder)
    if not listing.files:
        raise WorkspaceError(
            f"The folder {folder.absolute()} holds no files; there is nothing to keep as a model.",
            {"path": str(folder.absolute())},
        )
    return listing


def _keep_file(source: Path, shown: Path, blobs: BlobStore) -> Blob:
    blob = blobs.put_file(source)
    shown.parent.mkdir(parents=True, exist_ok=True)
    kept = blobs.get(blob.digest)
    try:
        shown.hardlink_to(kept)
    except OSError:
        # Not every file system links, and each has a limit of links to one file. A copy only takes more room.
        copy_file(kept, shown, mode=0o444)
    return blob


def _put_in_place(copy: Path, target: Path, *, replaced: Path) -> None:
    if target.is_symlink() or not target.is_dir():
        copy.replace(target)
        return
    # A folder can not be replaced in one step.
    target.rename(replaced)
    try:
        copy.rename(target)
    except BaseException:
        replaced.rename(target)
        raise


def _copy_writable(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    copy_file(Path(source), Path(target), mode=0o666)


def _refuse_occupied(target: Path, model: Model, *, overwrite: bool) -> None:
    details = {"path": str(target.absolute()), "model_id": model.id}
    if not overwrite:
        raise WorkspaceError(
            f"{target.absolute()} exists already; nothing was written.",
            details,
            hint="Choose another destination, or add --force to replace it.",
        )
    if target.is_dir() != model.is_folder:
        kinds = ("folder", "file") if target.is_dir() else ("file", "folder")
        raise WorkspaceError(
            f"{target.absolute()} is a {kinds[0]}, and {model.label} is a {kinds[1]}; nothing was written.",
            details,
            hint="Choose another destination.",
        )
