"""Manifests that clients send: what of them is taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk.server.http import InvalidError
from synapse_sdk.workspace.manifest import Item

#: One body of JSON; about 40 MB of it.
ITEM_LIMIT = 200_000
PATH_LIMIT_BYTES = 1024
#: As file systems have it.
NAME_LIMIT_BYTES = 255
CONTENT_LIMIT_BYTES = 50 * 1024**3
_SHOWN_PROBLEMS = 20
#: A backslash parts folders elsewhere; control characters and half characters are no honest names.
_UNFIT = re.compile(r"[\\\x00-\x1f\x7f\ud800-\udfff]")


class ManifestEntry(BaseModel):
    """A file: where it lies, how large it is, and what is in it."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, description="Relative, with / between the parts.")
    size_bytes: int = Field(ge=0, le=CONTENT_LIMIT_BYTES)
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")


def parse_manifest(entries: Sequence[ManifestEntry]) -> list[Item]:
    """Return a manifest's items in the order of their paths.

    Raises:
        InvalidError: A path leads outside, or two of them can not lie in one folder; names each.
    """
    problems = [
        _problem(index, entry.path, problem)
        for index, entry in enumerate(entries)
        if (problem := find_path_problem(entry.path)) is not None
    ]
    problems = problems or _find_clashes([entry.path for entry in entries]) or _find_odd_sizes(entries)
    if problems:
        raise InvalidError.of_fields(problems[:_SHOWN_PROBLEMS])
    items = [Item(entry.path, entry.size_bytes, entry.digest) for entry in entries]
    return sorted(items, key=lambda item: item.path)


def find_path_problem(path: str) -> str | None:
    """Say what is wrong with a relative path, None when nothing is."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "a path is relative, and has no empty, . or .. parts"
    if _UNFIT.search(path):
        return "a path has no backslashes and no control characters"
    encoded = path.encode("utf-8")
    if len(encoded) > PATH_LIMIT_BYTES or any(len(part.encode()) > NAME_LIMIT_BYTES for part in parts):
        return f"a path has up to {PATH_LIMIT_BYTES} bytes, each part up to {NAME_LIMIT_BYTES}"
    return None


def _find_clashes(paths: Iterable[str]) -> list[dict[str, Any]]:
    problems, folders, seen = [], set[str](), set[str]()
    for index, path in enumerate(paths):
        if path in seen:
            problems.append(_problem(index, path, "the path is there twice"))
        seen.add(path)
        parent = path.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    both = sorted(folders & seen)
    return problems + [_problem(0, path, "the path is a file and a folder") for path in both]


def _find_odd_sizes(entries: Iterable[ManifestEntry]) -> list[dict[str, Any]]:
    size_by_digest: dict[str, int] = {}
    return [
        _problem(index, entry.path, "the same digest is there with another size")
        for index, entry in enumerate(entries)
        if size_by_digest.setdefault(entry.digest, entry.size_bytes) != entry.size_bytes
    ]


def _problem(index: int, path: str, said: str) -> dict[str, Any]:
    return {"loc": ["manifest", index, "path"], "msg": said, "type": "path", "input": path[:200]}
