"""Filled templates → a plugin folder that appears whole, or not at all."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk._internal.atomic_write import temporary_sibling
from synapse_sdk.scaffold.answers import Answers, ScaffoldError
from synapse_sdk.scaffold.filling import fill_templates


@dataclass(frozen=True, slots=True)
class CreatedPlugin:
    """A new plugin folder."""

    folder: Path
    answers: Answers
    #: Paths from the folder on, with slashes, sorted.
    files: tuple[str, ...]


def create_plugin(answers: Answers, parent: Path) -> CreatedPlugin:
    """Write a new plugin into `parent`, which is made when it is missing.

    The folder is written beside its place under another name and then renamed. However this ends, an
    interruption included, there is a whole plugin or nothing new at all.

    Raises:
        ScaffoldError: Something is there already, even an empty folder; or it can not be written there.
    """
    files = fill_templates(answers)
    folder = parent.absolute() / answers.folder_name
    refuse_existing(folder)
    try:
        with _made_folders(folder.parent), _draft(folder) as draft:
            for path, text in files.items():
                file = draft / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode("utf-8"))
            # An empty folder that appeared meanwhile would be replaced by the rename without a word.
            refuse_existing(folder)
            draft.rename(folder)
    except OSError as error:
        if os.path.lexists(folder):
            refuse_existing(folder)
        raise ScaffoldError(
            f"{folder} can not be written: {error.strerror or error}.",
            {"path": str(folder), "errno": error.errno},
            hint="Nothing was left behind. Choose a folder that you may write to, with --path.",
        ) from error
    return CreatedPlugin(folder, answers, tuple(files))


def refuse_existing(folder: Path) -> None:
    """Refuse a place where something is, be it an empty folder or a dangling link.

    Raises:
        ScaffoldError: There is; the hint has the ways on.
    """
    if not os.path.lexists(folder):
        return
    kind = "folder" if folder.is_dir() else "file"
    plugin = (folder / "config.yaml").is_file()
    ways = "Choose another --code or --path, or move it away."
    look = f" It holds a plugin already: synapse plugin info --path {shlex.quote(str(folder))}"
    raise ScaffoldError(
        f"There is already a {kind} {folder}; nothing in it was touched.",
        {"path": str(folder), "holds_plugin": plugin},
        hint=ways + (look if plugin else ""),
    )


@contextmanager
def _made_folders(folder: Path) -> Iterator[None]:
    """Make `folder` and what is missing above it; take them away again when the block fails."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in missing:
            # One that is not empty is somebody else's by now.
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
        raise


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """Make a folder to be renamed to `folder`; whatever is left of it goes away with the block."""
    private = temporary_sibling(folder.parent, label=folder.name)
    try:
        # Inside the private one, so that the plugin itself gets the permissions that any new folder has.
        draft = private / folder.name
        draft.mkdir()
        yield draft
    finally:
        shutil.rmtree(private, ignore_errors=True)
