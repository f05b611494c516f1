"""Splits of a dataset: subfolders that are named train, validation or test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from synapse_sdk.workspace.manifest import Item
from synapse_sdk.workspace.records import DatasetSplit

#: The folder names that mean a split, in any case. Where two lie side by side, the first one listed gets the
#: split's name and the other keeps its own.
_FOLDERS_BY_SPLIT = {
    "train": ("train",),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test",),
}
_SPLIT_BY_FOLDER = {folder: split for split, folders in _FOLDERS_BY_SPLIT.items() for folder in folders}
_RANK = {folder: rank for rank, folder in enumerate(_SPLIT_BY_FOLDER)}

Value = TypeVar("Value")


class Splits(dict[str, Value]):
    """Splits by name, found under every name of theirs: `val`, `valid` and `dev` find `validation`.

    Plugins and datasets come from different people; `splits["val"]` shall not depend on how a folder is
    spelt. Iterating gives each split once.
    """

    def __missing__(self, name: str) -> Value:
        known = self._known_name(name)
        if known is None:
            raise KeyError(name)
        return self[known]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._known_name(name) is not None

    def get(self, name: str, default: Value | None = None) -> Value | None:  # type: ignore[override]
        try:
            return self[name]
        except KeyError:
            return default

    def _known_name(self, name: object) -> str | None:
        split = _SPLIT_BY_FOLDER.get(name.lower()) if isinstance(name, str) else None
        return split if split is not None and super().__contains__(split) else None


def find_splits(items: Iterable[Item]) -> tuple[DatasetSplit, ...]:
    """Return the splits that a folder's items form, in the order train, validation, test."""
    sizes_by_folder: dict[str, list[int]] = {}
    for item in items:
        folder, slash, _ = item.path.partition("/")
        if slash and folder.lower() in _SPLIT_BY_FOLDER:
            sizes_by_folder.setdefault(folder, []).append(item.size_bytes)
    splits: dict[str, DatasetSplit] = {}
    for folder in sorted(sizes_by_folder, key=lambda folder: (_RANK[folder.lower()], folder)):
        sizes, name = sizes_by_folder[folder], _SPLIT_BY_FOLDER[folder.lower()]
        name = folder if name in splits else name
        splits[name] = DatasetSplit(name=name, folder=folder, item_count=len(sizes), size_bytes=sum(sizes))
    return tuple(splits.values())
