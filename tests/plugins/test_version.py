"""Versions and ranges: what is in, what is newest."""

from __future__ import annotations

import pytest

from synapse_sdk.plugins.version import VersionResolver


@pytest.mark.parametrize(
    ("version", "specifier", "is_in"),
    [
        ("1.10.0", ">=1.9", True),
        ("1.9.0", ">=1.10", False),
        ("2.0.0rc1", ">=1.0", False),
        ("2.0.0rc1", ">=2.0.0rc1", True),
        ("1.0.0+gpu", "==1.0.0", True),
        ("1.4.2", "~=1.4", True),
        ("1.0", "", True),
    ],
)
def test_a_version_is_in_a_range_or_not(version: str, specifier: str, is_in: bool):
    assert VersionResolver.matches(version, specifier) is is_in


def test_the_best_is_the_newest_by_number_and_is_in_the_range():
    tags = ["1.9.0", "main", "1.10.0", "v1.2", "2.0.0", "1.11.0rc1"]

    assert VersionResolver.find_best(tags, "<2") == "1.10.0"
    assert VersionResolver.find_best(tags, "==1.2") == "v1.2"
    assert VersionResolver.find_best(tags, ">3") is None
    assert VersionResolver.find_best(["1.0rc1"], ">=0.9") is None


def test_versions_are_sorted_by_number_and_stay_as_written():
    assert VersionResolver.sort(["1.2", "v1.10", "1.9"]) == ["v1.10", "1.9", "1.2"]
    assert VersionResolver.sort(["1.2", "v1.10", "1.9"], reverse=False) == ["1.2", "1.9", "v1.10"]


@pytest.mark.parametrize("text", ["", "main", "1..0"])
def test_what_is_no_version_is_said(text: str):
    assert not VersionResolver.is_valid(text)
    with pytest.raises(ValueError, match="Invalid version"):
        VersionResolver.parse(text)
    with pytest.raises(ValueError, match="Invalid version"):
        VersionResolver.sort(["1.0", text])


@pytest.mark.parametrize(("text", "is_range"), [(">=1,<2", True), ("", True), ("1.0", False), ("=>1", False)])
def test_what_is_no_range_is_said(text: str, is_range: bool):
    assert VersionResolver.is_valid_specifier(text) is is_range
    if not is_range:
        with pytest.raises(ValueError, match="Invalid specifier"):
            VersionResolver.find_best(["1.0"], text)
