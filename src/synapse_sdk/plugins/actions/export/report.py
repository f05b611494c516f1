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
#: What is exported, in a spreadsheet's words.
SOURCE_TYPE_LABELS_KO: Final = {"assignment": "작업 배정", "ground_truth": "정답 데이터", "task": "작업"}
#: Why an item is not whole, in a few words; `find_reason_code` tells them apart.
REASON_LABELS_KO: Final = {
    "no_data": "라벨 데이터가 없음",
    "no_address": "파일 주소가 없음",
    "name_taken": "같은 이름의 파일이 이미 있음",
    "broke_off": "내려받는 중 연결이 끊김",
    "not_found": "서버에 파일이 없음",
    "exporter": "내보내기 코드가 항목을 돌려주지 않음",
    "other": "그 밖의 사유",
}
#: What lies behind an item that is whole and has no original.
BACKGROUND_REASONS_KO: Final = {"no_original": "원본 파일이 없는 항목"}
CSV_HEADER: Final = ("항목 ID", "파일", "출력", "대상", "결과", "사유", "상세")
_REASONS: Final = (
    ("no_data", "has no data"),
    ("no_address", "names no address"),
    ("name_taken", "is there already"),
    ("broke_off", "broke off"),
    ("not_found", "404: "),
    ("exporter", "process_file_saving() returned|hooks returned no item"),
)
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
            "files": [_as_record(entry) for entry in self.files],
        }
        (folder / JSON_FILE_NAME).write_bytes(encode_json(document, indent=2))
        # With a mark at its beginning, by which spreadsheets know that it is UTF-8.
        with (folder / CSV_FILE_NAME).open(
            "w", encoding="utf-8-sig", errors="backslashreplace", newline=""
        ) as stream:
            writer = csv.writer(stream)
            writer.writerow(CSV_HEADER)
            target = str(summary.get("target") or "")
            source = SOURCE_TYPE_LABELS_KO.get(target, target)
            writer.writerows(_as_row(entry, source) for entry in self.files)


def find_reason_code(reason: str | None) -> str | None:
    """Return which of `REASON_LABELS_KO` a reason is; None for an item without one."""
    if not reason:
        return None
    found = (code for code, words in _REASONS if any(part in reason for part in words.split("|")))
    return next(found, "other")


def _as_record(entry: ReportFile) -> dict[str, Any]:
    return {**asdict(entry), "reason_code": find_reason_code(entry.reason)}


def _label_reason(entry: ReportFile) -> str:
    if entry.outcome == "not_applicable":
        return BACKGROUND_REASONS_KO["no_original"]
    code = find_reason_code(entry.reason)
    return "" if code is None else REASON_LABELS_KO[code]


def _as_row(entry: ReportFile, source: str) -> list[str]:
    cells = (
        entry.item_id,
        entry.original_name,
        entry.output_stem,
        source,
        OUTCOME_LABELS_KO[entry.outcome],
        _label_reason(entry),
        entry.reason,
    )
    return [_as_plain_text("" if cell is None else str(cell)) for cell in cells]


def _as_plain_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
