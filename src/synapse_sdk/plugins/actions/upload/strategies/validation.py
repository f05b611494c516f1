"""Which files may be uploaded: what the collection takes, and what is no harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.discovery import Problem
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.frame_rate import FrameRateError, has_even_frames
from synapse_sdk.plugins.actions.upload.screening import inspect_file
from synapse_sdk.plugins.actions.upload.specifications import FileSpecification
from synapse_sdk.plugins.actions.upload.strategies.base import ValidationResult, ValidationStrategy


class DefaultValidationStrategy(ValidationStrategy):
    """Looks at each file: its ending, its content, and the frame rate of a video."""

    def validate_params(self, params: dict[str, Any]) -> ValidationResult:
        """Are the params there that no upload can do without? What they say was checked by their model."""
        place = "path" if params.get("use_single_path", True) else "assets"
        needed = ("name", "storage", "data_collection", place)
        errors = [f"{name} is needed" for name in needed if params.get(name) in (None, "", {})]
        return ValidationResult(not errors, errors)

    def validate_files(self, files: list[dict[str, Any]], context: UploadContext) -> ValidationResult:
        """Look. A group's first file that is refused speaks for all of them."""
        specifications = {specification.name: specification for specification in context.specifications}
        result = ValidationResult()
        for count, group in enumerate(files, start=1):
            for name, path in group["files"].items():
                if (problem := _inspect(context, path, specifications[name])) is not None:
                    result.refused[path] = problem
                    break
            context.set_progress(count, len(files))
        return result


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
