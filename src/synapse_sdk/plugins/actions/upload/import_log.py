"""What became of each file: nothing that was found is left out.

A file is opened here when it is found, and closed once, with how it ended. What is still open when the upload
ends has failed, too, and its entry says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode, ImportStatus
from synapse_sdk.plugins.actions.upload.models import ImportResultEntry

#: Lost files that a result names.
LOST_FILES_LOG_LIMIT: Final = 100


@dataclass
class ImportLog:
    """The entries of one upload, in the order in which they ended."""

    request_id: str | None = None
    entries: list[ImportResultEntry] = field(default_factory=list)
    #: Found and not ended: place in the folder by the file's path.
    _open: dict[Path, str] = field(default_factory=dict)
    _ended: dict[Path, str] = field(default_factory=dict)

    def found(self, path: Path, place: str) -> None:
        """Note a file.

        Args:
            path: Where it lies.
            place: What it is called in entries: the specification's name and its path from there on.
        """
        self._open[path] = place

    def place_of(self, path: Path) -> str:
        """Return what a file is called; one that was not found, such as a step made, is found with it."""
        place = self._open.get(path) or self._ended.get(path)
        if place is None:
            place = f"{path.parent.name}/{path.name}"
            self.found(path, place)
        return place

    def succeed(self, path: Path, *, checksum: str | None, data_unit_id: int | None) -> None:
        """Say that a file is part of a data unit."""
        self._end(path, ImportStatus.SUCCESS, None, None, checksum=checksum, data_unit_id=data_unit_id)

    def skip(self, path: Path, code: ImportFailureCode | None, reason: str) -> None:
        """Say that there was nothing to be done with a file."""
        self._end(path, ImportStatus.SKIPPED, code, reason)

    def fail(self, paths: Path | Iterable[Path], code: ImportFailureCode, reason: str) -> int:
        """Say that files were not imported; those that have ended before stay as they are.

        Returns:
            How many had not.
        """
        open_paths = [path for path in ([paths] if isinstance(paths, Path) else paths) if path in self._open]
        for path in open_paths:
            self._end(path, ImportStatus.FAILED, code, reason)
        return len(open_paths)

    def fail_row(self, name: str, reason: str) -> None:
        """Say that a row of metadata was of no use."""
        self.entries.append(
            ImportResultEntry(
                import_request_id=self.request_id,
                original_file_name=name,
                import_status=ImportStatus.FAILED,
                failure_reason_code=ImportFailureCode.INVALID_METADATA,
                failure_reason_detail=reason,
                processed_at=datetime.now(UTC),
            )
        )

    def skip_open(self, reason: str) -> None:
        """Say of what nobody ended that there was nothing to be done with it."""
        for path in list(self._open):
            self.skip(path, None, reason)

    def close(self) -> None:
        """Fail what nobody ended."""
        self.fail(list(self._open), ImportFailureCode.UNKNOWN_ERROR, "the upload ended before its turn came")

    def count(self, status: ImportStatus) -> int:
        """Return how many entries ended so."""
        return sum(entry.import_status == status for entry in self.entries)

    def list_failures(self) -> list[ImportResultEntry]:
        """Return the entries of what was not imported."""
        return [entry for entry in self.entries if entry.import_status == ImportStatus.FAILED]

    def _end(
        self,
        path: Path,
        status: ImportStatus,
        code: ImportFailureCode | None,
        reason: str | None,
        *,
        checksum: str | None = None,
        data_unit_id: int | None = None,
    ) -> None:
        place = self._open.pop(path, None)
        if place is None:  # a file that a step of the plugin put into two groups ends with the first
            return
        self._ended[path] = place
        try:
            size_bytes = path.lstat().st_size
        except OSError:
            size_bytes = None
        self.entries.append(
            ImportResultEntry(
                import_request_id=self.request_id,
                original_file_name=place,
                import_status=status,
                failure_reason_code=code,
                failure_reason_detail=reason,
                processed_at=datetime.now(UTC),
                file_path=place,
                file_size=size_bytes,
                checksum=checksum,
                data_unit_id=data_unit_id,
            )
        )
