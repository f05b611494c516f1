"""`BaseExporter`: how each item of an export is converted and written. What plugins derive from.

```text
item ──▶ before_convert ──▶ convert_data ──▶ after_convert ──▶ original, labels
```

Source: interface sheet `actions.md` §6.2. Unlike there, nothing is ever written over: a second file of one
name is a failure of that item.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from synapse_sdk.plugins.actions.export.ending import COLLISIONS_FILE, ERROR_FILE
from synapse_sdk.plugins.actions.export.enums import ExportStatus
from synapse_sdk.plugins.actions.export.item_failure import explain, is_hopeless
from synapse_sdk.plugins.actions.export.json_file import encode_json
from synapse_sdk.plugins.actions.export.parallel_download import (
    DEFAULT_DOWNLOAD_WORKERS,  # noqa: F401 - plugins import it from here, too
)
from synapse_sdk.plugins.actions.export.report import JSON_FILE_NAME, ExportReport
from synapse_sdk.plugins.actions.export.run_adapter import ExporterRunAdapter, MetricsRecord
from synapse_sdk.plugins.actions.export.stems import Stems, clean_suffix
from synapse_sdk.plugins.errors import MissingClientError

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.export.handlers import ExportTargetHandler
    from synapse_sdk.plugins.context import RuntimeContext

ORIGINALS = "origin_files"
REPORT_STEMS = tuple(Path(name).stem for name in (ERROR_FILE, COLLISIONS_FILE, JSON_FILE_NAME))


class BaseExporter:
    """Derive from it and override the hooks that you need; as it is, it writes what the server has.

    An item is `{"id": number, "files": entry of its file, "data": its annotations}`. An exception of a hook
    is a failure of that item: it is in the report, and the others go on.
    """

    #: Marks exporters for `as_action`, which does not import this module to find out.
    _is_exporter: ClassVar[bool] = True
    #: Folder of the labels; None for the export's own.
    label_output_dirname: ClassVar[str | None] = "labels"
    #: Off where `process_file_saving` of your own writes originals itself.
    sdk_managed_original_files: ClassVar[bool] = True
    #: Names do not depend on the order in which items come. All names are read before the first item is
    #: written.
    use_output_stem_manifest: ClassVar[bool] = False
    #: Call `additional_file_saving` and write reports even where there was nothing to export.
    finalize_empty_export: ClassVar[bool] = False
    #: Write `export_report.json` and `export_report.csv`.
    export_report_enabled: ClassVar[bool] = False

    def __init__(
        self,
        ctx: RuntimeContext,
        export_items: Iterable[dict[str, Any]] | None,
        path_root: str | os.PathLike[str],
        **params: Any,
    ) -> None:
        """Set up one export.

        Args:
            ctx: The run's.
            export_items: What to export; it is gone through once.
            path_root: Folder that the export's own folder is made in.
            **params: The action's.
        """
        self.ctx = ctx
        self.export_items = export_items
        self.path_root = Path(path_root)
        self.params = params
        self.run = ExporterRunAdapter(ctx)
        # Where labels lie beside the reports, the reports would be written over them.
        self.stems = Stems(() if self.label_output_dirname else REPORT_STEMS)
        self.report = ExportReport()
        self.output_paths: dict[str, Path] = {}
        #: Completes items that are listed with addresses only; None for items that are whole.
        self.handler: ExportTargetHandler | None = None
        #: How many items the server counts, where that is known.
        self.total_count: int | None = None
        #: Fetches an item's original; replaced by what the workflow fetched ahead.
        self.fetch_original: Callable[[dict[str, Any], Path], None] = self._download_original

    def before_convert(self, data: dict[str, Any]) -> dict[str, Any]:
        """Prepare an item."""
        return data

    def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Convert an item: its `data` is what is written as JSON."""
        return data

    def after_convert(self, data: dict[str, Any]) -> dict[str, Any]:
        """Finish an item."""
        return data

    def process_data_conversion(self, export_item: dict[str, Any]) -> dict[str, Any]:
        """Take an item through the three hooks."""
        return self.after_convert(self.convert_data(self.before_convert(export_item)))

    def setup_output_directories(self, unique_export_path: Path, save_original_file: bool) -> dict[str, Path]:
        """Make the folders; return them by kind: `json_output_path`, `origin_files_output_path`."""
        labels = unique_export_path / (self.label_output_dirname or "")
        paths = {"json_output_path": labels}
        if save_original_file:
            paths["origin_files_output_path"] = unique_export_path / ORIGINALS
        for path in paths.values():
            path.mkdir(parents=True, exist_ok=True)
        self.output_paths = paths
        return paths

    def process_file_saving(
        self,
        final_data: dict[str, Any],
        unique_export_path: Path,
        save_original_file_flag: bool,
        errors_json_file_list: list[list[str]],
        errors_original_file_list: list[list[str]],
        original_file_metrics_record: MetricsRecord,
        data_file_metrics_record: MetricsRecord,
        no: int,
    ) -> bool:
        """Write one item's files; return whether all that was asked for is there.

        Args:
            final_data: The converted item.
            unique_export_path: The export's folder.
            save_original_file_flag: Write the original, too.
            errors_json_file_list: Gets `[name, reason]` where the labels could not be written.
            errors_original_file_list: The same for the original.
            original_file_metrics_record: Counts originals.
            data_file_metrics_record: Counts labels.
            no: Which item this is, from 1.
        """
        info = {"file_name": self.get_original_file_name(final_data.get("files") or {}), "no": no}
        good = True
        if save_original_file_flag and final_data.get("files"):
            folder = self.output_paths["origin_files_output_path"]
            status = self.save_original_file(final_data, folder, errors_original_file_list)
            original_file_metrics_record.count(status)
            reason = None if status is ExportStatus.SUCCESS else _last_reason(errors_original_file_list)
            self.run.export_log_original_file(final_data["id"], info, status, reason)
            good = status is ExportStatus.SUCCESS
        status = self.save_as_json(final_data, self.output_paths["json_output_path"], errors_json_file_list)
        data_file_metrics_record.count(status)
        reason = None if status is ExportStatus.SUCCESS else _last_reason(errors_json_file_list)
        self.run.export_log_data_file(final_data["id"], info, status, reason)
        return good and status is ExportStatus.SUCCESS

    def save_original_file(
        self, result: dict[str, Any], base_path: Path, error_file_list: list[list[str]]
    ) -> ExportStatus:
        """Write an item's original below `base_path`; add `[name, reason]` to the list where that fails."""
        name = self.get_original_file_name(result["files"]) or str(result["id"])
        target = base_path / f"{self.get_output_stem(result)}{clean_suffix(name)}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                raise FileExistsError(f"{target.name} is there already")
            self.fetch_original(result, target)
        except Exception as error:  # noqa: BLE001 - of one item: it is recorded, and the others go on
            return _fail(error_file_list, name, error)
        return ExportStatus.SUCCESS

    def save_as_json(
        self, result: dict[str, Any], base_path: Path, error_file_list: list[list[str]]
    ) -> ExportStatus:
        """Write an item's `data` as JSON below `base_path`; add `[name, reason]` where that fails."""
        target = base_path / f"{self.get_output_stem(result)}.json"
        name = target.relative_to(base_path).as_posix()
        if result.get("data") is None:
            self.run.log_export_event("NULL_DATA_DETECTED", {"target_id": result["id"], "file_name": name})
            error_file_list.append([name, "the item has no data"])
            return ExportStatus.FAILED
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            content = encode_json(result["data"], indent=4)
            with target.open("xb") as stream:
                stream.write(content)
        except Exception as error:  # noqa: BLE001 - of one item: it is recorded, and the others go on
            return _fail(error_file_list, name, error)
        return ExportStatus.SUCCESS

    def additional_file_saving(self, unique_export_path: Path) -> None:
        """Write what belongs to the whole; called once, after all items. An exception fails the export."""

    def get_original_file_name(self, files: Mapping[str, Any]) -> str:
        """Return the name that an item's file came with, perhaps with folders; empty where it has none."""
        return str(files.get("file_name_original") or files.get("file_name") or "")

    def get_output_stem(self, result: Mapping[str, Any]) -> str:
        """Return the relative path, without suffix, that an item's files get; no other item has it."""
        return self.stems.claim(result["id"], self.get_original_file_name(result.get("files") or {}))

    def export(
        self,
        export_items: Iterable[dict[str, Any]] | None = None,
        results: Iterable[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Export by itself, without the steps of `DefaultExportAction`.

        Args:
            export_items: Items, instead of those that it was made with.
            results: The same by its older name.

        Returns:
            `export_path`, and `exported_count`, `failed_count`, `total_count`.
        """
        from synapse_sdk.plugins.actions.export.standalone import export_by_itself

        chosen = next(
            (items for items in (export_items, results, self.export_items) if items is not None), ()
        )
        return export_by_itself(self, chosen)

    @property
    def takes_fetched_originals(self) -> bool:
        """Are originals written as they are? Who does it in another way would have them fetched twice."""
        return (
            self.sdk_managed_original_files
            and type(self).save_original_file is BaseExporter.save_original_file
            and type(self).process_file_saving is BaseExporter.process_file_saving
        )

    def _download_original(self, result: dict[str, Any], target: Path) -> None:
        url = result["files"].get("url")
        if not url:
            raise ValueError("the server names no address for its file")
        if self.ctx.client is None:
            raise MissingClientError.at(type(self).__name__, "download_file()")
        self.ctx.client.download_file(url, target)


def _fail(failures: list[list[str]], name: str, error: Exception) -> ExportStatus:
    if is_hopeless(error):
        raise error
    failures.append([name, explain(error)])
    return ExportStatus.FAILED


def _last_reason(failures: list[list[str]]) -> str | None:
    return failures[-1][1] if failures else None
