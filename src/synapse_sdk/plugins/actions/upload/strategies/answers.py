"""What a plugin's strategy answered, held against what it may answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.exceptions import UploadError


def require_groups(groups: list[dict[str, Any]], specifications: Collection[str]) -> list[dict[str, Any]]:
    """Return what `FileDiscoveryStrategy.organize` answered, with paths where it has them as text.

    Raises:
        UploadError: A group has no files or no meta, or a file of no specification.
    """
    return [_require_group(group, number, specifications) for number, group in enumerate(groups, start=1)]


def _require_group(group: Any, number: int, specifications: Collection[str]) -> dict[str, Any]:
    for part in ("files", "meta"):
        if not isinstance(group, Mapping) or not isinstance(group.get(part), Mapping):
            raise UploadError(
                f"Group {number} of the plugin's file discovery has no {part}.",
                {"group": number, "missing": part},
                hint="Each is {'files': {specification: Path}, 'meta': {…}}.",
            )
    if unknown := sorted(map(str, group["files"].keys() - set(specifications))):
        raise UploadError(
            f"Group {number} of the plugin's file discovery has files for {', '.join(unknown)}, "
            "which the collection does not take.",
            {"group": number, "unknown": unknown, "allowed": list(specifications)},
            hint=f"It takes {', '.join(specifications)}.",
        )
    return {**group, "files": {name: Path(path) for name, path in group["files"].items()}}


def require_same_files(group: Mapping[str, Any], paths: Mapping[str, Path]) -> None:
    """Refuse a group that arrived with other files than it left with: a data unit would lack one unseen.

    Raises:
        UploadError: It has fewer, or others.
    """
    if (arrived := group.get("files", {}).keys()) != paths.keys():
        raise UploadError(
            f"The upload strategy returned a group with files for {', '.join(arrived) or 'nothing'}; "
            f"it was given {', '.join(paths)}.",
            {"returned": sorted(arrived), "given": sorted(paths)},
            hint="Return files as {specification: {checksum, path}}, or leave the group out.",
        )
