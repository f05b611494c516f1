"""Checksums of files, under the names that plugins from elsewhere import. All are SHA-1, hexadecimal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.exceptions import FileProcessingError
from synapse_sdk.plugins.actions.upload.transfer import compute_checksums


def calculate_checksums_parallel(paths: Iterable[Path], max_workers: int = 10) -> dict[Path, str]:
    """Return the checksum of each file.

    Args:
        paths: The files.
        max_workers: How many are read at once.

    Raises:
        FileProcessingError: Some can not be read; `details["problems"]` has each.
    """
    checksums = compute_checksums(paths, max_workers=max_workers, on_done=lambda: None)
    if checksums.problems:
        problems = {str(path): problem.reason for path, problem in checksums.problems.items()}
        path, reason = next(iter(problems.items()))
        raise FileProcessingError(
            f"{len(problems)} files have no checksum; {path}: {reason}.", {"problems": problems}
        )
    return checksums.found


def deduplicate_by_checksum(checksums: Mapping[Path, str]) -> tuple[dict[Path, str], dict[Path, Path]]:
    """Return the first file of each checksum with it; and for each other file the one that it equals."""
    first: dict[str, Path] = {}
    same_as = {
        path: first[checksum]
        for path, checksum in checksums.items()
        if first.setdefault(checksum, path) != path
    }
    return {path: checksum for checksum, path in first.items()}, same_as


def verify_checksums_batch(client: Any, checksums: Sequence[str], batch_size: int = 1000) -> set[str]:
    """Return those of the checksums whose contents the server has, asking for so many at once.

    Raises:
        ClientError: The server does not answer.
    """
    wanted, found = list(dict.fromkeys(checksums)), set[str]()
    for start in range(0, len(wanted), batch_size):
        answer = client.verify_data_files_checksums(wanted[start : start + batch_size])
        found.update(answer.get("existing_checksums", []))
    return found


def filter_existing_checksums(
    client: Any, checksums: Mapping[Path, str], batch_size: int = 1000
) -> tuple[dict[Path, str], dict[Path, str]]:
    """Return the files whose contents the server lacks, and those whose contents it has.

    Raises:
        ClientError: The server does not answer.
    """
    existing = verify_checksums_batch(client, list(checksums.values()), batch_size)
    there = {path: checksum for path, checksum in checksums.items() if checksum in existing}
    return {path: checksum for path, checksum in checksums.items() if path not in there}, there
