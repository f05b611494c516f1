"""What a table says of the files: in CSV, in Excel, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synapse_sdk.plugins.actions.upload.exceptions import ExcelParsingError
from synapse_sdk.plugins.actions.upload.metadata import (
    CSV_ENDINGS,
    EXCEL_ENDINGS,
    LIMITS,
    MetadataTable,
    read_csv,
    read_excel,
)
from synapse_sdk.plugins.actions.upload.strategies.base import MetadataStrategy, ValidationResult

Rows = dict[str, dict[str, str]]


class _TableStrategy(MetadataStrategy):
    _read: Callable[[Path], MetadataTable]

    def extract(self, source: Path) -> Rows:
        """Read the table; `problems` and `repeated` tell what of it can not be used."""
        table = self._read(Path(source))
        self.problems, self.repeated = table.problems, table.repeated
        return table.rows

    def validate(self, metadata: Rows) -> ValidationResult:
        """Is each name and each value as long as one may be?"""
        errors = [
            f"{name[: LIMITS.file_name]}: {column} has more than {LIMITS.value} letters"
            for name, row in metadata.items()
            for column, value in row.items()
            if len(str(value)) > LIMITS.value
        ]
        return ValidationResult(not errors, errors)


class CsvMetadataStrategy(_TableStrategy):
    """Reads CSV in UTF-8."""

    _read = staticmethod(read_csv)


class ExcelMetadataStrategy(_TableStrategy):
    """Reads the first sheet of an Excel table. Needs openpyxl."""

    _read = staticmethod(read_excel)


class NoneMetadataStrategy(MetadataStrategy):
    """Reads nothing: the files have no metadata, whatever lies beside them."""

    def extract(self, source: Path) -> Rows:
        """Return no rows."""
        return {}

    def validate(self, metadata: Rows) -> ValidationResult:
        """Return that nothing is wrong."""
        return ValidationResult()


def choose_metadata_strategy(source: Path) -> MetadataStrategy:
    """Return the strategy for a table, by its ending.

    Raises:
        ExcelParsingError: It is neither CSV nor Excel.
    """
    ending = source.suffix.lower()
    if ending in CSV_ENDINGS:
        return CsvMetadataStrategy()
    if ending in EXCEL_ENDINGS:
        return ExcelMetadataStrategy()
    raise ExcelParsingError(
        f"The metadata {source.name} is neither a CSV (.csv) nor an Excel table (.xlsx).",
        {"path": str(source)},
        hint="Open it in a spreadsheet program and save it as .xlsx.",
    )
