"""How the bytes get to the server: each content once, a failure alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.discovery import Problem
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.strategies.base import UploadConfig, UploadStrategy, is_uploadable
from synapse_sdk.plugins.actions.upload.transfer import FileTransfer, compute_checksums

#: The part of an upload that is over when all files have been read.
CHECKSUM_PROGRESS_SHARE = 0.2
_MIB = 1024**2
#: What `organize_files` says of every group, which makes no two of them different.
OWN_META = frozenset({"origin_file_stem", "origin_file_extension", "created_at", "data_unit_key"})


#: The vendor's name for `is_uploadable`, in this module.
is_valid_file_for_upload = is_uploadable


class SyncUploadStrategy(UploadStrategy):
    """Sends what the server has not. A file that does not arrive takes its group with it, no more."""

    #: Of the last `upload`: contents that were sent, that did not arrive, that the server had.
    sent_count = failed_count = existing_count = 0

    def upload(self, files: list[dict[str, Any]], config: UploadConfig) -> list[dict[str, Any]]:
        """Send groups; what became of the files of those that are not returned is in `context.import_log`.

        Raises:
            ClientError: The server can not be asked at all.
        """
        context = self.context
        paths = [path for group in files for path in group["files"].values()]
        progress = _Progress(context, len(paths))
        checksums, problems = compute_checksums(paths, max_workers=config.max_workers, on_done=progress.read)
        groups = [group for group in files if _is_fine(context, group, problems)]
        if context.get_param("skip_local_duplicates", True):
            groups = _skip_equals(context, groups, checksums)
        transfer = _build_transfer(context, config)
        wanted = {path: checksums[path] for group in groups for path in group["files"].values()}
        existing = transfer.find_existing(wanted.values())
        if context.get_param("skip_existing_checksums", False):
            groups = _skip_existing(context, groups, checksums, existing)
        sent = {
            path: checksums[path]
            for group in groups
            for path in group["files"].values()
            if checksums[path] not in existing
        }
        problems = transfer.send(sent, on_done=progress.sent)
        self.sent_count, self.failed_count = len(sent) - len(problems), len(problems)
        self.existing_count = len(existing)
        return [
            _describe(context, group, checksums) for group in groups if _is_fine(context, group, problems)
        ]


class _Progress:
    def __init__(self, context: UploadContext, count: int) -> None:
        self._context, self._count = context, count
        self._read_count = self._sent_count = 0

    def read(self) -> None:
        self._read_count += 1
        self._tell()

    def sent(self) -> None:
        self._sent_count += 1
        self._tell()

    def _tell(self) -> None:
        share = CHECKSUM_PROGRESS_SHARE
        done = share * self._read_count + (1 - share) * self._sent_count
        # Sums of fractions come out above the whole at times.
        self._context.set_progress(min(done, self._count), self._count)


def _build_transfer(context: UploadContext, config: UploadConfig) -> FileTransfer:
    get = context.get_param
    timeout_s = float(
        get("upload_read_timeout", context.runtime_ctx.env.get("SYNAPSE_UPLOAD_READ_TIMEOUT", 300))
    )
    return FileTransfer(
        context.client,
        max_workers=config.max_workers,
        max_retries=config.max_retries,
        batch_size=config.batch_size,
        checksum_batch_size=get("checksum_batch_size", 1000),
        chunked_above_bytes=int(config.chunked_threshold_mb * _MIB),
        read_timeout_s=timeout_s,
        use_presigned=config.use_presigned,
        tell=lambda text: context.log_message(text, "warning"),
    )


def _is_fine(context: UploadContext, group: dict[str, Any], problems: Mapping[Path, Problem]) -> bool:
    bad = [path for path in group["files"].values() if path in problems]
    if not bad:
        return True
    place = context.import_log.place_of(bad[0])
    for path in bad:
        context.import_log.fail(path, *problems[path])
    code, reason = problems[bad[0]].code, f"it belongs to {place}, which failed"
    context.import_log.fail(group["files"].values(), code, reason)
    return False


def _skip_equals(
    context: UploadContext, groups: list[dict[str, Any]], checksums: Mapping[Path, str]
) -> list[dict[str, Any]]:
    """Leave out groups that are another one's equal: byte for byte, and in what is said of them."""
    told = {column for row in context.excel_metadata.values() for column in row}
    first: dict[Any, dict[str, Any]] = {}
    kept = []
    for group in groups:
        contents = frozenset((name, checksums[path]) for name, path in group["files"].items())
        said = frozenset(
            (name, repr(value))
            for name, value in group["meta"].items()
            if name in told or name not in OWN_META  # a table may have a column of that name
        )
        if (same := first.setdefault((contents, said), group)) is group:
            kept.append(group)
            continue
        for path in group["files"].values():
            reason = f"its bytes are those of {same['meta']['data_unit_key']}"
            context.import_log.skip(path, ImportFailureCode.DUPLICATE_FILE, reason)
    return kept


def _skip_existing(
    context: UploadContext, groups: list[dict[str, Any]], checksums: Mapping[Path, str], existing: set[str]
) -> list[dict[str, Any]]:
    kept = []
    for group in groups:
        if all(checksums[path] in existing for path in group["files"].values()):
            for path in group["files"].values():
                reason = "its bytes are on the server already"
                context.import_log.skip(path, ImportFailureCode.DUPLICATE_FILE, reason)
        else:
            kept.append(group)
    return kept


def _describe(context: UploadContext, group: dict[str, Any], checksums: Mapping[Path, str]) -> dict[str, Any]:
    """Return a group as the server is told of it: no path of this machine goes there."""
    files = {
        name: {"checksum": checksums[path], "path": context.import_log.place_of(path)}
        for name, path in group["files"].items()
    }
    return {**group, "paths": group["files"], "files": files}
