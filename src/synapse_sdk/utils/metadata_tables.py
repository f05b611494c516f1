"""What `utils.csv` and `utils.excel` have in common: a table's rows by file name.

It is the reading that uploads do. Source: interface sheet `actions.md` §7.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.exceptions import ExcelParsingError
from synapse_sdk.plugins.actions.upload.metadata import MetadataTable, TableLimits

Rows = dict[str, dict[str, str]]
Read = Callable[[Path, TableLimits], MetadataTable]
#: Rows that an error names itself.
_SHOWN = 5


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
    return rows[name] if name in rows else rows.get(Path(name).stem, {})
