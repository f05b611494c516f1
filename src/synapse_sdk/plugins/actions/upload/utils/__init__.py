"""Checksums and groups, under the names that plugins from elsewhere import."""

from synapse_sdk.plugins.actions.upload.utils.checksum import (
    calculate_checksums_parallel,
    deduplicate_by_checksum,
    filter_existing_checksums,
    verify_checksums_batch,
)
from synapse_sdk.plugins.actions.upload.utils.groups import apply_group_name, normalize_groups

__all__ = [
    "apply_group_name",
    "calculate_checksums_parallel",
    "deduplicate_by_checksum",
    "filter_existing_checksums",
    "normalize_groups",
    "verify_checksums_batch",
]
