"""Upload: a folder's files into a data collection, in groups, with metadata, and an entry for each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.upload.action import BaseUploadAction as BaseUploadAction
    from synapse_sdk.plugins.actions.upload.action import DefaultUploadAction as DefaultUploadAction
    from synapse_sdk.plugins.actions.upload.action import UploadProgressCategories as UploadProgressCategories
    from synapse_sdk.plugins.actions.upload.action import UploadResult as UploadResult
    from synapse_sdk.plugins.actions.upload.context import UploadContext as UploadContext
    from synapse_sdk.plugins.actions.upload.enums import (
        VALIDATION_ERROR_MESSAGES as VALIDATION_ERROR_MESSAGES,
    )
    from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode as ImportFailureCode
    from synapse_sdk.plugins.actions.upload.enums import ImportStatus as ImportStatus
    from synapse_sdk.plugins.actions.upload.enums import UploadStatus as UploadStatus
    from synapse_sdk.plugins.actions.upload.enums import ValidationErrorCode as ValidationErrorCode
    from synapse_sdk.plugins.actions.upload.exceptions import ExcelParsingError as ExcelParsingError
    from synapse_sdk.plugins.actions.upload.exceptions import ExcelSecurityError as ExcelSecurityError
    from synapse_sdk.plugins.actions.upload.exceptions import FileProcessingError as FileProcessingError
    from synapse_sdk.plugins.actions.upload.exceptions import FileUploadError as FileUploadError
    from synapse_sdk.plugins.actions.upload.exceptions import FileValidationError as FileValidationError
    from synapse_sdk.plugins.actions.upload.exceptions import UploadError as UploadError
    from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode as UploadLogMessageCode
    from synapse_sdk.plugins.actions.upload.models import AssetConfig as AssetConfig
    from synapse_sdk.plugins.actions.upload.models import UploadParams as UploadParams
    from synapse_sdk.plugins.actions.upload.steps import AnalyzeCollectionStep as AnalyzeCollectionStep
    from synapse_sdk.plugins.actions.upload.steps import CleanupStep as CleanupStep
    from synapse_sdk.plugins.actions.upload.steps import GenerateDataUnitsStep as GenerateDataUnitsStep
    from synapse_sdk.plugins.actions.upload.steps import InitializeStep as InitializeStep
    from synapse_sdk.plugins.actions.upload.steps import OrganizeFilesStep as OrganizeFilesStep
    from synapse_sdk.plugins.actions.upload.steps import ProcessMetadataStep as ProcessMetadataStep
    from synapse_sdk.plugins.actions.upload.steps import UploadFilesStep as UploadFilesStep
    from synapse_sdk.plugins.actions.upload.steps import ValidateFilesStep as ValidateFilesStep
    from synapse_sdk.plugins.actions.upload.strategies import BatchDataUnitStrategy as BatchDataUnitStrategy
    from synapse_sdk.plugins.actions.upload.strategies import DataUnitStrategy as DataUnitStrategy
    from synapse_sdk.plugins.actions.upload.strategies import (
        DefaultValidationStrategy as DefaultValidationStrategy,
    )
    from synapse_sdk.plugins.actions.upload.strategies import ExcelMetadataStrategy as ExcelMetadataStrategy
    from synapse_sdk.plugins.actions.upload.strategies import FileDiscoveryStrategy as FileDiscoveryStrategy
    from synapse_sdk.plugins.actions.upload.strategies import (
        FlatFileDiscoveryStrategy as FlatFileDiscoveryStrategy,
    )
    from synapse_sdk.plugins.actions.upload.strategies import MetadataStrategy as MetadataStrategy
    from synapse_sdk.plugins.actions.upload.strategies import NoneMetadataStrategy as NoneMetadataStrategy
    from synapse_sdk.plugins.actions.upload.strategies import (
        RecursiveFileDiscoveryStrategy as RecursiveFileDiscoveryStrategy,
    )
    from synapse_sdk.plugins.actions.upload.strategies import SingleDataUnitStrategy as SingleDataUnitStrategy
    from synapse_sdk.plugins.actions.upload.strategies import SyncUploadStrategy as SyncUploadStrategy
    from synapse_sdk.plugins.actions.upload.strategies import UploadConfig as UploadConfig
    from synapse_sdk.plugins.actions.upload.strategies import UploadStrategy as UploadStrategy
    from synapse_sdk.plugins.actions.upload.strategies import ValidationResult as ValidationResult
    from synapse_sdk.plugins.actions.upload.strategies import ValidationStrategy as ValidationStrategy
    from synapse_sdk.plugins.actions.upload.table_config import ExcelSecurityConfig as ExcelSecurityConfig
    from synapse_sdk.plugins.enums import LogLevel as LogLevel

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ExcelSecurityConfig": "table_config",
        "AnalyzeCollectionStep": "steps",
        "AssetConfig": "models",
        "BaseUploadAction": "action",
        "BatchDataUnitStrategy": "strategies",
        "CleanupStep": "steps",
        "DataUnitStrategy": "strategies",
        "DefaultUploadAction": "action",
        "DefaultValidationStrategy": "strategies",
        "ExcelMetadataStrategy": "strategies",
        "ExcelParsingError": "exceptions",
        "ExcelSecurityError": "exceptions",
        "FileDiscoveryStrategy": "strategies",
        "FileProcessingError": "exceptions",
        "FileUploadError": "exceptions",
        "FileValidationError": "exceptions",
        "FlatFileDiscoveryStrategy": "strategies",
        "GenerateDataUnitsStep": "steps",
        "ImportFailureCode": "enums",
        "ImportStatus": "enums",
        "InitializeStep": "steps",
        "LogLevel": "..enums",
        "MetadataStrategy": "strategies",
        "NoneMetadataStrategy": "strategies",
        "OrganizeFilesStep": "steps",
        "ProcessMetadataStep": "steps",
        "RecursiveFileDiscoveryStrategy": "strategies",
        "SingleDataUnitStrategy": "strategies",
        "SyncUploadStrategy": "strategies",
        "UploadConfig": "strategies",
        "UploadContext": "context",
        "UploadError": "exceptions",
        "UploadFilesStep": "steps",
        "UploadLogMessageCode": "log_messages",
        "UploadParams": "models",
        "UploadProgressCategories": "action",
        "UploadResult": "action",
        "UploadStatus": "enums",
        "UploadStrategy": "strategies",
        "VALIDATION_ERROR_MESSAGES": "enums",
        "ValidateFilesStep": "steps",
        "ValidationErrorCode": "enums",
        "ValidationResult": "strategies",
        "ValidationStrategy": "strategies",
    },
)
