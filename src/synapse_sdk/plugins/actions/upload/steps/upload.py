"""Sixth: the bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.exceptions import UploadError
from synapse_sdk.plugins.actions.upload.import_log import LOST_FILES_LOG_LIMIT
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.strategies.answers import require_same_files
from synapse_sdk.plugins.actions.upload.strategies.base import UploadConfig
from synapse_sdk.plugins.actions.upload.strategies.choice import choose_strategy
from synapse_sdk.plugins.actions.upload.strategies.upload_strategy import (
    CHECKSUM_PROGRESS_SHARE,
    SyncUploadStrategy,
)
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

__all__ = [
    "CHECKSUM_PROGRESS_SHARE",
    "DATA_FILES_METRICS_STEP",
    "LOST_FILES_LOG_LIMIT",
    "UploadFilesStep",
]

DATA_FILES_METRICS_STEP = "data_files"


class UploadFilesStep(BaseStep[UploadContext]):
    """Has `upload` send the files. What does not arrive has failed."""

    name = "upload_files"
    progress_weight = 0.30
    progress_proportion = 34

    def execute(self, context: UploadContext) -> StepResult:
        """Send."""
        groups, get = context.organized_files, context.get_param
        paths = [path for group in groups for path in group["files"].values()]
        context.log_message(UploadLogMessageCode.UPLOAD_FILES_UPLOADING, count=len(paths))
        config = UploadConfig(
            chunked_threshold_mb=get("max_file_size_mb"),
            batch_size=get("upload_batch_size"),
            max_workers=get("upload_max_workers"),
            max_retries=get("upload_max_retries"),
            use_presigned=get("use_presigned", True),
        )
        strategy = choose_strategy(context, "upload", SyncUploadStrategy)
        answered = strategy.upload(groups, config)
        given: dict[Any, list[dict[str, Path]]] = {}
        for group in groups:
            given.setdefault(group["meta"].get("data_unit_key"), []).append(group["files"])
        context.uploaded_files = [_with_paths(group, given) for group in answered]
        arrived = {path for group in context.uploaded_files for path in group["paths"].values()}
        reason = "the plugin's upload strategy did not return it"
        lost = context.import_log.fail(
            [path for path in paths if path not in arrived], ImportFailureCode.UPLOAD_FAILED, reason
        )
        context.set_progress(1, 1)
        sent = getattr(strategy, "sent_count", len(arrived))
        self._tell(context, done=sent, failed=getattr(strategy, "failed_count", 0) + lost)
        return StepResult(data={"sent": sent, "existing": getattr(strategy, "existing_count", 0)})

    def _tell(self, context: UploadContext, *, done: int, failed: int) -> None:
        context.set_metrics({"success": done, "failed": failed, "stand_by": 0}, DATA_FILES_METRICS_STEP)
        code = UploadLogMessageCode.UPLOAD_FILES_COMPLETED
        if failed:
            code = UploadLogMessageCode.UPLOAD_FILES_COMPLETED_WITH_FAILURES
        context.log_message(code, success=done, failed=failed)


def _with_paths(group: dict[str, Any], given: dict[Any, list[dict[str, Path]]]) -> dict[str, Any]:
    """Return a group that arrived with the `paths` that it had here, by which its files are accounted for."""
    if "paths" in group:
        require_same_files(group, group["paths"])
        return group
    key = group.get("meta", {}).get("data_unit_key")
    paths = given.get(key, [])
    if len(paths) != 1:
        raise UploadError(
            f"The upload strategy returned a group that is none of those it was given: {key!r}.",
            {"data_unit_key": key},
            hint="Return each group with its own meta, and files as {specification: {checksum, path}}.",
        )
    require_same_files(group, paths[0])
    return {**group, "paths": paths[0]}
