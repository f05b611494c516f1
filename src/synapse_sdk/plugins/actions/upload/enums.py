"""How a file's import can end, and why.

Source: interface sheet `actions.md` §7.5.
"""

from __future__ import annotations

from enum import StrEnum

#: The step that makes data units.
GENERATE_DATA_UNITS_STEP = "generate_data_units"


class UploadStatus(StrEnum):
    """How the bytes of a file fared."""

    SUCCESS = "success"
    FAILED = "failed"


class ImportStatus(StrEnum):
    """How a file's import ended."""

    SUCCESS = "success"
    #: Nothing was to be done: the same is there, or it is a file of the operating system's.
    SKIPPED = "skipped"
    FAILED = "failed"


class ValidationErrorCode(StrEnum):
    """What is wrong with the params of an upload: the `type` of pydantic's problem."""

    #: There as a name; here params are taken without a server, and its steps ask for what they name.
    MISSING_CONTEXT = "missing_context"
    STORAGE_NOT_FOUND = "storage_not_found"
    DATA_COLLECTION_NOT_FOUND = "data_collection_not_found"
    PROJECT_NOT_FOUND = "project_not_found"
    MISSING_PATH = "missing_path"
    MISSING_ASSETS = "missing_assets"


VALIDATION_ERROR_MESSAGES: dict[ValidationErrorCode, str] = {
    ValidationErrorCode.MISSING_CONTEXT: "there is no server to ask",
    ValidationErrorCode.STORAGE_NOT_FOUND: "the server has no such storage",
    ValidationErrorCode.DATA_COLLECTION_NOT_FOUND: "the server has no such data collection",
    ValidationErrorCode.PROJECT_NOT_FOUND: "the server has no such project",
    ValidationErrorCode.MISSING_PATH: "path is needed unless use_single_path is false",
    ValidationErrorCode.MISSING_ASSETS: "assets are needed when use_single_path is false",
}


class ImportFailureCode(StrEnum):
    """Why a file was not imported."""

    DUPLICATE_FILE = "DUPLICATE_FILE"
    FILE_LOCKED = "FILE_LOCKED"
    FILE_CORRUPTED = "FILE_CORRUPTED"
    UNSUPPORTED_EXTENSION = "UNSUPPORTED_EXTENSION"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    MISSING_REQUIRED_DATA = "MISSING_REQUIRED_DATA"
    VFR_VALIDATION_FAILED = "VFR_VALIDATION_FAILED"
    UNSAFE_CONTENT = "UNSAFE_CONTENT"
    INVALID_METADATA = "INVALID_METADATA"
    INVALID_LABEL = "INVALID_LABEL"
    UPLOAD_FAILED = "UPLOAD_FAILED"
    DATA_UNIT_CREATION_FAILED = "DATA_UNIT_CREATION_FAILED"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"


#: What each code says where nothing more is known.
IMPORT_FAILURE_MESSAGES: dict[ImportFailureCode, str] = {
    ImportFailureCode.DUPLICATE_FILE: "the same is there already",
    ImportFailureCode.FILE_LOCKED: "it can not be read",
    ImportFailureCode.FILE_CORRUPTED: "it is empty or damaged",
    ImportFailureCode.UNSUPPORTED_EXTENSION: "files with this ending are not taken",
    ImportFailureCode.FILE_TOO_LARGE: "it is too large",
    ImportFailureCode.MISSING_REQUIRED_DATA: "a required file of its data unit is not there",
    ImportFailureCode.VFR_VALIDATION_FAILED: "the time between its pictures varies",
    ImportFailureCode.UNSAFE_CONTENT: "it may do harm",
    ImportFailureCode.INVALID_METADATA: "its metadata is not clear",
    ImportFailureCode.INVALID_LABEL: "its labels do not fit",
    ImportFailureCode.UPLOAD_FAILED: "it did not arrive",
    ImportFailureCode.DATA_UNIT_CREATION_FAILED: "the server made no data unit of it",
    ImportFailureCode.UNKNOWN_ERROR: "something went wrong",
}
