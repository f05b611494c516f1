"""One pattern, one path. What git answers to generated patterns is in test_like_git.py."""

from __future__ import annotations

import time

import pytest

from synapse_sdk.manifest.gitignore import parse_patterns
from synapse_sdk.manifest.ignore import IgnoreFile


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.pyc", "plugin/a.pyc", True),
        ("*.pyc", "plugin/a.py", False),
        ("tests/", "tests/", True),
        ("tests/", "plugin/tests/", True),
        ("tests/", "tests", False),  # a file of that name
        ("/top.txt", "top.txt", True),
        ("/top.txt", "plugin/top.txt", False),
        ("data/logs/", "data/logs/", True),
        ("data/logs/", "other/data/logs/", False),
        ("src/*.md", "src/a.md", True),
        ("src/*.md", "src/deep/a.md", False),
        ("**/h", "h", True),
        ("**/h", "a/b/h", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**", "a/x/y", True),
        ("a/**", "a/", False),
        ("?.txt", "a.txt", True),
        ("?.txt", "é.txt", False),  # two bytes in UTF-8, and git counts bytes
        ("[ab].txt", "b.txt", True),
        ("[!ab].txt", "b.txt", False),
        ("[^ab].txt", "c.txt", True),
        ("[a-c]", "b", True),
        ("[]-]", "-", True),
        ("[[:digit:]]", "7", True),
        ("[[:digit:]]", "x", False),
        ("[[:digit:][:alpha:]]", "x", True),
        (r"[\]]", "]", True),
        ("a[!b]c/x", "a/c/x", False),  # a slash is in no class
        (r"\#a", "#a", True),
        (r"\!a", "!a", True),
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        ("a ", "a", True),
        (r"a\ ", "a ", True),
        (r"a\\ ", "a\\", True),  # an escaped backslash, then a space that is cut off
        ("a\t", "a", False),  # only spaces are cut off
        (" a", " a", True),
        ("a\r", "a", True),  # saved on Windows
        ("A", "a", False),
    ],
)
def test_a_pattern_matches_as_gitignore_says(pattern: str, path: str, *, matches: bool):
    file = IgnoreFile.parse(".synapseignore", f"{pattern}\n".encode())

    found = file.find_pattern(path.rstrip("/").encode(), is_folder=path.endswith("/"))

    assert (found is not None) is matches


@pytest.mark.parametrize("line", ["[abc", "[[:nonsense:]]x", "a\\", "!", "/", "//"])
def test_a_malformed_pattern_matches_nothing_and_says_so(line: str):
    (pattern,) = parse_patterns(line.encode())

    assert pattern.matches is None


def test_lines_are_counted_with_comments_and_empty_lines():
    patterns = parse_patterns(b"\xef\xbb\xbf# first\n\n*.pyc\n   \n!keep.pyc\n")

    assert [(pattern.line, pattern.text) for pattern in patterns] == [(3, "*.pyc"), (5, "!keep.pyc")]


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "**/a/" * 12 + "b", "*?" * 30 + "b", "a*/" * 12 + "b"])
def test_no_pattern_takes_long(pattern: str):
    file = IgnoreFile.parse(".gitignore", pattern.encode())
    path = "/".join(["a" * 60] * 40).encode()

    began = time.perf_counter()
    for _ in range(20):
        file.find_pattern(path, is_folder=False)

    # A backtracking matcher would need longer than the age of the universe.
    assert time.perf_counter() - began < 5
