"""`ExportReport`: what became of every item, for people (CSV) and for programs (JSON).

Source: interface sheet `actions.md` §6.3.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from synapse_sdk.plugins.actions.export.json_file import encode_json

SCHEMA_VERSION: Final = 2
JSON_FILE_NAME: Final = "export_report.json"
CSV_FILE_NAME: Final = "export_report.csv"
#: How an item can end: all is there; the labels are, the original is not; there was no original; it failed.
OUTCOMES: Final = ("ok", "partial_skip", "not_applicable", "failed")
OUTCOME_LABELS_KO: Final = {
    "ok": "정상",
    "partial_skip": "부분 누락",
    "not_applicable": "해당 없음",
    "failed": "실패",
}
CSV_HEADER: Final = ("항목 ID", "파일", "출력", "결과", "사유")
#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What became of one item."""

    item_id: int | None
    original_name: str
    output_stem: str
    outcome: str
    reason: str | None = None


@dataclass
class ExportReport:
    """Grows by one entry for each item."""

    files: list[ReportFile] = field(default_factory=list)

    def add(self, entry: ReportFile) -> None:
        """Add what became of one item."""
        self.files.append(entry)

    def count(self) -> dict[str, int]:
        """Return how many items ended in which way."""
        return {outcome: sum(entry.outcome == outcome for entry in self.files) for outcome in OUTCOMES}

    def write(self, folder: Path, summary: dict[str, Any]) -> None:
        """Write both files into `folder`."""
        document = {
            "schema_version": SCHEMA_VERSION,
            "summary": {**summary, "outcomes": self.count()},
            "files": [asdict(entry) for entry in self.files],
        }
        (folder / JSON_FILE_NAME).write_bytes(encode_json(document, indent=2))
        # With a mark at its beginning, by which spreadsheets know that it is UTF-8.
        with (folder / CSV_FILE_NAME).open(
            "w", encoding="utf-8-sig", errors="backslashreplace", newline=""
        ) as stream:
            writer = csv.writer(stream)
            writer.writerow(CSV_HEADER)
            writer.writerows(_as_row(entry) for entry in self.files)


def _as_row(entry: ReportFile) -> list[str]:
    cells = (
        entry.item_id,
        entry.original_name,
        entry.output_stem,
        OUTCOME_LABELS_KO[entry.outcome],
        entry.reason,
    )
    return [_as_plain_text("" if cell is None else str(cell)) for cell in cells]


def _as_plain_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
