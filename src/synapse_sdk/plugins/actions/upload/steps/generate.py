"""Seventh: the data units."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.unit_creation import create_data_units
from synapse_sdk.plugins.steps.base import BaseStep, StepResult

GENERATE_DATA_UNITS_STEP = "generate_data_units"
DATA_UNITS_METRICS_STEP = "data_units"


class GenerateDataUnitsStep(BaseStep[UploadContext]):
    """Makes a data unit of each group whose files are there."""

    name = GENERATE_DATA_UNITS_STEP
    progress_weight = 0.20
    progress_proportion = 58

    def execute(self, context: UploadContext) -> StepResult:
        """Make them."""
        groups, get = context.uploaded_files, context.get_param
        context.log_message(UploadLogMessageCode.UPLOAD_DATA_UNITS_CREATING, count=len(groups))
        made = create_data_units(
            context.client,
            [_describe(group, get("data_collection")) for group in groups],
            batch_size=get("creating_data_unit_batch_size"),
            max_workers=get("creating_data_unit_max_workers"),
            max_retries=get("creating_data_unit_max_retries", 2),
        )
        with closing(made):
            for count, (place, record) in enumerate(made, start=1):
                self._end(context, groups[place], record)
                context.set_progress(count, len(groups))
        failed = len(groups) - len(context.data_units)
        counts = {"success": len(context.data_units), "failed": failed, "stand_by": 0}
        context.set_metrics(counts, DATA_UNITS_METRICS_STEP)
        code = UploadLogMessageCode.UPLOAD_DATA_UNITS_COMPLETED
        if failed:
            code = UploadLogMessageCode.UPLOAD_DATA_UNITS_COMPLETED_WITH_FAILURES
        context.log_message(
            code, count=len(context.data_units), success=len(context.data_units), failed=failed
        )
        return StepResult(data={"count": len(context.data_units)})

    def _end(self, context: UploadContext, group: dict[str, Any], record: dict[str, Any] | str) -> None:
        if isinstance(record, str):
            code = ImportFailureCode.DATA_UNIT_CREATION_FAILED
            context.import_log.fail(group["paths"].values(), code, record)
            return
        context.data_units.append(record)
        for name, path in group["paths"].items():
            checksum = group["files"][name]["checksum"]
            context.import_log.succeed(path, checksum=checksum, data_unit_id=record.get("id"))


def _describe(group: dict[str, Any], collection: int) -> dict[str, Any]:
    groups = {"groups": group["groups"]} if "groups" in group else {}
    return {"data_collection": collection, "files": group["files"], "meta": group["meta"], **groups}
