"""Is a folder still what its manifest says?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk._internal.units import count_of
from synapse_sdk.workspace.errors import name_some
from synapse_sdk.workspace.folder_listing import list_folder
from synapse_sdk.workspace.manifest import Item, OnProgress, hash_files


@dataclass(frozen=True, slots=True)
class Verification:
    """What differs, by path; and the manifest with the times that the files have now."""

    changed: list[str]
    missing: list[str]
    added: list[str]
    items: list[Item]
    read_count: int  # files whose times did not settle the question

    @property
    def is_as_registered(self) -> bool:
        return not (self.changed or self.missing or self.added)

    def __str__(self) -> str:
        parts = (
            (self.changed, "has other contents", "have other contents"),
            (self.missing, "is missing", "are missing"),
            (self.added, "is new", "are new"),
        )
        return "; ".join(
            f"{count_of(len(paths), 'file')} {one if len(paths) == 1 else many} ({name_some(paths)})"
            for paths, one, many in parts
            if paths
        )


def verify_folder(
    root: Path, items: Sequence[Item], *, with_hidden: bool, on_progress: OnProgress | None = None
) -> Verification:
    """Compare the folder `root` with a manifest. Reads only files whose size or times are not those noted."""
    listing = list_folder(root, with_hidden=with_hidden)
    found_by_path = {file.path: file for file in listing.files}
    known_paths = {item.path for item in items}
    present = [item for item in items if item.path in found_by_path]

    changed = [item.path for item in present if item.size_bytes != found_by_path[item.path].size_bytes]
    settled = {item.path for item in present if item.looks_like(found_by_path[item.path])}.union(changed)
    unsettled = [found_by_path[item.path] for item in present if item.path not in settled]
    total_bytes = sum(file.size_bytes for file in unsettled)
    read = hash_files(root, unsettled, total_bytes=total_bytes, on_progress=on_progress)
    read_by_path = {item.path: item for item in read}
    changed += [
        item.path
        for item in present
        if item.path in read_by_path and read_by_path[item.path].digest != item.digest
    ]
    return Verification(
        changed=sorted(changed),
        missing=[item.path for item in items if item.path not in found_by_path],
        added=sorted(path for path in (*found_by_path, *listing.problem_by_path) if path not in known_paths),
        items=[read_by_path.get(item.path, item) for item in items],
        read_count=len(unsettled),
    )
