"""Fifth: which files may be uploaded."""

from __future__ import annotations

from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.exceptions import FileValidationError
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.strategies.base import ValidationResult
from synapse_sdk.plugins.actions.upload.strategies.choice import choose_strategy, require_valid
from synapse_sdk.plugins.actions.upload.strategies.validation import DefaultValidationStrategy
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class ValidateFilesStep(BaseStep[UploadContext]):
    """Asks `validation` about the files. One that may not be uploaded takes its group with it."""

    name = "validate_files"
    progress_weight = 0.10
    progress_proportion = 1

    def execute(self, context: UploadContext) -> StepResult:
        """Ask."""
        strategy = choose_strategy(context, "validation", DefaultValidationStrategy)
        result: ValidationResult = strategy.validate_files(context.organized_files, context)
        require_valid(context, result, "files", FileValidationError)
        groups, has_unsafe = [], False
        for group in context.organized_files:
            code = _refuse(context, group, result)
            if code is None:
                groups.append(group)
            has_unsafe = has_unsafe or code is ImportFailureCode.UNSAFE_CONTENT
        context.organized_files = groups
        if has_unsafe:
            context.log_message(UploadLogMessageCode.UPLOAD_UNSAFE_FILES_EXCLUDED)
        context.log_message(UploadLogMessageCode.UPLOAD_VALIDATION_PASSED, count=len(groups))
        return StepResult(data={"count": len(groups)})


def _refuse(
    context: UploadContext, group: dict[str, Any], result: ValidationResult
) -> ImportFailureCode | None:
    paths = list(group["files"].values())
    refused = [path for path in paths if path in result.refused]
    if not refused:
        return None
    for path in refused:
        context.import_log.fail(path, *result.refused[path])
    code, place = result.refused[refused[0]].code, context.import_log.place_of(refused[0])
    context.import_log.fail(paths, code, f"it belongs to {place}, which was refused")
    return code
