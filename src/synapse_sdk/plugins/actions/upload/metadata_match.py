"""Rows of metadata → the groups that they are about.

A row names a file by its path in its folder, by its name, by its name without the ending, or by the name that
it had before a tool cut it into numbered pieces. The first of these that any file has counts, and it must be
one group's alone. Source: interface sheet `actions.md` §7.2; there a row is also used for whatever file has
its name somewhere in its path.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from synapse_sdk.plugins.actions.upload.grouping import Group

#: `clip_0001` is a piece of `clip`.
TRANSFORMED_STEM_PATTERN = re.compile(r"(?P<origin>.+)_\d+\Z")


class Unmatched(NamedTuple):
    """A row that is of no use, and the groups that it may have been about."""

    name: str
    reason: str
    groups: tuple[Group, ...] = ()


def match_metadata(
    groups: Sequence[Group], rows: Mapping[str, Mapping[str, str]], repeated: Collection[str] = ()
) -> tuple[dict[str, dict[str, str]], list[Unmatched]]:
    """Return the values for each group by its key, and the rows that are of no use.

    Args:
        groups: The groups.
        rows: Values by the file name that a row begins with.
        repeated: The names that several rows begin with: which of them counts is not guessed.
    """
    indexes = _index(groups)
    found: dict[str, dict[str, str]] = {}
    unmatched = []
    matched = [(name, values, *_find(indexes, name)) for name, values in rows.items()]
    # What a row says of one file comes before what another says of all pieces of it, wherever they stand.
    for name, values, matches, is_shared in sorted(matched, key=lambda match: match[3]):
        if not matches:
            unmatched.append(Unmatched(name, "no file has this name"))
        elif name in repeated:
            unmatched.append(Unmatched(name, "several rows are about the same file", tuple(matches)))
        elif len(matches) > 1 and not is_shared:
            keys = ", ".join(group.key for group in matches[:5])
            reason = f"it may be about any of {keys}; name the file by its path in the folder"
            unmatched.append(Unmatched(name, reason, tuple(matches)))
        elif is_shared and all(group.key in found for group in matches):
            unmatched.append(Unmatched(name, "each of its files has a row of its own"))
        else:
            for group in matches:
                if group.key not in found:
                    found[group.key] = dict(values)
                elif not is_shared:
                    unmatched.append(Unmatched(name, f"another row is about {group.key}, too", (group,)))
    return found, unmatched


def _index(groups: Sequence[Group]) -> list[dict[str, list[Group]]]:
    indexes: list[dict[str, list[Group]]] = [defaultdict(list) for _ in range(5)]
    for group in groups:
        for order, name in set(_names_of(group)):
            indexes[order][name].append(group)
    return indexes


def _names_of(group: Group) -> Iterator[tuple[int, str]]:
    for file in group.files.values():
        relative = unicodedata.normalize("NFC", file.relative)
        name, stem = relative.rpartition("/")[2], file.key.rpartition("/")[2]
        yield from ((0, relative), (1, file.key), (2, name), (3, stem))
        if (origin := extract_origin_stem(stem)) is not None:
            yield 4, origin


def _find(indexes: Sequence[Mapping[str, list[Group]]], name: str) -> tuple[list[Group], bool]:
    """Return whom a row is about, and whether several may share it, as the pieces of one file do."""
    name = unicodedata.normalize("NFC", name)
    stem = name.rpartition(".")[0] or name
    for order, wanted in ((0, name), (1, name), (2, name), (3, name), (4, name), (4, stem)):
        if matches := indexes[order].get(wanted):
            return matches, order == 4
    return [], False


def extract_origin_stem(stem: str) -> str | None:
    """Return the name that a numbered piece was cut from: `clip` of `clip_0001`; None if it is no piece."""
    piece = TRANSFORMED_STEM_PATTERN.match(stem)
    return None if piece is None else piece["origin"]


def find_metadata_for_transformed_file(
    stem: str, metadata: Mapping[str, Mapping[str, str]]
) -> dict[str, str] | None:
    """Return the row of what a piece was cut from: for `clip_0001`, that of `clip`, or of `clip.mp4`.

    None without one, and where several are: which of them counts is not guessed.
    """
    if (origin := extract_origin_stem(stem)) is None:
        return None
    if origin in metadata:
        return dict(metadata[origin])
    rows = [row for name, row in metadata.items() if (name.rpartition(".")[0] or name) == origin]
    return dict(rows[0]) if len(rows) == 1 else None
