"""Tables of metadata in Excel. The reading needs openpyxl: `synapse-sdk[excel]`.

Source: interface sheet `core.md`, Appendix A.4; `actions.md` §7.4. Unlike there, what is too long is told and
not cut, and a row that can not be used is an error.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.exceptions import ExcelParsingError, ExcelSecurityError
from synapse_sdk.plugins.actions.upload.metadata import read_excel
from synapse_sdk.plugins.actions.upload.table_config import ExcelSecurityConfig
from synapse_sdk.utils.metadata_tables import Rows, describe_path, find_row, load_rows

__all__ = [
    "ExcelMetadataUtils",
    "ExcelParsingError",
    "ExcelSecurityConfig",
    "ExcelSecurityError",
    "PathAwareJSONEncoder",
    "load_excel_metadata",
    "validate_excel_file_security",
]


class PathAwareJSONEncoder(json.JSONEncoder):
    """Writes paths as text: `json.dumps(value, cls=PathAwareJSONEncoder)`."""

    def default(self, o: Any) -> Any:
        """Return what JSON has for a path."""
        return describe_path(o)


def validate_excel_file_security(file_path: str | Path, config: ExcelSecurityConfig | None = None) -> None:
    """Refuse a table that is larger than one may be, or can not be read.

    Raises:
        ExcelSecurityError: It is larger.
        ExcelParsingError: It can not be read, or openpyxl is not installed.
    """
    read_excel(Path(file_path), (config or ExcelSecurityConfig()).to_limits())


def load_excel_metadata(file_path: str | Path, config: ExcelSecurityConfig | None = None) -> Rows:
    """Return values by column, by the file name that a row begins with: of the first sheet.

    Raises:
        ExcelSecurityError: It is larger than one may be.
        ExcelParsingError: It can not be read, its header is wrong, or a row can not be used.
    """
    return load_rows(file_path, read_excel, (config or ExcelSecurityConfig()).to_limits())


class ExcelMetadataUtils:
    """The same functions, with limits of one's own."""

    def __init__(self, config: ExcelSecurityConfig | None = None) -> None:
        self.config = config or ExcelSecurityConfig()

    def validate(self, file_path: str | Path) -> None:
        """See `validate_excel_file_security`."""
        validate_excel_file_security(file_path, self.config)

    def load(self, file_path: str | Path) -> Rows:
        """See `load_excel_metadata`."""
        return load_excel_metadata(file_path, self.config)

    @staticmethod
    def get_metadata_for_file(rows: Rows, file_name: str) -> dict[str, str]:
        """Return the row of a file: by its whole name, else by its stem; an empty one where there is none."""
        return find_row(rows, file_name)
