"""Fourth: which files there are, and which belong together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synapse_sdk.plugins.actions._storage import find_storage_root
from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.discovery import FoundFile, Problem, find_files, find_problem
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.groups import normalize_groups
from synapse_sdk.plugins.actions.upload.log_messages import UploadLogMessageCode
from synapse_sdk.plugins.actions.upload.source_folder import find_folder
from synapse_sdk.plugins.actions.upload.strategies.answers import require_groups
from synapse_sdk.plugins.actions.upload.strategies.base import FileDiscoveryStrategy
from synapse_sdk.plugins.actions.upload.strategies.choice import choose_strategy
from synapse_sdk.plugins.actions.upload.strategies.file_discovery import RecursiveFileDiscoveryStrategy
from synapse_sdk.plugins.steps.base import BaseStep, StepResult


class OrganizeFilesStep(BaseStep[UploadContext]):
    """Asks `file_discovery` for every file, and for those that make one data unit."""

    name = "organize_files"
    progress_weight = 0.15
    progress_proportion = 2

    def execute(self, context: UploadContext) -> StepResult:
        """Ask."""
        assert context.storage is not None
        strategy = choose_strategy(context, "file_discovery", RecursiveFileDiscoveryStrategy)
        strategy.root = find_storage_root(context.storage)
        strategy.without = set() if context.metadata_file is None else {context.metadata_file}
        strategy.repeated_rows = context.repeated_rows
        files: list[Path] = []
        folders: dict[str, Path] = {}
        for name, folder, is_recursive in _list_folders(context, strategy.root):
            folders[name] = folder
            files += _take(context, strategy, name, folder, is_recursive)
        specs = [specification.model_dump() for specification in context.specifications]
        answered = strategy.organize(files, specs, context.excel_metadata, folders)
        groups = require_groups(answered, [specification.name for specification in context.specifications])
        _tell_unused(context, strategy)
        for path in set(files).difference(*(group["files"].values() for group in groups)):
            # What has ended with a reason of its own keeps that.
            context.import_log.skip(path, None, "the plugin's file discovery put it into no group")
        context.organized_files = [_add_groups(context, group) for group in groups]
        code = UploadLogMessageCode.UPLOAD_FILES_ORGANIZED
        if not groups:
            code = UploadLogMessageCode.UPLOAD_NO_FILES_FOUND
        context.log_message(code, count=len(groups))
        return StepResult(data={"count": len(groups)})


def _list_folders(context: UploadContext, root: Path) -> Iterator[tuple[str, Path, bool]]:
    """Yield the folder of each specification; the files of none have failed then."""
    params = context.params
    if context.pathlib_cwd is None:
        for name, asset in params["assets"].items():
            yield name, find_folder(root, asset["path"]), asset["is_recursive"]
        return
    names = [specification.name for specification in context.specifications]
    folders = {name: folder for name in names if _lies_in(folder := context.pathlib_cwd / name, root)}
    for name, folder in folders.items():
        yield name, folder, params["is_recursive"]
    table = set() if context.metadata_file is None else {context.metadata_file}
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


def _take(
    context: UploadContext, strategy: FileDiscoveryStrategy, name: str, folder: Path, is_recursive: bool
) -> Iterator[Path]:
    """Yield the files that are wanted and that nothing speaks against; the others have ended."""
    assert strategy.root is not None
    strategy.listed = None
    wanted = dict.fromkeys(map(Path, strategy.discover(folder, is_recursive)))
    listed = strategy.listed
    if listed is None:
        listed = list(
            find_files(folder, is_recursive=is_recursive, root=strategy.root, without=strategy.without)
        )
    for file in [*listed, *_judge(wanted.keys() - {file.path for file in listed}, folder, strategy.root)]:
        context.import_log.found(file.path, f"{name}/{file.relative}")
        if file.problem is not None:
            context.import_log.fail(file.path, *file.problem)
        elif file.path in wanted:
            yield file.path
        else:
            reason = file.left_out or "the plugin's file discovery passed it over"
            context.import_log.skip(file.path, None, reason)


def _judge(paths: set[Path], folder: Path, root: Path) -> Iterator[FoundFile]:
    """Yield what a strategy found beyond the listing, judged as everything else is."""
    for path in sorted(paths):
        relative = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
        yield FoundFile(path, relative, find_problem(path, relative, root.resolve()))


def _tell_unused(context: UploadContext, strategy: FileDiscoveryStrategy) -> None:
    for paths, problem in strategy.unfit:
        context.import_log.fail(paths, *problem)
    for row in strategy.unmatched:
        context.import_log.fail_row(row.name, row.reason)
        for group in row.groups:
            paths = [file.path for file in group.files.values()]
            reason = f"the metadata row {row.name!r}: {row.reason}"
            context.import_log.fail(paths, ImportFailureCode.INVALID_METADATA, reason)


def _add_groups(context: UploadContext, record: dict[str, Any]) -> dict[str, Any]:
    groups = normalize_groups(context.get_param("group_name"))
    return {**record, "groups": groups} if groups and "groups" not in record else record
