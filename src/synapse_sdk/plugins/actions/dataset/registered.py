"""A dataset of the workspace, where it lies or as a copy."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from synapse_sdk.plugins.actions.dataset.log_messages import DatasetLogMessageCode
from synapse_sdk.plugins.actions.dataset.models import DatasetParams, DatasetResult
from synapse_sdk.plugins.actions.dataset.output_folder import output_folder
from synapse_sdk.plugins.errors import ExecutionError

if TYPE_CHECKING:
    from synapse_sdk.plugins.context import RuntimeContext
    from synapse_sdk.workspace import DatasetInfo

DATASET_FILE = "dataset.yaml"


def bring_registered(ctx: RuntimeContext, params: DatasetParams, dataset: DatasetInfo) -> DatasetResult:
    """Return where a dataset lies; a copy of its folder, or of the splits that are named, in `output_dir`.

    Raises:
        ExecutionError: A split is not there, a filter is given, or `output_dir` has something in it.
    """
    names = _check_splits(params, dataset)
    ctx.log_message(DatasetLogMessageCode.DATASET_DOWNLOAD_STARTING, dataset_id=dataset["id"])
    root = Path(dataset["path"])
    if params.output_dir is not None:
        with output_folder(params.output_dir) as folder:
            _copy(root, folder, names)
        root = params.output_dir
    counts = {name: dataset["splits"][name]["count"] for name in names or dataset["splits"]}
    ctx.log_message(DatasetLogMessageCode.DATASET_DOWNLOAD_COMPLETED, count=sum(counts.values()))
    described = root / DATASET_FILE
    has_description = described.is_file()
    return DatasetResult(
        path=root,
        format="yolo" if has_description else "files",
        is_categorized=bool(names),
        config_path=described if has_description else None,
        count=sum(counts.values()),
    )


def _check_splits(params: DatasetParams, dataset: DatasetInfo) -> list[str]:
    named = list(params.splits or ()) or (list(dataset["splits"]) if params.is_categorized else [])
    missing = [name for name in named if name not in dataset["splits"]]
    filtered = [name for name, filters in (params.splits or {}).items() if filters]
    if missing or filtered:
        raise ExecutionError(
            f"Dataset {dataset['id']} has no split {', '.join(missing)}; "
            f"it has {', '.join(dataset['splits'])}."
            if missing
            else f"Dataset {dataset['id']} is the workspace's: its files can not be filtered, as split "
            f"{', '.join(filtered)} would be.",
            {"dataset": dataset["id"], "splits": named, "available": list(dataset["splits"])},
        )
    return named


def _copy(root: Path, folder: Path, names: list[str]) -> None:
    if not names:
        shutil.copytree(root, folder, dirs_exist_ok=True)
        return
    for name in names:
        shutil.copytree(root / name, folder / name)
    if (root / DATASET_FILE).is_file():
        shutil.copyfile(root / DATASET_FILE, folder / DATASET_FILE)
