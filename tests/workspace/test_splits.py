"""Splits: found whatever they are called, asked for by whatever name."""

from __future__ import annotations

import pickle

import pytest

from synapse_sdk.workspace.manifest import Item
from synapse_sdk.workspace.splits import Splits, find_splits


def items(*paths: str) -> list[Item]:
    return [Item(path, 10, "sha256:x") for path in paths]


@pytest.mark.parametrize("folder", ["validation", "val", "valid", "dev", "Val"])
def test_a_split_is_found_under_each_of_its_names(folder: str):
    (split,) = find_splits(items(f"{folder}/a.png", f"{folder}/b/c.png"))

    assert (split.name, split.folder, split.item_count, split.size_bytes) == ("validation", folder, 2, 20)


def test_splits_come_in_the_order_of_their_use():
    splits = find_splits(items("test/a", "train/b", "val/c"))

    assert [split.name for split in splits] == ["train", "validation", "test"]


def test_of_two_folders_that_mean_the_same_the_second_keeps_its_own_name():
    splits = find_splits(items("dev/a", "val/b"))

    assert {split.name: split.folder for split in splits} == {"validation": "val", "dev": "dev"}


@pytest.mark.parametrize("path", ["images/train/a.png", "train.csv", "training/a.png"])
def test_other_folders_and_files_are_no_splits(path: str):
    assert find_splits(items(path)) == ()


def test_an_author_may_ask_by_any_name():
    splits = Splits({"validation": 2})

    assert splits["val"] == splits["dev"] == splits["Valid"] == splits["validation"] == 2
    assert "val" in splits
    assert splits.get("val") == 2
    assert list(splits) == ["validation"]


def test_what_is_not_there_stays_away():
    splits = Splits({"train": 1})

    assert "val" not in splits
    assert splits.get("val") is None
    assert splits.get("other", 5) == 5
    with pytest.raises(KeyError, match="val"):
        splits["val"]


def test_a_folder_that_kept_its_own_name_is_found_by_it():
    splits = Splits({"validation": 1, "dev": 2})

    assert (splits["dev"], splits["val"]) == (2, 1)


def test_splits_survive_a_process_border():
    assert pickle.loads(pickle.dumps(Splits({"validation": 2})))["val"] == 2
