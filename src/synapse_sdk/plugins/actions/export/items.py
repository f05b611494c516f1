"""Items of an export on their way: completed ahead in threads, converted and written one by one, in order.

Hooks of an exporter are called in one thread only, so they need no locks.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.plugins.actions.export.context import ExportContext
from synapse_sdk.plugins.actions.export.enums import ExportStatus
from synapse_sdk.plugins.actions.export.handlers import EXPORT_PAYLOAD_PREFETCH, EXPORT_PAYLOAD_WORKERS
from synapse_sdk.plugins.actions.export.item_failure import explain, is_hopeless
from synapse_sdk.plugins.actions.export.parallel_download import look_ahead
from synapse_sdk.plugins.actions.export.progress_throttle import build_throttle_from_params
from synapse_sdk.plugins.actions.export.report import ReportFile
from synapse_sdk.plugins.actions.export.run_adapter import MetricsRecord

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.export.exporter import BaseExporter


@dataclass(slots=True)
class _Fetched:
    """An item as far as the server gave it."""

    item: dict[str, Any]
    original: Path | None = None
    #: Why there is no original.
    problem: Exception | None = None


def convert_items(context: ExportContext) -> Generator[dict[str, Any], None, None]:
    """Yield the exporter's items, converted; one that fails is recorded and left out.

    Raises:
        OSError: Nothing more can be written.
        MissingClientError: Something is to be fetched from the server, and there is none.
    """
    exporter, handler = context.exporter, context.handler
    assert exporter is not None
    assert context.unique_export_path is not None
    # Holds what is fetched ahead; gone when all is written. No item can be called so.
    scratch = context.unique_export_path / f".fetching-{uuid7()}"
    scratch.mkdir()
    fetches_originals = (
        bool(context.export_params.get("save_original_file")) and exporter.takes_fetched_originals
    )
    originals: dict[int, _Fetched] = {}
    exporter.fetch_original = lambda result, target: _place(originals.pop(result["id"], None), target)
    if not fetches_originals or handler is None:
        exporter.fetch_original = exporter._download_original  # noqa: SLF001 - one room, one subject

    def fetch(item: dict[str, Any]) -> _Fetched:
        if handler is None:
            return _Fetched(item)
        whole = handler.complete_item(context.client, item, scratch / f"{item['id']}.json")
        if not fetches_originals or not item["files"]:
            return _Fetched(whole)
        target = scratch / f"{item['id']}.file"
        try:
            handler.download(context.client, whole, "files", target)
        except Exception as error:  # noqa: BLE001 - told where the item is written
            return _Fetched(whole, problem=error)
        return _Fetched(whole, original=target)

    ahead = look_ahead(
        context.export_items or (), fetch, workers=EXPORT_PAYLOAD_WORKERS, ahead=EXPORT_PAYLOAD_PREFETCH
    )
    try:
        with closing(ahead):
            for listed, future in ahead:
                fetched = _take(context, listed, future)
                if fetched is None:
                    continue
                originals[fetched.item["id"]] = fetched
                final = _convert(context, exporter, fetched.item)
                if final is not None:
                    yield final
                _forget(originals.pop(fetched.item["id"], None))
    finally:
        shutil.rmtree(scratch)


def _take(context: ExportContext, listed: dict[str, Any], future: Future[_Fetched]) -> _Fetched | None:
    try:
        return future.result()
    except Exception as error:
        if is_hopeless(error):
            raise
        record_failure(context, listed, explain(error))
        return None


def _convert(context: ExportContext, exporter: BaseExporter, item: dict[str, Any]) -> dict[str, Any] | None:
    try:
        final = exporter.process_data_conversion(item)
    except Exception as error:
        if is_hopeless(error):
            raise
        record_failure(context, item, explain(error))
        return None
    if isinstance(final, dict) and "id" in final:
        return final
    record_failure(context, item, "the exporter's hooks returned no item with an id")
    return None


def save_items(context: ExportContext) -> None:
    """Write every converted item, counting what became of it.

    Raises:
        OSError: Nothing more can be written.
        MissingClientError: Something is to be fetched from the server, and there is none.
    """
    exporter = context.exporter
    assert exporter is not None
    save_original = bool(context.export_params.get("save_original_file"))
    originals = context.original_metrics = MetricsRecord(context.total_count if save_original else 0)
    labels = context.data_metrics = MetricsRecord(context.total_count)
    items = context.converted_items or ()
    number = 0
    throttle = build_throttle_from_params(context.export_params)
    try:
        for number, final in enumerate(items, start=1):
            _save_one(context, exporter, final, number)
            if throttle.is_due():
                _tell_progress(context)
                _tell_numbers(exporter, originals, labels, save_original)
    finally:
        if isinstance(items, Generator):
            items.close()
    if context.exported_count or context.failed_count:
        _tell_progress(context)
        _tell_numbers(exporter, originals, labels, save_original)
    context.written_file_count = originals.success + labels.success


def _save_one(context: ExportContext, exporter: BaseExporter, final: dict[str, Any], number: int) -> None:
    before = len(context.errors_json), len(context.errors_original)
    save_original = (
        bool(context.export_params.get("save_original_file")) and context.sdk_managed_original_files
    )
    try:
        assert context.unique_export_path is not None
        good = exporter.process_file_saving(
            final,
            context.unique_export_path,
            save_original,
            context.errors_json,
            context.errors_original,
            context.original_metrics,
            context.data_metrics,
            number,
        )
    except Exception as error:
        if is_hopeless(error):
            raise
        record_failure(context, final, explain(error))
        return
    reasons = [
        reason for _, reason in [*context.errors_json[before[0] :], *context.errors_original[before[1] :]]
    ]
    if not good and not reasons:
        record_failure(context, final, "process_file_saving() returned False and gave no reason")
        return
    context.last_completed_item = final["id"]
    has_labels = len(context.errors_json) == before[0]
    if good and not reasons:
        context.exported_count += 1
        outcome = "ok" if final.get("files") or not save_original else "not_applicable"
    else:
        context.failed_count += 1
        outcome = "partial_skip" if has_labels else "failed"
    _report(exporter, final, outcome, "; ".join(reasons) or None)


def record_failure(context: ExportContext, item: dict[str, Any], reason: str) -> None:
    """Count an item that failed before anything of it was written, and say why."""
    exporter = context.exporter
    assert exporter is not None
    name = exporter.get_original_file_name(item.get("files") or {}) or str(item.get("id"))
    context.errors_json.append([name, reason])
    context.failed_count += 1
    context.data_metrics.count(ExportStatus.FAILED)
    context.last_completed_item = item.get("id")
    _report(exporter, item, "failed", reason)


def _report(exporter: BaseExporter, item: dict[str, Any], outcome: str, reason: str | None) -> None:
    if not exporter.export_report_enabled:
        return  # it would hold an entry for every item
    name = exporter.get_original_file_name(item.get("files") or {})
    stem = "" if outcome == "failed" else exporter.get_output_stem(item)
    exporter.report.add(ReportFile(item.get("id"), name, stem, outcome, reason))


def _tell_progress(context: ExportContext) -> None:
    done = context.exported_count + context.failed_count
    if context.total_count:
        context.set_progress(min(done, context.total_count), context.total_count)


def _tell_numbers(
    exporter: BaseExporter, originals: MetricsRecord, labels: MetricsRecord, save_original: bool
) -> None:
    if save_original:
        exporter.run.log_metrics(originals, "original_file")
    exporter.run.log_metrics(labels, "data_file")


def _place(fetched: _Fetched | None, target: Path) -> None:
    if fetched is None:
        raise ValueError("the exporter's hooks changed its id, so which original is its is not known")
    if fetched.problem is not None:
        raise fetched.problem
    if fetched.original is None:
        raise ValueError("the server names no address for its file")
    fetched.original.replace(target)


def _forget(fetched: _Fetched | None) -> None:
    if fetched is not None and fetched.original is not None:
        fetched.original.unlink(missing_ok=True)
