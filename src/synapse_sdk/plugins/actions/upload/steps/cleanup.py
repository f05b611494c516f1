"""Eighth: what became of each file."""

from __future__ import annotations

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.enums import ImportStatus
from synapse_sdk.plugins.actions.upload.import_report import report_imports
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class CleanupStep(BaseStep[UploadContext]):
    """Tells what became of each file, once."""

    name = "cleanup"
    progress_weight = 0.05
    progress_proportion = 1

    def execute(self, context: UploadContext) -> StepResult:
        """Tell."""
        # Our own steps end every file; what is open here was taken out on the way.
        context.import_log.skip_open("a step of the plugin took it out of the upload")
        report_imports(context)
        if not context.lost_files and not context.import_log.list_failures():
            files = context.import_log.count(ImportStatus.SUCCESS)
            units = len(context.data_units)
            context.log_message(UploadLogMessageCode.UPLOAD_COMPLETED, files=files, data_units=units)
        return StepResult()
