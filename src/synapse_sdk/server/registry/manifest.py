"""The manifest of a release as clients send it: what of it is taken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.server.http import InvalidError
from synapse_sdk.server.registry.models import Difference

FILE_LIMIT = 100_000
SIZE_LIMIT_BYTES = 5 * 1024**3
PATH_LIMIT_BYTES = 1024
#: As file systems have it.
NAME_LIMIT_BYTES = 255
_SHOWN_PROBLEMS = 20
#: A backslash parts folders elsewhere; control characters and half characters are no honest names.
_UNFIT = re.compile(r"[\\\x00-\x1f\x7f\ud800-\udfff]")


def check_files(files: Sequence[ManifestFile]) -> None:
    """Raise unless these can be the files of a release.

    Raises:
        InvalidError: A path leads outside; two of them can not lie in one folder, on any system; there are
            too many. Names each problem.
    """
    _check_count(len(files))
    check_paths([file.path for file in files], loc="manifest")


def check_difference(difference: Difference) -> None:
    """Raise unless what makes one release of another leaves files that a release can have.

    Raises:
        InvalidError: As `check_files`.
    """
    paths, gone = [file.path for file in difference.changed], difference.gone
    here = [file.path for file in difference.base.files]
    kept = [path for path in here if path not in gone]
    _check_count(len(kept) + len(paths))
    if len(set(paths)) == len(paths) and set(here).issuperset(paths):
        return  # each takes the place of one that was checked with all others
    check_paths(paths, loc="manifest", others=kept)


def _check_count(count: int) -> None:
    if not 0 < count <= FILE_LIMIT:
        raise InvalidError(f"A release holds one to {FILE_LIMIT} files, not {count}.")


def check_paths(
    paths: Sequence[str], *, loc: str, are_folders: bool = False, others: Sequence[str] = ()
) -> None:
    """Raise unless all these files can lie in one folder, on any system.

    Args:
        paths: Relative ones.
        loc: What of the request they came from.
        are_folders: They name folders, which may be named more than once.
        others: Paths of files that lie in the folder already, with nothing wrong between them.

    Raises:
        InvalidError: Names each problem.
    """
    problems = [
        _problem(loc, index, path, problem)
        for index, path in enumerate(paths)
        if (problem := find_path_problem(path)) is not None
    ]
    if not problems and not are_folders:
        problems = list(_find_clashes(loc, [*paths, *others]))
    if problems:
        raise InvalidError.of_fields(problems[:_SHOWN_PROBLEMS])


def find_path_problem(path: str) -> str | None:
    """Say what is wrong with a relative path, None when nothing is."""
    if _is_plain(path):
        return None
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "a path is relative, and has no empty, . or .. parts"
    if _UNFIT.search(path):
        return "a path has no backslashes and no control characters"
    if len(path.encode()) > PATH_LIMIT_BYTES or any(len(part.encode()) > NAME_LIMIT_BYTES for part in parts):
        return f"a path has up to {PATH_LIMIT_BYTES} bytes, each part up to {NAME_LIMIT_BYTES}"
    return None


def _is_plain(path: str) -> bool:
    """Is it as most are: short, in ASCII, no part empty or begun with a dot? It need not be taken apart."""
    return (
        0 < len(path) <= NAME_LIMIT_BYTES
        and path.isascii()
        and path[0] not in "./"
        and path[-1] != "/"
        and "/." not in path
        and "//" not in path
        and not _UNFIT.search(path)
    )


def _find_clashes(loc: str, paths: Iterable[str]) -> Iterable[dict[str, Any]]:
    # Compared without case and in one spelling, for systems that do: there one would replace the other.
    folders: dict[str, str] = {}
    files: dict[str, str] = {}
    for index, path in enumerate(paths):
        key = _spell(path)
        if key in files:
            same = files[key] == path
            yield _problem(loc, index, path, "it is there twice" if same else f"it clashes with {files[key]}")
        files[key] = path
        parent = path.rpartition("/")[0]
        while parent and _spell(parent) not in folders:
            folders[_spell(parent)] = parent
            parent = parent.rpartition("/")[0]
    for key in sorted(folders.keys() & files.keys()):
        yield _problem(loc, 0, files[key], "it is a file and a folder")


def _spell(path: str) -> str:
    """Return what two paths have in common that are one file on some system: `é` can be one sign, or two."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _problem(loc: str, index: int, path: str, said: str) -> dict[str, Any]:
    return {
        "loc": [loc, index, "path"],
        "msg": f"{path[:200]!r}: {said}",
        "type": "path",
        "input": path[:200],
    }
