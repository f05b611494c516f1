import pytest

from synapse_sdk._internal.closest import find_closest


@pytest.mark.parametrize(
    ("wanted", "known", "closest"),
    [
        ("trian", ["train", "inference"], "train"),
        ("TRAIN", ["train", "inference"], "train"),
        ("readme_file", ["Readme", "actions"], "Readme"),
        ("zzz", ["train", "inference"], None),
        ("train", [], None),
    ],
)
def test_the_nearest_known_name(wanted: str, known: list[str], closest: str | None):
    assert find_closest(wanted, known) == closest
