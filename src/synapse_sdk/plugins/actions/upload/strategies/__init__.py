"""Strategies of an upload: what each step leaves to the plugin, and what the SDK does without one."""

from __future__ import annotations

from synapse_sdk.plugins.actions.upload.strategies.base import (
    DataUnitStrategy,
    FileDiscoveryStrategy,
    MetadataStrategy,
    UploadConfig,
    UploadStrategy,
    ValidationResult,
    ValidationStrategy,
)
from synapse_sdk.plugins.actions.upload.strategies.data_unit import (
    BatchDataUnitStrategy,
    SingleDataUnitStrategy,
    get_batched_list,
)
from synapse_sdk.plugins.actions.upload.strategies.file_discovery import (
    EXCLUDED_DIRS,
    EXCLUDED_FILES,
    TRANSFORMED_STEM_PATTERN,
    FlatFileDiscoveryStrategy,
    RecursiveFileDiscoveryStrategy,
    extract_origin_stem,
    find_metadata_for_transformed_file,
)
from synapse_sdk.plugins.actions.upload.strategies.metadata import (
    CsvMetadataStrategy,
    ExcelMetadataStrategy,
    NoneMetadataStrategy,
)
from synapse_sdk.plugins.actions.upload.strategies.upload_strategy import (
    SyncUploadStrategy,
)
from synapse_sdk.plugins.actions.upload.strategies.validation import (
    DefaultValidationStrategy,
)

__all__ = [
    "EXCLUDED_DIRS",
    "EXCLUDED_FILES",
    "TRANSFORMED_STEM_PATTERN",
    "BatchDataUnitStrategy",
    "CsvMetadataStrategy",
    "DataUnitStrategy",
    "DefaultValidationStrategy",
    "ExcelMetadataStrategy",
    "FileDiscoveryStrategy",
    "FlatFileDiscoveryStrategy",
    "MetadataStrategy",
    "NoneMetadataStrategy",
    "RecursiveFileDiscoveryStrategy",
    "SingleDataUnitStrategy",
    "SyncUploadStrategy",
    "UploadConfig",
    "UploadStrategy",
    "ValidationResult",
    "ValidationStrategy",
    "extract_origin_stem",
    "find_metadata_for_transformed_file",
    "get_batched_list",
]
