"""A table of metadata, CSV or Excel → rows by file name.

Source: interface sheet `actions.md` §7.4. Unlike there, what is too long is told, not cut off.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from synapse_sdk._internal.units import format_size
from synapse_sdk.plugins.actions.upload.exceptions import ExcelParsingError, ExcelSecurityError


@dataclass(frozen=True, slots=True)
class TableLimits:
    """How large a table may be."""

    file_bytes: int = 10 * 1024**2
    #: Of an Excel file, which is an archive, when it is unpacked.
    unpacked_bytes: int = 30 * 1024**2
    rows: int = 100_000
    columns: int = 300
    #: Letters of a file's name, of a column's name, of a value.
    file_name: int = 255
    column_name: int = 100
    value: int = 1000


LIMITS = TableLimits()
#: What the first column is called.
FILE_NAME_COLUMNS = ("filename", "file_name")
CSV_ENDINGS = frozenset({".csv"})
EXCEL_ENDINGS = frozenset({".xlsx", ".xlsm"})
#: Looked for in the folder, in this order.
DEFAULT_NAMES = ("meta.xlsx", "meta.xls", "meta.csv")


@dataclass
class MetadataTable:
    """What a table says."""

    #: By the file name that a row begins with; values by column. Empty cells are left out.
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    #: File name and reason of each row that can not be used.
    problems: list[tuple[str, str]] = field(default_factory=list)
    #: File names that several rows begin with; `rows` has the first.
    repeated: set[str] = field(default_factory=set)


def read_csv(path: Path, limits: TableLimits = LIMITS) -> MetadataTable:
    """Read a table in CSV.

    Raises:
        ExcelSecurityError: It is larger than one may be.
        ExcelParsingError: It can not be read, or its header is wrong.
    """
    try:
        with _reading(path, limits), path.open(encoding="utf-8-sig", newline="") as stream:
            # How long a value may be is said by `limits`, and told with its row.
            csv.field_size_limit(max(csv.field_size_limit(), limits.file_bytes))
            return _read_rows(path, csv.reader(stream, strict=True), limits)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExcelParsingError(
            f"The metadata {path.name} is no CSV in UTF-8: {error}.",
            {"path": str(path)},
            hint="Save it as CSV in UTF-8, which spreadsheet programs offer beside CSV; or as .xlsx.",
        ) from error


def read_excel(path: Path, limits: TableLimits = LIMITS) -> MetadataTable:
    """Read the first sheet of an Excel table; errors as `read_csv`, and without openpyxl."""
    with _reading(path, limits):
        return _read_rows(path, _iter_excel(path, limits), limits)


@contextmanager
def _reading(path: Path, limits: TableLimits) -> Iterator[None]:
    """Refuse what is too large, and tell in the block what can not be read."""
    try:
        _require_small(path, path.stat().st_size, limits.file_bytes)
        yield
    except OSError as error:
        raise ExcelParsingError(
            f"The metadata {path.name} can not be read: {error.strerror}.", {"path": str(path)}
        ) from error


def _iter_excel(path: Path, limits: TableLimits) -> Iterator[list[str]]:
    try:
        import openpyxl
    except ImportError as error:
        raise ExcelParsingError(
            f"To read {path.name}, openpyxl is needed, and it is not installed here.",
            {"path": str(path)},
            hint="pip install 'synapse-sdk[excel]', or add openpyxl to the plugin's requirements.txt. "
            "Metadata in CSV needs nothing.",
        ) from error
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        _require_small(path, unpacked, limits.unpacked_bytes)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            # How large a sheet says it is may be wrong, and rows beyond would be passed over.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(values_only=True, max_col=limits.columns + 1):
                yield ["" if cell is None else _as_text(cell) for cell in row]
        finally:
            book.close()
    except (ExcelSecurityError, OSError):
        raise
    except Exception as error:
        # Border of foreign code: zlib, zipfile and openpyxl raise a dozen kinds for what is no workbook.
        raise ExcelParsingError(
            f"The metadata {path.name} is no Excel table that can be read: {error}.", {"path": str(path)}
        ) from error


def _as_text(cell: Any) -> str:
    # A whole number that was typed into a table is kept as a fraction there.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _read_rows(path: Path, rows: Iterable[list[str]], limits: TableLimits) -> MetadataTable:
    numbered = enumerate(rows, start=1)
    header = _read_header(path, next(numbered, (1, []))[1], limits)
    table = MetadataTable()
    for number, row in islice(numbered, limits.rows):
        if any(cell.strip() for cell in row):
            _read_row(table, header, number, row, limits)
    if next(numbered, None) is not None:
        raise _too_many(path, "rows", limits.rows)
    return table


def _read_header(path: Path, row: list[str], limits: TableLimits) -> list[str]:
    names = [cell.strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    if len(names) > limits.columns:
        raise _too_many(path, "columns", limits.columns)
    odd = [name for name in names if not name or len(name) > limits.column_name or names.count(name) > 1]
    if len(names) < 2 or names[0].lower() not in FILE_NAME_COLUMNS or odd:
        shown = ", ".join(repr(name[: limits.column_name]) for name in names[:10]) or "nothing"
        raise ExcelParsingError(
            f"The header of the metadata {path.name} is {shown}.",
            {"path": str(path), "header": names[:10], "odd": odd[:10]},
            hint=f"Its first line names the columns: {' or '.join(FILE_NAME_COLUMNS)}, then one or more "
            f"others, each once, with up to {limits.column_name} letters.",
        )
    return names


def _read_row(
    table: MetadataTable, header: list[str], number: int, row: list[str], limits: TableLimits
) -> None:
    name = row[0].strip()
    values = {column: cell for column, cell in zip(header[1:], row[1:], strict=False) if cell != ""}
    long = [column for column, cell in values.items() if len(cell) > limits.value]
    if not name:
        problem = "it names no file"
    elif len(name) > limits.file_name:
        problem = f"its file name has more than {limits.file_name} letters"
    elif name in table.rows:
        table.repeated.add(name)
        return
    elif any(cell.strip() for cell in row[len(header) :]):
        problem = f"it has more cells than the header, which has {len(header)}"
    elif long:
        problem = f"{', '.join(long)}: more than {limits.value} letters"
    else:
        table.rows[name] = values
        return
    table.problems.append((name[: limits.file_name] or f"row {number}", f"row {number}: {problem}"))


def _require_small(path: Path, size_bytes: int, limit_bytes: int) -> None:
    if size_bytes > limit_bytes:
        most = format_size(limit_bytes)
        raise ExcelSecurityError(
            f"The metadata {path.name} has {format_size(size_bytes)}; {most} is the most.",
            {"path": str(path), "found": size_bytes, "limit": limit_bytes},
            hint="Split the upload, or leave out columns that nobody needs.",
        )


def _too_many(path: Path, what: str, limit: int) -> ExcelSecurityError:
    return ExcelSecurityError(
        f"The metadata {path.name} has more than {limit:,} {what}.", {"path": str(path), "limit": limit}
    )
