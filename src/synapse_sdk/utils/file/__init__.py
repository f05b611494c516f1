"""Checksums of files, and requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
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
        "HashAlgorithm": "checksum",
        "calculate_checksum": "checksum",
        "calculate_checksum_from_bytes": "checksum",
        "calculate_checksum_from_file_object": "checksum",
        "read_requirements": "requirements",
        "verify_checksum": "checksum",
    },
)
