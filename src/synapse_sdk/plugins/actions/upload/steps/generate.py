"""Seventh: the data units."""

from __future__ import annotations

from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.enums import GENERATE_DATA_UNITS_STEP, ImportFailureCode
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.strategies.choice import choose_strategy
from synapse_sdk.plugins.actions.upload.strategies.data_unit import BatchDataUnitStrategy, note_data_unit
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

__all__ = ["DATA_UNITS_METRICS_STEP", "GENERATE_DATA_UNITS_STEP", "GenerateDataUnitsStep"]

DATA_UNITS_METRICS_STEP = "data_units"


class GenerateDataUnitsStep(BaseStep[UploadContext]):
    """Has `data_unit` make one of each group whose files are there."""

    name = GENERATE_DATA_UNITS_STEP
    progress_weight = 0.20
    progress_proportion = 58

    def execute(self, context: UploadContext) -> StepResult:
        """Make them."""
        groups, get = context.uploaded_files, context.get_param
        context.log_message(UploadLogMessageCode.UPLOAD_DATA_UNITS_CREATING, count=len(groups))
        strategy = choose_strategy(context, "data_unit", BatchDataUnitStrategy)
        records = list(strategy.generate(groups, get("creating_data_unit_batch_size")))
        _account(context, groups, records)
        context.data_units = records
        # Of records for more groups than there are, none can be said to be a group's.
        done = len(records) if len(records) <= len(groups) else 0
        failed = len(groups) - done
        counts = {"success": done, "failed": failed, "stand_by": 0}
        context.set_metrics(counts, DATA_UNITS_METRICS_STEP)
        code = UploadLogMessageCode.UPLOAD_DATA_UNITS_COMPLETED
        if failed:
            code = UploadLogMessageCode.UPLOAD_DATA_UNITS_COMPLETED_WITH_FAILURES
        context.log_message(code, count=done, success=done, failed=failed)
        return StepResult(data={"count": len(context.data_units)})


def _account(context: UploadContext, groups: list[dict[str, Any]], records: list[dict[str, Any]]) -> None:
    """End the files that a strategy of the plugin's own did not."""
    if len(records) == len(groups):
        for group, record in zip(groups, records, strict=True):
            note_data_unit(context, group, record)
        return
    reason = f"the plugin's data unit strategy returned {len(records)} records for {len(groups)} groups"
    for group in groups:
        context.import_log.fail(group["paths"].values(), ImportFailureCode.DATA_UNIT_CREATION_FAILED, reason)
