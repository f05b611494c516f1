"""Which files a folder has, and which of them make one data unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.discovery import EXCLUDED_DIRS, EXCLUDED_FILES, FoundFile, find_files
from synapse_sdk.plugins.actions.upload.grouping import Group, group_files
from synapse_sdk.plugins.actions.upload.metadata_match import (
    TRANSFORMED_STEM_PATTERN,
    extract_origin_stem,
    find_metadata_for_transformed_file,
    match_metadata,
)
from synapse_sdk.plugins.actions.upload.specifications import FileSpecification
from synapse_sdk.plugins.actions.upload.strategies.base import FileDiscoveryStrategy

__all__ = [
    "EXCLUDED_DIRS",
    "EXCLUDED_FILES",
    "TRANSFORMED_STEM_PATTERN",
    "FlatFileDiscoveryStrategy",
    "RecursiveFileDiscoveryStrategy",
    "extract_origin_stem",
    "find_metadata_for_transformed_file",
]


class RecursiveFileDiscoveryStrategy(FileDiscoveryStrategy):
    """Looks into sub-folders, too, where that is asked for. A file is its path in its folder."""

    def discover(self, path: Path, recursive: bool = True) -> list[Path]:
        """Return the files of a folder, in order, without those of the operating system's.

        Raises:
            OSError: The folder, or one in it, can not be listed.
        """
        found = find_files(path, is_recursive=recursive, root=self.root, without=self.without)
        self.listed = list(found)
        return [file.path for file in self.listed if file.left_out is None]

    def organize(
        self,
        files: list[Path],
        specs: list[dict[str, Any]],
        metadata: dict[str, dict[str, str]],
        type_dirs: dict[str, Path],
    ) -> list[dict[str, Any]]:
        """Put files together by their path in their folder, without the ending."""
        specifications = [FileSpecification.model_validate(spec) for spec in specs]
        groups, unfit = group_files(specifications, _sort_into(type_dirs, files))
        self.unfit = [([file.path for file in left.files], left.problem) for left in unfit]
        values, self.unmatched = match_metadata(groups, metadata, self.repeated_rows)
        unclear = {group.key for row in self.unmatched for group in row.groups}
        return [
            _describe(specifications, group, values.get(group.key, {}))
            for group in groups
            if group.key not in unclear
        ]


class FlatFileDiscoveryStrategy(RecursiveFileDiscoveryStrategy):
    """Takes the files that lie in the folder itself, whatever is asked for."""

    def discover(self, path: Path, recursive: bool = False) -> list[Path]:
        """Return the files of a folder, in order, without those of its sub-folders."""
        return super().discover(path, recursive=False)


def _sort_into(type_dirs: Mapping[str, Path], files: list[Path]) -> dict[str, list[FoundFile]]:
    """Return files by the folder that they lie in: the innermost, where one lies in another."""
    names = {folder: name for name, folder in type_dirs.items()}
    found: dict[str, list[FoundFile]] = {name: [] for name in type_dirs}
    for path in files:
        folder = next((parent for parent in path.parents if parent in names), None)
        if folder is not None:  # the step tells of what lies in none
            found[names[folder]].append(FoundFile(path, path.relative_to(folder).as_posix()))
    return found


def _describe(
    specifications: list[FileSpecification], group: Group, metadata: Mapping[str, str]
) -> dict[str, Any]:
    primaries = [spec.name for spec in specifications if spec.is_primary and spec.name in group.files]
    primary = group.files[primaries[0] if primaries else next(iter(group.files))]
    return {
        "files": {name: file.path for name, file in group.files.items()},
        "meta": {
            "origin_file_stem": primary.path.stem,
            "origin_file_extension": primary.path.suffix,
            "created_at": datetime.now(UTC).isoformat(),
            "data_unit_key": group.key,
            **metadata,
        },
    }
