"""Files: checksums, archives, requirements. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.utils.file.archive import ArchiveFilter as ArchiveFilter
    from synapse_sdk.utils.file.archive import ProgressCallback as ProgressCallback
    from synapse_sdk.utils.file.archive import create_archive as create_archive
    from synapse_sdk.utils.file.archive import create_archive_from_git as create_archive_from_git
    from synapse_sdk.utils.file.archive import extract_archive as extract_archive
    from synapse_sdk.utils.file.archive import get_archive_size as get_archive_size
    from synapse_sdk.utils.file.archive import list_archive_contents as list_archive_contents
    from synapse_sdk.utils.file.checksum import HashAlgorithm as HashAlgorithm
    from synapse_sdk.utils.file.checksum import calculate_checksum as calculate_checksum
    from synapse_sdk.utils.file.checksum import calculate_checksum_from_bytes as calculate_checksum_from_bytes
    from synapse_sdk.utils.file.checksum import (
        calculate_checksum_from_file_object as calculate_checksum_from_file_object,
    )
    from synapse_sdk.utils.file.checksum import verify_checksum as verify_checksum
    from synapse_sdk.utils.file.requirements import read_requirements as read_requirements

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ArchiveFilter": "archive",
        "ProgressCallback": "archive",
        "create_archive": "archive",
        "create_archive_from_git": "archive",
        "extract_archive": "archive",
        "get_archive_size": "archive",
        "list_archive_contents": "archive",
        "HashAlgorithm": "checksum",
        "calculate_checksum": "checksum",
        "calculate_checksum_from_bytes": "checksum",
        "calculate_checksum_from_file_object": "checksum",
        "read_requirements": "requirements",
        "verify_checksum": "checksum",
    },
)
