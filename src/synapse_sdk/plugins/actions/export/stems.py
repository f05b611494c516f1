"""Names of an export's files: each item's own, below the export's folder, and never another's.

An item is known by the relative path of its file, so `left/1.png` and `right/1.png` stay apart. Where two
would still have one name, as `1.png` and `1.jpg` as labels, the later one gets its id behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

#: Of one part of a path, in bytes, which leaves room for an id and a suffix in the 255 that file systems
#: give.
PART_LIMIT_BYTES = 200
_UNWRITABLE = re.compile(r'[\x00-\x1f\x7f\ud800-\udfff<>:"|?*]')
#: Some systems drop these from the end of a name; of dots alone, every system makes another folder.
_ENDS = re.compile(r"[\s.]+\Z")
#: Windows writes to a device instead, whatever suffix follows.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|\Z)", re.IGNORECASE)


@dataclass
class Stems:
    """The names that are taken, and whose they are."""

    #: Names that no item gets.
    reserved: Iterable[str] = ()
    #: Every item that did not get the name that its file has: `item_id`, `original_name`, `output_stem`.
    collisions: list[dict[str, Any]] = field(default_factory=list)
    _stem_by_id: dict[int, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._taken.update(map(_fold, self.reserved))

    def claim(self, item_id: int, original_name: str) -> str:
        """Return the name of an item's files, without a suffix; asked again, the same."""
        if item_id not in self._stem_by_id:
            self._stem_by_id[item_id] = self._find_free(item_id, original_name)
        return self._stem_by_id[item_id]

    def plan(self, names: Iterable[tuple[int, str]]) -> None:
        """Name all items at once, so that names do not depend on the order: the lowest id comes first."""
        for item_id, original_name in sorted(names):
            self.claim(item_id, original_name)

    def _find_free(self, item_id: int, original_name: str) -> str:
        wanted = stem = clean_stem(original_name) or str(item_id)
        count = 0
        while _fold(stem) in self._taken:
            stem = f"{wanted}__{item_id}" + (f"_{count}" if count else "")
            count += 1
        self._taken.add(_fold(stem))
        if stem != wanted:
            self.collisions.append({"item_id": item_id, "original_name": original_name, "output_stem": stem})
        return stem


def clean_stem(original_name: str) -> str:
    """Return a relative path without its suffix, of parts that any system can write; empty where none is."""
    parts = _clean_parts(original_name)
    if parts:
        parts[-1] = _clean_part(PurePosixPath(parts[-1]).stem) or "_"
    return "/".join(parts)


def clean_suffix(original_name: str) -> str:
    """Return a name's suffix with its dot, as any system can write it; empty where it has none."""
    return PurePosixPath(["", *_clean_parts(original_name)][-1]).suffix


def _clean_parts(original_name: str) -> list[str]:
    parts = [_clean_part(part) for part in original_name.replace("\\", "/").split("/")]
    # What is nothing, or dots only, is left out after it was cleaned: only then is it seen what it is.
    return [part for part in parts if part]


def _clean_part(part: str) -> str:
    part = _ENDS.sub("", _UNWRITABLE.sub("_", part)).lstrip()
    if len(part.encode()) > PART_LIMIT_BYTES:
        suffix = PurePosixPath(part).suffix[:20]
        kept = part.encode()[: PART_LIMIT_BYTES - len(suffix.encode())].decode(errors="ignore")
        part = _ENDS.sub("", kept + suffix)
    return _DEVICE.sub(r"\g<0>_", part, count=1) if _DEVICE.match(part) else part


def _fold(stem: str) -> str:
    # Some file systems take two spellings for one name.
    return unicodedata.normalize("NFC", stem).casefold()
