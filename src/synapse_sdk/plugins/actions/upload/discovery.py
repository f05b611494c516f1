"""A folder → the files in it, each with what speaks against it.

Source: interface sheet `actions.md` §7.2. Unlike there, what is passed over is found, too, and is said to be.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode

#: Folders of programs and operating systems, which nobody means when they upload a folder.
EXCLUDED_DIRS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        "__MACOSX",
        "@eaDir",
        ".thumbnails",
        ".Trash",
        ".Trashes",
        ".Spotlight-V100",
        "$RECYCLE.BIN",
        "System Volume Information",
    }
)
#: Files of the same kind; so is every file that begins with `._`.
EXCLUDED_FILES = frozenset({".DS_Store", ".directory", "Thumbs.db", "desktop.ini", "ehthumbs.db"})


_SYSTEMS_OWN = "it is the operating system's"
_NOT_RECURSIVE = "it is a sub-folder, and is_recursive is false"


class Problem(NamedTuple):
    """Why a file can not be imported."""

    code: ImportFailureCode
    reason: str


class FoundFile(NamedTuple):
    """A file in a folder; or a folder in it that is passed over as a whole."""

    path: Path
    #: From the folder on, with `/` between.
    relative: str
    #: None where nothing speaks against it so far.
    problem: Problem | None = None
    #: Why it is passed over, where that is no harm: the system's own, a sub-folder that is not wanted.
    left_out: str | None = None

    @property
    def key(self) -> str:
        """Its path without its ending: what the files of one group have in common.

        Letters are composed: one system writes é as one sign, another as two, and so each syllable of Korean.
        """
        folder, _, name = unicodedata.normalize("NFC", self.relative).rpartition("/")
        stem = name.rpartition(".")[0] or name
        return f"{folder}/{stem}" if folder else stem


def find_files(
    folder: Path, *, is_recursive: bool, root: Path | None = None, without: Collection[Path] = ()
) -> Iterator[FoundFile]:
    """Yield the files in a folder, in order.

    Args:
        folder: Where to look.
        is_recursive: Look into sub-folders, too.
        root: Links may lead to files inside of this; `folder` unless given.
        without: What is not looked at.

    Raises:
        OSError: The folder, or one in it, can not be listed.
    """
    root = (root or folder).resolve()
    # By hand: folders may lie deeper in each other than Python calls itself.
    open_folders = [_list_entries(folder, "")]
    while open_folders:
        if (listed := next(open_folders[-1], None)) is None:
            open_folders.pop()
            continue
        relative, entry = listed
        path = Path(entry.path)
        if path in without:
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name in EXCLUDED_DIRS:
                yield FoundFile(path, relative, left_out=_SYSTEMS_OWN)
            elif is_recursive:
                open_folders.append(_list_entries(path, f"{relative}/"))
            else:
                yield FoundFile(path, relative, left_out=_NOT_RECURSIVE)
        elif entry.name in EXCLUDED_FILES or entry.name.startswith("._"):
            yield FoundFile(path, relative, left_out=_SYSTEMS_OWN)
        else:
            yield FoundFile(path, relative, find_problem(path, relative, root))


def _list_entries(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    return iter([(f"{prefix}{entry.name}", entry) for entry in listed])


def find_problem(path: Path, relative: str, root: Path) -> Problem | None:
    """Return what speaks against a file, judged without its content. `root` is resolved."""
    if not relative.isprintable():
        return Problem(ImportFailureCode.UNSAFE_CONTENT, "its name has letters that can not be written")
    try:
        target = path.resolve(strict=True)
        status = target.stat()
    except OSError as error:
        return Problem(ImportFailureCode.FILE_CORRUPTED, f"it can not be read: {error.strerror}")
    if not target.is_relative_to(root):
        return Problem(ImportFailureCode.UNSAFE_CONTENT, "it is a link that leads out of the folder")
    if not stat.S_ISREG(status.st_mode):
        what = "a link to a folder" if stat.S_ISDIR(status.st_mode) else "no file of bytes"
        return Problem(ImportFailureCode.UNSAFE_CONTENT, f"it is {what}")
    if not status.st_size:
        return Problem(ImportFailureCode.FILE_CORRUPTED, "it is empty")
    return None
