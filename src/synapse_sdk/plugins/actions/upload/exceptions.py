"""What can be wrong with an upload. All of them are `ExecutionError`s.

Source: interface sheet `core.md`, Appendix A.
"""

from __future__ import annotations

from synapse_sdk.plugins.errors import ExecutionError


class UploadError(ExecutionError):
    """An upload can not go on."""


class FileUploadError(UploadError):
    """A file's bytes did not arrive."""


class FileValidationError(UploadError):
    """A file may not be uploaded."""


class FileProcessingError(UploadError):
    """A file can not be read."""


class ExcelParsingError(UploadError):
    """A metadata file can not be read, or its header is wrong."""


class ExcelSecurityError(UploadError):
    """A metadata file is larger than one may be. `details`: path, limit, found."""
