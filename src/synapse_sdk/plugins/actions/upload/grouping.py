"""Files → groups that become data units. A file is what its path says, not what its name says.

Files of several specifications belong together by their path without its ending: `image_1/a/1.png` and
`label_1/a/1.json`. Where that leaves a group without its required files, the name alone decides, if only one
file of each specification has it.

Source: interface sheet `actions.md` §7.2. There two files of one name are one, and the older is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from synapse_sdk.plugins.actions.upload.discovery import FoundFile, Problem
from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode
from synapse_sdk.plugins.actions.upload.specifications import FileSpecification


@dataclass
class Group:
    """The files of one data unit."""

    #: Unique among the groups of an upload.
    key: str
    files: dict[str, FoundFile] = field(default_factory=dict)


class Unfit(NamedTuple):
    """Files that make no group, and why."""

    files: tuple[FoundFile, ...]
    problem: Problem


def group_files(
    specifications: Sequence[FileSpecification], found: Mapping[str, Iterable[FoundFile]]
) -> tuple[list[Group], list[Unfit]]:
    """Put files together.

    Args:
        specifications: What a data unit is made of.
        found: Files by specification.

    Returns:
        The groups, in order; and what is left.
    """
    by_key: dict[str, dict[str, list[FoundFile]]] = defaultdict(lambda: defaultdict(list))
    for name, files in found.items():
        for file in files:
            by_key[file.key][name].append(file)
    groups, unfit = _split_equals(by_key)
    required = {specification.name for specification in specifications if specification.is_required}
    whole = [group for group in groups if required <= group.files.keys()]
    partial = [group for group in groups if not required <= group.files.keys()]
    joined, left = _join_by_name(partial, required)
    return sorted([*whole, *joined], key=lambda group: group.key), [*unfit, *_tell_missing(left, required)]


def _split_equals(by_key: Mapping[str, Mapping[str, list[FoundFile]]]) -> tuple[list[Group], list[Unfit]]:
    groups, unfit = [], []
    for key, by_name in by_key.items():
        files = [file for several in by_name.values() for file in several]
        if all(len(several) == 1 for several in by_name.values()):
            groups.append(Group(key, {name: several[0] for name, several in by_name.items()}))
        elif len(by_name) == 1:  # `a.png` and `a.jpg` with nothing to share: two data units
            (name,) = by_name
            groups += [Group(file.relative, {name: file}) for file in files]
        else:
            names = ", ".join(file.relative for file in files)
            reason = f"several files of one specification have its name: {names}"
            unfit.append(Unfit(tuple(files), Problem(ImportFailureCode.DUPLICATE_FILE, reason)))
    return groups, unfit


def _join_by_name(partial: Sequence[Group], required: set[str]) -> tuple[list[Group], list[Group]]:
    by_stem: dict[str, list[Group]] = defaultdict(list)
    for group in partial:
        by_stem[group.key.rpartition("/")[2]].append(group)
    joined, left = [], []
    for groups in by_stem.values():
        names = [name for group in groups for name in group.files]
        if len(set(names)) == len(names) and required <= set(names):
            longest = max((group.key for group in groups), key=len)
            files = {name: file for group in groups for name, file in group.files.items()}
            joined.append(Group(longest, files))
        else:
            left += groups
    return joined, left


def _tell_missing(groups: Iterable[Group], required: set[str]) -> list[Unfit]:
    unfit = []
    for group in groups:
        missing = ", ".join(sorted(required - group.files.keys()))
        reason = f"there is no file of {missing} that belongs to {group.key}"
        problem = Problem(ImportFailureCode.MISSING_REQUIRED_DATA, reason)
        unfit.append(Unfit(tuple(group.files.values()), problem))
    return unfit
