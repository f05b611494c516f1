"""What `utils.csv` and `utils.excel` have in common: a table's limits as a model, its rows by file name.

It is the reading that uploads do. Source: interface sheet `actions.md` §7.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk.plugins.actions.upload.exceptions import ExcelParsingError
from synapse_sdk.plugins.actions.upload.metadata import LIMITS, MetadataTable, TableLimits

Rows = dict[str, dict[str, str]]
Read = Callable[[Path, TableLimits], MetadataTable]
#: Rows that an error names itself.
_SHOWN = 5
_MIB = 1024**2


class TableSecurityConfig(BaseModel):
    """How large a table may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_file_size_mb: float = Field(default=LIMITS.file_bytes / _MIB, gt=0)
    max_rows: int = Field(default=LIMITS.rows, ge=1)
    max_columns: int = Field(default=LIMITS.columns, ge=2)
    #: In letters, as the two below.
    max_filename_length: int = Field(default=LIMITS.file_name, ge=1)
    max_column_name_length: int = Field(default=LIMITS.column_name, ge=1)
    max_metadata_value_length: int = Field(default=LIMITS.value, ge=1)

    def to_limits(self) -> TableLimits:
        """Return the same for whoever reads."""
        return TableLimits(
            file_bytes=int(self.max_file_size_mb * _MIB),
            rows=self.max_rows,
            columns=self.max_columns,
            file_name=self.max_filename_length,
            column_name=self.max_column_name_length,
            value=self.max_metadata_value_length,
        )


def load_rows(path: str | Path, read: Read, limits: TableLimits) -> Rows:
    """Return values by column, by the file name that a row begins with; all rows, or an error.

    Raises:
        ExcelParsingError: It can not be read, its header is wrong, or a row can not be used.
        ExcelSecurityError: It is larger than one may be.
    """
    file = Path(path)
    table = read(file, limits)
    problems = [f"{name} ({reason})" for name, reason in table.problems]
    problems += [f"{name} (it is there more than once)" for name in sorted(table.repeated)]
    if problems:
        shown = "; ".join(problems[:_SHOWN]) + (" …" if len(problems) > _SHOWN else "")
        raise ExcelParsingError(
            f"{len(problems)} of the rows of {file.name} can not be used: {shown}.",
            {"path": str(file), "rows": problems},
        )
    return table.rows


def describe_path(value: Any) -> str:
    """Return a path as text, for `json.JSONEncoder.default`.

    Raises:
        TypeError: It is none.
    """
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")


def find_row(rows: Mapping[str, dict[str, str]], name: str) -> dict[str, str]:
    """Return the row of a file: by its whole name, else by its stem; an empty one where there is none."""
    return rows.get(name) or rows.get(Path(name).stem) or {}
