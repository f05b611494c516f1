"""The entries of an upload, as events: for whoever uploaded, and for those who run the server.

Source: interface sheet `actions.md` §7.2, §7.5.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from synapse_sdk.plugins.actions._served import is_rehearsal
from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.exceptions import UploadError

#: Entries of one event.
_BATCH = 500
_USER_FIELDS = {
    "import_request_id",
    "original_file_name",
    "import_status",
    "failure_reason_code",
    "failure_reason_detail",
    "processed_at",
}
#: Failures that an error names itself; the events have all.
_SHOWN = 5
#: Failures in an error's details.
_LISTED = 100
_EVENTS: Final = "import_result events name every file and its reason."
_UPLOADED: Final = (
    "The others are on the server: upload what failed by itself, for everything again would make their data "
    f"units a second time. The job's {_EVENTS}"
)
_REHEARSED: Final = f"Nothing was sent; these would fail in an upload, too. The run's {_EVENTS}"


def report_imports(context: UploadContext) -> None:
    """Send the entries, those of what nobody ended among them; a second call sends nothing."""
    if context.has_reported:
        return
    context.has_reported = True
    context.import_log.close()
    entries = context.import_log.entries
    context.lost_files = [entry.file_path for entry in context.import_log.list_failures() if entry.file_path]
    for start in range(0, len(entries), _BATCH):
        batch = entries[start : start + _BATCH]
        told = [entry.model_dump(mode="json", include=_USER_FIELDS) for entry in batch]
        context.log("import_result", {"entries": told})
        context.log("import_result_admin", {"entries": [entry.model_dump(mode="json") for entry in batch]})


def find_failure(context: UploadContext, result: dict[str, Any]) -> UploadError | None:
    """Return the error of an upload that is not whole; None for one that is."""
    failures = context.import_log.list_failures()
    if not failures:
        return None
    shown = "; ".join(
        f"{entry.original_file_name}: {entry.failure_reason_detail}" for entry in failures[:_SHOWN]
    )
    more = "; …" if len(failures) > _SHOWN else ""
    listed = [
        {
            "name": entry.original_file_name,
            "code": entry.failure_reason_code,
            "reason": entry.failure_reason_detail,
        }
        for entry in failures[:_LISTED]
    ]
    codes = Counter(str(entry.failure_reason_code) for entry in failures)
    return UploadError(
        f"{len(failures)} of {len(context.import_log.entries)} were not imported: {shown}{more}",
        {**result, "failure_counts": dict(codes), "failures": listed},
        hint=_REHEARSED if is_rehearsal(context.runtime_ctx) else _UPLOADED,
    )
