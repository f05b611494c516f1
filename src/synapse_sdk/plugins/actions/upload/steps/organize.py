"""Fourth: which files there are, and which belong together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions._storage import find_storage_root
from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.discovery import FoundFile, Problem, find_files
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.grouping import Group, group_files
from synapse_sdk.plugins.actions.upload.groups import normalize_groups
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.metadata_match import match_metadata
from synapse_sdk.plugins.actions.upload.source_folder import find_folder
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class OrganizeFilesStep(BaseStep[UploadContext]):
    """Finds every file, and puts those that make one data unit together."""

    name = "organize_files"
    progress_weight = 0.15
    progress_proportion = 2

    def execute(self, context: UploadContext) -> StepResult:
        """Find them."""
        found = {name: list(_take(context, name, files)) for name, files in _find_all(context)}
        groups, unfit = group_files(context.specifications, found)
        for left in unfit:
            context.import_log.fail([file.path for file in left.files], *left.problem)
        groups, metadata = _match(context, groups)
        context.organized_files = [_organize(context, group, metadata.get(group.key, {})) for group in groups]
        code = UploadLogMessageCode.UPLOAD_FILES_ORGANIZED
        if not groups:
            code = UploadLogMessageCode.UPLOAD_NO_FILES_FOUND
        context.log_message(code, count=len(groups))
        return StepResult(data={"count": len(groups)})


def _find_all(context: UploadContext) -> Iterator[tuple[str, Iterator[FoundFile]]]:
    """Yield the files of each specification; those of none have failed already."""
    assert context.storage is not None
    root, params = find_storage_root(context.storage), context.params
    table = set() if context.metadata_file is None else {context.metadata_file}
    if context.pathlib_cwd is None:
        for name, asset in params["assets"].items():
            folder = find_folder(root, asset["path"])
            yield name, find_files(folder, is_recursive=asset["is_recursive"], root=root, without=table)
        return
    names = [specification.name for specification in context.specifications]
    folders = {name: folder for name in names if _lies_in(folder := context.pathlib_cwd / name, root)}
    for name, folder in folders.items():
        yield name, find_files(folder, is_recursive=params["is_recursive"], root=root, without=table)
    _fail_strays(context, root, names, without={*folders.values(), *table})


def _lies_in(folder: Path, root: Path) -> bool:
    # A file that has a specification's name is a stray, and so is a link that leads out of the storage.
    return folder.is_dir() and folder.resolve().is_relative_to(root.resolve())


def _fail_strays(context: UploadContext, root: Path, names: list[str], *, without: set[Path]) -> None:
    assert context.pathlib_cwd is not None
    for file in find_files(context.pathlib_cwd, is_recursive=True, root=root, without=without):
        context.import_log.found(file.path, file.relative)
        if file.left_out is not None:
            context.import_log.skip(file.path, None, file.left_out)
        else:
            reason = f"it lies in no folder of a file specification: {', '.join(names)}"
            problem = file.problem or Problem(ImportFailureCode.UNKNOWN_ERROR, reason)
            context.import_log.fail(file.path, *problem)


def _take(context: UploadContext, name: str, files: Iterator[FoundFile]) -> Iterator[FoundFile]:
    """Yield the files that nothing speaks against; the others have ended."""
    for file in files:
        context.import_log.found(file.path, f"{name}/{file.relative}")
        if file.left_out is not None:
            context.import_log.skip(file.path, None, file.left_out)
        elif file.problem is not None:
            context.import_log.fail(file.path, *file.problem)
        else:
            yield file


def _match(context: UploadContext, groups: list[Group]) -> tuple[list[Group], dict[str, dict[str, str]]]:
    """Return the groups whose metadata is clear, and the metadata by group."""
    metadata, unmatched = match_metadata(groups, context.excel_metadata, context.repeated_rows)
    unclear = set()
    for row in unmatched:
        context.import_log.fail_row(row.name, row.reason)
        for group in row.groups:
            unclear.add(group.key)
            paths = [file.path for file in group.files.values()]
            reason = f"the metadata row {row.name!r}: {row.reason}"
            context.import_log.fail(paths, ImportFailureCode.INVALID_METADATA, reason)
    return [group for group in groups if group.key not in unclear], metadata


def _organize(context: UploadContext, group: Group, metadata: dict[str, str]) -> dict[str, Any]:
    primaries = [spec.name for spec in context.specifications if spec.is_primary and spec.name in group.files]
    primary = group.files[primaries[0] if primaries else next(iter(group.files))]
    record: dict[str, Any] = {
        "files": {name: file.path for name, file in group.files.items()},
        "meta": {
            "origin_file_stem": primary.path.stem,
            "origin_file_extension": primary.path.suffix,
            "created_at": datetime.now(UTC).isoformat(),
            "data_unit_key": group.key,
            **metadata,
        },
    }
    if groups := normalize_groups(context.get_param("group_name")):
        record["groups"] = groups
    return record
