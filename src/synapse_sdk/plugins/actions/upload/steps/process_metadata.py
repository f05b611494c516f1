"""Second: the table of metadata, if there is one."""

from __future__ import annotations

from pathlib import Path

from synapse_sdk.plugins.actions._storage import find_storage_root
from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.exceptions import ExcelParsingError
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.metadata import DEFAULT_NAMES
from synapse_sdk.plugins.actions.upload.source_folder import find_file
from synapse_sdk.plugins.actions.upload.strategies.choice import choose_strategy, require_valid
from synapse_sdk.plugins.actions.upload.strategies.metadata import choose_metadata_strategy
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class ProcessMetadataStep(BaseStep[UploadContext]):
    """Reads it. One that is named and not there, or can not be read, ends the upload before it begins."""

    name = "process_metadata"
    progress_weight = 0.10
    progress_proportion = 2

    def can_skip(self, context: UploadContext) -> bool:
        """Is there none?"""
        context.metadata_file = _find_metadata(context)
        return context.metadata_file is None

    def execute(self, context: UploadContext) -> StepResult:
        """Read it."""
        source = context.metadata_file
        assert source is not None
        strategy = choose_strategy(context, "metadata", lambda: choose_metadata_strategy(source))
        try:
            context.excel_metadata = strategy.extract(source)
        except ExcelParsingError as error:
            if header := error.details.get("header"):
                code = UploadLogMessageCode.UPLOAD_METADATA_INVALID_HEADER
                context.log_message(code, header=", ".join(header))
            raise
        require_valid(context, strategy.validate(context.excel_metadata), "metadata")
        context.repeated_rows = set(strategy.repeated)
        for name, reason in strategy.problems:
            context.import_log.fail_row(name, reason)
        count = len(context.excel_metadata)
        context.log_message(UploadLogMessageCode.UPLOAD_METADATA_LOADED, count=count)
        return StepResult(data={"count": count})


def _find_metadata(context: UploadContext) -> Path | None:
    assert context.storage is not None
    if named := context.params["excel_metadata_path"]:
        folder = context.pathlib_cwd
        if folder is not None and (folder / named).is_file():
            return find_file(folder, named)
        return find_file(find_storage_root(context.storage), named)
    if context.pathlib_cwd is None:
        return None
    places = (context.pathlib_cwd / name for name in DEFAULT_NAMES)
    place = next((place for place in places if place.is_file()), None)
    return None if place is None else find_file(find_storage_root(context.storage), str(place))
