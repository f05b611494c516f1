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

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "AnalyzeCollectionStep": "steps",
        "AssetConfig": "models",
        "BaseUploadAction": "action",
        "CleanupStep": "steps",
        "DefaultUploadAction": "action",
        "ExcelParsingError": "exceptions",
        "ExcelSecurityError": "exceptions",
        "FileProcessingError": "exceptions",
        "FileUploadError": "exceptions",
        "FileValidationError": "exceptions",
        "GenerateDataUnitsStep": "steps",
        "ImportFailureCode": "enums",
        "ImportStatus": "enums",
        "InitializeStep": "steps",
        "OrganizeFilesStep": "steps",
        "ProcessMetadataStep": "steps",
        "UploadContext": "context",
        "UploadError": "exceptions",
        "UploadFilesStep": "steps",
        "UploadLogMessageCode": "log_messages",
        "UploadParams": "models",
        "UploadProgressCategories": "action",
        "UploadResult": "action",
        "UploadStatus": "enums",
        "VALIDATION_ERROR_MESSAGES": "enums",
        "ValidateFilesStep": "steps",
        "ValidationErrorCode": "enums",
    },
)
