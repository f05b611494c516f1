"""Tables of metadata in CSV, UTF-8.

Source: interface sheet `core.md`, Appendix A.4; `actions.md` §7.4. Unlike there, what is too long is told and
not cut, and a row that can not be used is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synapse_sdk.plugins.actions.upload.exceptions import ExcelParsingError, ExcelSecurityError
from synapse_sdk.plugins.actions.upload.metadata import read_csv
from synapse_sdk.plugins.actions.upload.table_config import TableSecurityConfig
from synapse_sdk.utils.metadata_tables import Rows, find_row, load_rows

__all__ = [
    "CsvMetadataUtils",
    "CsvParsingError",
    "CsvSecurityConfig",
    "CsvSecurityError",
    "load_csv_metadata",
    "validate_csv_file_security",
]


class CsvParsingError(ExcelParsingError):
    """A table in CSV can not be read, its header is wrong, or a row can not be used."""


class CsvSecurityError(ExcelSecurityError):
    """A table in CSV is larger than one may be. `details`: path, limit, found."""


class CsvSecurityConfig(TableSecurityConfig):
    """How large a table in CSV may be."""


def validate_csv_file_security(file_path: str | Path, config: CsvSecurityConfig | None = None) -> None:
    """Refuse a table that is larger than one may be, or can not be read.

    Raises:
        CsvSecurityError: It is larger.
        CsvParsingError: It can not be read.
    """
    with _told():
        read_csv(Path(file_path), (config or CsvSecurityConfig()).to_limits())


def load_csv_metadata(file_path: str | Path, config: CsvSecurityConfig | None = None) -> Rows:
    """Return values by column, by the file name that a row begins with.

    Raises:
        CsvSecurityError: It is larger than one may be.
        CsvParsingError: It can not be read, its header is wrong, or a row can not be used.
    """
    with _told():
        return load_rows(file_path, read_csv, (config or CsvSecurityConfig()).to_limits())


class CsvMetadataUtils:
    """The same functions, with limits of one's own."""

    def __init__(self, config: CsvSecurityConfig | None = None) -> None:
        self.config = config or CsvSecurityConfig()

    def validate(self, file_path: str | Path) -> None:
        """See `validate_csv_file_security`."""
        validate_csv_file_security(file_path, self.config)

    def load(self, file_path: str | Path) -> Rows:
        """See `load_csv_metadata`."""
        return load_csv_metadata(file_path, self.config)

    @staticmethod
    def get_metadata_for_file(rows: Rows, file_name: str) -> dict[str, str]:
        """Return the row of a file: by its whole name, else by its stem; an empty one where there is none."""
        return find_row(rows, file_name)


@contextmanager
def _told() -> Iterator[None]:
    """Raise as the errors of CSV what uploads raise for every table."""
    try:
        yield
    except (CsvParsingError, CsvSecurityError):
        raise
    except ExcelParsingError as error:
        raise CsvParsingError(error.message, error.details, hint=error.hint) from error
    except ExcelSecurityError as error:
        raise CsvSecurityError(error.message, error.details, hint=error.hint) from error
