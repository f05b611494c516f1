"""A failure as the plugin's author wants to read it: from their file on, without our frames above it."""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path

from synapse_sdk._internal.errors import SynapseError

#: Characters of a traceback that are shown and kept.
TEXT_LIMIT = 40_000
_SDK_FOLDER = Path(__file__).resolve().parent.parent
_IMPORTLIB_FOLDER = Path(importlib.__file__).resolve().parent


def format_author_traceback(error: BaseException, folder: Path | None) -> str | None:
    """Return the traceback of `error` and its causes, each from the first frame in `folder` on.

    Frames of the SDK that raised one of our own errors on purpose are left out at the end too: its sentence
    says more. A syntax error has no frame in the file it is about, and is shown as Python shows it.

    Returns:
        The text, or None when none of the author's code had run.
    """
    report = traceback.TracebackException.from_exception(error)
    root = None if folder is None else folder.resolve()
    has_author_frame = _trim(report, error, root, seen=set())
    if not has_author_frame and not isinstance(error, SyntaxError):
        return None
    return _cut("".join(report.format()).rstrip())


def _cut(text: str) -> str:
    """Leave out the middle of what is too long to be read: an exception may carry a whole file."""
    left_out = len(text) - TEXT_LIMIT
    if left_out <= 0:
        return text
    half = TEXT_LIMIT // 2
    return f"{text[:half]}\n… ({left_out:,} characters are left out)\n{text[-half:]}"


def is_raised_in(error: BaseException, folder: Path) -> bool:
    """Did any code of `folder` take part in raising `error`?"""
    root = folder.resolve()
    return any(_is_below(frame.filename, root) for frame in traceback.extract_tb(error.__traceback__))


def _trim(
    report: traceback.TracebackException, error: BaseException, root: Path | None, *, seen: set[int]
) -> bool:
    seen.add(id(report))
    frames = list(report.stack)
    start = next((i for i, frame in enumerate(frames) if root and _is_below(frame.filename, root)), None)
    if start is None:
        kept = [frame for frame in frames if not _is_plumbing(frame.filename)]
    else:
        kept = frames[start:]
    if isinstance(error, SynapseError):
        while kept and _is_below(kept[-1].filename, _SDK_FOLDER):
            kept.pop()
    report.stack = traceback.StackSummary.from_list(kept)
    found = start is not None
    for inner, cause in ((report.__cause__, error.__cause__), (report.__context__, error.__context__)):
        if inner is not None and cause is not None and id(inner) not in seen:
            found = _trim(inner, cause, root, seen=seen) or found
    return found


def _is_below(filename: str, folder: Path) -> bool:
    if filename.startswith("<"):
        return False  # "<string>", "<frozen importlib._bootstrap>": no file, wherever we stand
    try:
        return Path(filename).resolve().is_relative_to(folder)
    except (OSError, ValueError):
        return False


def _is_plumbing(filename: str) -> bool:
    return filename.startswith("<frozen importlib") or any(
        _is_below(filename, folder) for folder in (_SDK_FOLDER, _IMPORTLIB_FOLDER)
    )
