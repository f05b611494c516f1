"""A folder that is there whole, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.plugins.errors import ExecutionError


@contextmanager
def output_folder(target: Path, *, first_wins: bool = False) -> Iterator[Path]:
    """Give a folder to write to, beside `target`, which it becomes when all went well; else it is removed.

    Args:
        target: Not there yet, or empty.
        first_wins: On, what another process put there meanwhile stays; off, that is an error.

    Raises:
        ExecutionError: `target` has something in it.
    """
    target = target.resolve()  # a link to a folder, or `.`, is the folder that it means
    if not first_wins:
        check_is_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{uuid7()}.partial")
    part.mkdir()
    try:
        yield part
        try:
            part.replace(target)  # an empty folder gives way
        except OSError:
            if not (first_wins and target.is_dir()):
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def check_is_free(target: Path) -> None:
    """Check that a folder is not there, or empty.

    Raises:
        ExecutionError: It has something in it, or is a file.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExecutionError(
            f"{target} has something in it, which would be mixed with the dataset.",
            {"output_dir": str(target)},
            hint="Name a folder that is not there yet.",
        )
