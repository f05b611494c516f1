"""Ground truths out of a server, into a folder: labels as the server has them, files under their own names.

```text
version, filters ──▶ count and newest record ──▶ the copy of exactly these, else ──▶ every record, streamed
```

Source: interface sheet `actions.md` §5.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.actions.dataset.copies import SUMMARY_FILE, find_copy, remove_unused_copies
from synapse_sdk.plugins.actions.dataset.label_format import detect_label_format
from synapse_sdk.plugins.actions.dataset.log_messages import DatasetLogMessageCode as Code
from synapse_sdk.plugins.actions.dataset.models import DatasetParams, DatasetResult
from synapse_sdk.plugins.actions.dataset.output_folder import check_is_free, output_folder
from synapse_sdk.plugins.actions.export.handlers import GroundTruthExportTargetHandler, list_files
from synapse_sdk.plugins.actions.export.item_failure import explain, is_hopeless
from synapse_sdk.plugins.actions.export.json_file import encode_json
from synapse_sdk.plugins.actions.export.parallel_download import look_ahead
from synapse_sdk.plugins.actions.export.stems import Stems, clean_suffix
from synapse_sdk.plugins.errors import ExecutionError

if TYPE_CHECKING:
    from synapse_sdk.plugins.context import RuntimeContext

#: Split → what the server calls it.
CATEGORY_BY_SPLIT = {"train": "train", "valid": "validation", "validation": "validation", "test": "test"}
#: The splits of a dataset whose splits are to be apart, and are not named.
USUAL_SPLITS = ("train", "valid", "test")
LABELS, FILES = "json", "original_files"
ERROR_FILE = "error_file_list.json"
#: Threads that fetch, and items that are fetched ahead at most.
WORKERS, AHEAD = 8, 16
PAGE_SIZE = 100
#: Failures that an error names itself.
SHOWN = 5
STEP = "dataset"

#: Labels; name and place of each file.
_Fetched = tuple[Any, list[tuple[str, Path]]]


def bring_ground_truths(ctx: RuntimeContext, client: Any, params: DatasetParams) -> DatasetResult:
    """Write a version's ground truths to `output_dir`, else to the cache.

    What is in the cache is taken again while the server counts as many records and has no newer one.

    Raises:
        ExecutionError: Something could not be had. It is named in `error_file_list.json`; that folder is kept
            only where `output_dir` named it.
        ClientError: The server refuses, or is away for longer than it is waited for.
    """
    assert params.dataset is not None
    if params.output_dir is not None:
        check_is_free(params.output_dir)
    filters = _plan_splits(params)
    ctx.log_message(Code.DATASET_DOWNLOAD_STARTING, dataset_id=params.dataset)
    state = {split: _probe(client, wanted) for split, wanted in filters.items()}
    total = sum(count for count, _ in state.values())
    ctx.log_message(Code.DATASET_GT_EVENTS_FOUND, count=total)
    download = _Download(ctx, client, total)
    if params.output_dir is not None:
        target, summary = params.output_dir, download.write(filters, params.output_dir)
    else:
        target = _find_cache_folder(client, filters, state)
        summary = find_copy(target) or download.write_copy(filters, target)
        remove_unused_copies(target.parent)
    ctx.log_message(Code.DATASET_DOWNLOAD_COMPLETED, count=summary["count"])
    return DatasetResult(path=target, is_categorized="" not in filters, **summary)


def _plan_splits(params: DatasetParams) -> dict[str, dict[str, Any]]:
    """Return split → filter; the split without a name is a dataset that is not split."""
    scope = {"ground_truth_dataset_version": params.dataset}
    named = params.splits or ({split: {} for split in USUAL_SPLITS} if params.is_categorized else None)
    if named is None:
        return {"": scope}
    plan = {}
    for split, filters in named.items():
        if split not in CATEGORY_BY_SPLIT and "category" not in filters:
            raise ExecutionError(
                f"The server has no split {split!r}; it has {', '.join(CATEGORY_BY_SPLIT)}.",
                {"split": split, "available": list(CATEGORY_BY_SPLIT)},
                hint=f"Say what it is in its filter: splits={{{split!r}: {{'category': …}}}}.",
            )
        if split in ("", ".", "..") or set(split) & set("/\\\0"):
            raise ExecutionError(f"{split!r} is no name for a split's folder.", {"split": split})
        plan[split] = {**scope, "category": CATEGORY_BY_SPLIT.get(split), **filters}
    return plan


def _probe(client: Any, filters: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many records there are, and the number of the newest; 0 where there is none."""
    handler = GroundTruthExportTargetHandler({"export_page_size": 1})
    records, count = handler.get_results(client, filters)
    newest = next(iter(records), None)
    return count, 0 if newest is None else handler.read_id(newest)


def _find_cache_folder(client: Any, filters: Mapping[str, Any], state: Mapping[str, Any]) -> Path:
    from synapse_sdk.settings import load_settings

    facts = {"server": getattr(client, "base_url", ""), "filters": filters, "state": state}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
    return load_settings().cache_dir / "ground-truths" / digest


@dataclass
class _Download:
    """One download, and what has come of it so far."""

    ctx: RuntimeContext
    client: Any
    total: int
    handler: GroundTruthExportTargetHandler = field(
        default_factory=lambda: GroundTruthExportTargetHandler({"export_page_size": PAGE_SIZE})
    )
    expected: int = 0
    count: int = 0
    formats: set[str] = field(default_factory=set)
    #: Name and reason.
    failures: list[list[str]] = field(default_factory=list)

    def write(self, filters: Mapping[str, Mapping[str, Any]], target: Path) -> dict[str, Any]:
        """Write to a folder; what came stays there, even where that is not all."""
        with output_folder(target) as folder:
            self._fill(filters, folder)
            failure = self._find_failure(target)
            if failure is not None:
                (folder / ERROR_FILE).write_bytes(encode_json({"items": self.failures}, indent=4))
        if failure is not None:
            raise failure
        return self._summarise()

    def write_copy(self, filters: Mapping[str, Mapping[str, Any]], target: Path) -> dict[str, Any]:
        """Write to the cache; only what is whole stays there."""
        with output_folder(target, first_wins=True) as folder:
            self._fill(filters, folder)
            if (failure := self._find_failure(None)) is not None:
                raise failure
            (folder / SUMMARY_FILE).write_text(json.dumps(self._summarise()), "utf-8")
        return self._summarise()

    def _summarise(self) -> dict[str, Any]:
        return {"count": self.count, "format": "+".join(sorted(self.formats)) or "dm_v2"}

    def _fill(self, filters: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
        for split, wanted in filters.items():
            before = self.count
            self._fill_split(split, wanted, folder / split)
            if split:
                self.ctx.log_message(
                    Code.DATASET_SPLIT_DOWNLOADED, split_name=split, count=self.count - before
                )

    def _fill_split(self, split: str, filters: Mapping[str, Any], folder: Path) -> None:
        scratch = folder / ".fetching"
        scratch.mkdir(parents=True)
        for name in (LABELS, FILES):
            (folder / name).mkdir()
        records, count = self.handler.get_results(self.client, filters)
        self.expected += count
        named = _name_records(self.handler, records)
        fetch = _Fetcher(self.client, self.handler, scratch)
        with closing(look_ahead(named, fetch, workers=WORKERS, ahead=AHEAD)) as ahead:
            for (_, stem), future in ahead:
                try:
                    self.formats.add(_place(future.result(), stem, folder))
                    self.count += 1
                except Exception as error:
                    if is_hopeless(error):
                        raise
                    self.failures.append([f"{split}/{stem}" if split else stem, explain(error)])
                done = self.count + len(self.failures)
                self.ctx.set_progress(min(done, self.total), self.total or 1, STEP)
        shutil.rmtree(scratch)

    def _find_failure(self, kept: Path | None) -> ExecutionError | None:
        missing = max(self.expected - self.count, len(self.failures))
        if not missing:
            return None
        self.ctx.log_message(Code.DATASET_DOWNLOAD_PARTIAL, downloaded=self.count, missing=missing)
        named = ", ".join(f"{name} ({reason})" for name, reason in self.failures[:SHOWN])
        return ExecutionError(
            f"{missing} of {self.expected} items could not be downloaded"
            + (f": {named}" if named else "")
            + (", …." if len(self.failures) > SHOWN else "."),
            {
                "count": self.count,
                "missing_count": missing,
                "total_count": self.expected,
                "failures": self.failures[:100],
                "output_path": None if kept is None else str(kept),
            },
            hint="Nothing was kept; what comes is, with output_dir."
            if kept is None
            else f"The others are in {kept}; each failure with its reason is in {ERROR_FILE} there.",
        )


@dataclass(frozen=True)
class _Fetcher:
    """Fetches what belongs to one record: its labels, and all of its files."""

    client: Any
    handler: GroundTruthExportTargetHandler
    scratch: Path

    def __call__(self, named: tuple[dict[str, Any], str]) -> _Fetched:
        record, _ = named
        item = self.handler.build_item(record)
        number = item["id"]
        item = self.handler.complete_item(self.client, item, self.scratch / f"{number}.json")
        if item["data"] is None:
            raise ValueError("the record has no data")
        files = []
        for order, entry in enumerate(list_files(record)):
            target = self.scratch / f"{number}.{order}"
            self.handler.download(self.client, {**item, "files": entry}, "files", target)
            files.append((_read_name(entry), target))
        return item["data"], files


def _name_records(
    handler: GroundTruthExportTargetHandler, records: Iterable[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], str]]:
    stems = Stems()
    for record in records:
        name = _read_name(handler.build_item(record)["files"])
        yield record, stems.claim(handler.read_id(record), name)


def _read_name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("file_name_original") or entry.get("file_name") or "")


def _place(fetched: _Fetched, stem: str, folder: Path) -> str:
    """Write labels and files under their names; return how the labels are written."""
    data, files = fetched
    content = encode_json(data)
    targets = []
    for order, (name, _) in enumerate(files, start=1):
        suffix = clean_suffix(name)
        # The primary one has the labels' own name, the others are counted.
        targets.append(folder / FILES / (f"{stem}{suffix}" if order == 1 else f"{stem}.{order}{suffix}"))
    labels = folder / LABELS / f"{stem}.json"
    for target in (labels, *targets):
        if target.exists():
            raise FileExistsError(f"{target.name} is there already")
        target.parent.mkdir(parents=True, exist_ok=True)
    for target, (_, file) in zip(targets, files, strict=True):
        file.replace(target)
    labels.write_bytes(content)
    return detect_label_format(data)
