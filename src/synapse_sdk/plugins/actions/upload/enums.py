"""How a file's import can end, and why.

Source: interface sheet `actions.md` §7.5.
"""

from __future__ import annotations

from enum import StrEnum


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
