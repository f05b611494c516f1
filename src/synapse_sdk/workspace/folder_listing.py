"""Which files of a folder count."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from synapse_sdk.workspace.errors import WorkspaceError, name_some


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, and what changes when somebody writes to it."""

    path: str  # relative to the folder, with / between the parts
    size_bytes: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def from_stat(cls, path: str, status: os.stat_result) -> FoundFile:
        return cls(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds."""

    files: list[FoundFile] = field(default_factory=list)  # sorted by path
    left_out: list[str] = field(default_factory=list)  # hidden files and folders; a folder is named once
    problem_by_path: dict[str, str] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    def require_usable(self, root: Path) -> None:
        """Refuse a folder that holds what can not be registered or saved.

        Raises:
            WorkspaceError: Names the first few problems, and how many there are.
        """
        if not self.problem_by_path:
            return
        problems = [f"{path} ({problem})" for path, problem in self.problem_by_path.items()]
        raise WorkspaceError(
            f"{root} holds what can not be used: {name_some(problems)}.",
            {"path": str(root), "problems": dict(self.problem_by_path)},
            hint="Mend or remove these, then try again.",
        )


def list_folder(root: Path, *, with_hidden: bool) -> Listing:
    """List the files below `root`.

    Links are followed wherever they lead, to files and to folders: what counts is the bytes that a reader of
    the folder gets. Problems are links that lead nowhere or in a circle, files that are not regular (pipes,
    devices), and names that are not UTF-8.

    Args:
        with_hidden: False leaves out `__pycache__` and what begins with a dot.

    Raises:
        WorkspaceError: A folder can not be read.
    """
    listing = Listing()
    status = root.stat()
    pending: list[tuple[Path, str, frozenset[tuple[int, int]]]] = [
        (root, "", frozenset({(status.st_dev, status.st_ino)}))
    ]
    while pending:
        folder, prefix, parents = pending.pop()
        for entry in _entries(folder):
            path = prefix + entry.name
            if not with_hidden and (entry.name.startswith(".") or entry.name == "__pycache__"):
                listing.left_out.append(path)
            elif problem := _problem_of(entry):
                listing.problem_by_path[ascii(path)[1:-1] if "UTF-8" in problem else path] = problem
            elif entry.is_dir():
                inside = entry.stat()
                identity = (inside.st_dev, inside.st_ino)
                if identity in parents:
                    listing.problem_by_path[path] = "a link to a folder that it lies in"
                else:
                    pending.append((Path(entry.path), f"{path}/", parents | {identity}))
            else:
                listing.files.append(FoundFile.from_stat(path, entry.stat()))
    listing.files.sort(key=lambda file: file.path)
    listing.left_out.sort()
    return listing


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as exc:
        raise WorkspaceError(
            f"The folder {folder} can not be read: {exc.strerror}.", {"path": str(folder)}
        ) from exc


def _problem_of(entry: os.DirEntry[str]) -> str | None:
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    try:
        mode = entry.stat().st_mode
    except OSError as exc:
        return f"a link that leads nowhere: {exc.strerror}" if entry.is_symlink() else str(exc.strerror)
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        return "neither a file nor a folder"
    return None
