"""Fifth: which files may be uploaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.discovery import Problem
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.frame_rate import FrameRateError, has_even_frames
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.screening import inspect_file
from synapse_sdk.plugins.actions.upload.specifications import FileSpecification
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class ValidateFilesStep(BaseStep[UploadContext]):
    """Looks at each file. One that may not be uploaded takes its group with it."""

    name = "validate_files"
    progress_weight = 0.10
    progress_proportion = 1

    def execute(self, context: UploadContext) -> StepResult:
        """Look."""
        specifications = {specification.name: specification for specification in context.specifications}
        groups, unsafe_count = [], 0
        for count, group in enumerate(context.organized_files, start=1):
            problem = _find_problem(context, group, specifications)
            if problem is None:
                groups.append(group)
            unsafe_count += problem is ImportFailureCode.UNSAFE_CONTENT
            context.set_progress(count, len(context.organized_files))
        context.organized_files = groups
        if unsafe_count:
            context.log_message(UploadLogMessageCode.UPLOAD_UNSAFE_FILES_EXCLUDED, count=unsafe_count)
        context.log_message(UploadLogMessageCode.UPLOAD_VALIDATION_PASSED, count=len(groups))
        return StepResult(data={"count": len(groups)})


def _find_problem(
    context: UploadContext, group: dict[str, Any], specifications: dict[str, FileSpecification]
) -> ImportFailureCode | None:
    for name, path in group["files"].items():
        problem = _inspect(context, path, specifications[name])
        if problem is None:
            continue
        place = context.import_log.place_of(path)
        context.import_log.fail(path, *problem)
        others = [other for other in group["files"].values() if other != path]
        context.import_log.fail(others, problem.code, f"it belongs to {place}, which was refused")
        return problem.code
    return None


def _inspect(context: UploadContext, path: Path, specification: FileSpecification) -> Problem | None:
    if not specification.takes(path.suffix, context.allowed_extensions):
        reason = f"{specification.name} takes no {path.suffix or 'files without an ending'}"
        return Problem(ImportFailureCode.UNSUPPORTED_EXTENSION, reason)
    try:
        finding = inspect_file(path)
    except OSError as error:
        return Problem(ImportFailureCode.FILE_LOCKED, f"it can not be read: {error.strerror}")
    if finding is not None:
        return Problem(ImportFailureCode.UNSAFE_CONTENT, f"{finding.rule}: {finding.reason}")
    if specification.file_type == "video":
        return _inspect_video(context, path)
    return None


def _inspect_video(context: UploadContext, path: Path) -> Problem | None:
    try:
        if has_even_frames(path):
            return None
    except FrameRateError as error:
        place = context.import_log.place_of(path)
        context.log_message(f"{place}: its frame rate was not checked: {error}.", "warning")
        return None
    reason = (
        "the time between its pictures varies, so labels would not stay on theirs; give it a constant rate"
    )
    return Problem(ImportFailureCode.VFR_VALIDATION_FAILED, reason)
