"""How groups become data units: many to a request, or one."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.strategies.base import DataUnitStrategy
from synapse_sdk.plugins.actions.upload.unit_creation import create_data_units, get_batched_list

__all__ = ["BatchDataUnitStrategy", "SingleDataUnitStrategy", "get_batched_list"]


class BatchDataUnitStrategy(DataUnitStrategy):
    """Makes data units in batches. One that is refused does not take others with it."""

    def generate(self, files: list[dict[str, Any]], batch_size: int) -> list[dict[str, Any]]:
        """Make them; what became of each group's files is in `context.import_log`.

        Returns:
            The server's records of those that were made.
        """
        context, get = self.context, self.context.get_param
        made = create_data_units(
            context.client,
            [_describe(group, get("data_collection")) for group in files],
            batch_size=batch_size,
            max_workers=get("creating_data_unit_max_workers"),
            max_retries=get("creating_data_unit_max_retries", 2),
        )
        records: list[dict[str, Any]] = []
        context.data_units = records  # an upload that ends early tells of those that were made
        with closing(made):
            for count, (place, record) in enumerate(made, start=1):
                if isinstance(record, str):
                    code = ImportFailureCode.DATA_UNIT_CREATION_FAILED
                    context.import_log.fail(files[place]["paths"].values(), code, record)
                else:
                    records.append(record)
                    note_data_unit(context, files[place], record)
                context.set_progress(count, len(files))
        return records


class SingleDataUnitStrategy(BatchDataUnitStrategy):
    """Makes each data unit with a request of its own."""

    def generate(self, files: list[dict[str, Any]], batch_size: int = 1) -> list[dict[str, Any]]:
        """Make them, one by one."""
        return super().generate(files, 1)


def note_data_unit(context: UploadContext, group: dict[str, Any], record: dict[str, Any]) -> None:
    """Say that a group's files are part of a data unit."""
    for name, path in group["paths"].items():
        checksum = group["files"][name].get("checksum")
        context.import_log.succeed(path, checksum=checksum, data_unit_id=record.get("id"))


def _describe(group: dict[str, Any], collection: int) -> dict[str, Any]:
    groups = {"groups": group["groups"]} if "groups" in group else {}
    return {"data_collection": collection, "files": group["files"], "meta": group["meta"], **groups}
