"""The digest: what it depends on, and what not."""

from __future__ import annotations

import pytest

from synapse_sdk.manifest import LeftOut, Manifest, ManifestFile, canonical_files, canonical_json

FILE = ManifestFile("plugin/train.py", 0o644, 3, "sha256:aa")


def digest_of(*files: ManifestFile) -> str:
    return Manifest(files, left_out=()).digest


def test_the_fast_way_writes_the_same_json():
    names = ['a "quoted".py', "bäder/é.py", "日本.py", "tab\there", "back\\slash", "\u2028", "\x7f", "😀"]
    files = [ManifestFile(name, 0o755, number, "sha256:ab") for number, name in enumerate(names)]

    assert canonical_files(files).encode() == canonical_json([file.to_document() for file in files])
    assert canonical_files([]) == "[]"


def test_the_digest_never_changes_from_version_to_version():
    # Release and run records hold digests of this form. If this test fails, every one of them is orphaned.
    assert canonical_json([FILE.to_document()]) == (
        b'[{"digest":"sha256:aa","mode":"644","path":"plugin/train.py","size_bytes":3}]'
    )
    assert digest_of(FILE) == "sha256:9bbcb5ff3418f6a87668c7b0ff4a651b50ffe6c87a3c1442e168100539327bf8"


@pytest.mark.parametrize(
    "other",
    [
        ManifestFile("plugin/train2.py", 0o644, 3, "sha256:aa"),
        ManifestFile("plugin/train.py", 0o755, 3, "sha256:aa"),
        ManifestFile("plugin/train.py", 0o644, 4, "sha256:aa"),
        ManifestFile("plugin/train.py", 0o644, 3, "sha256:ab"),
    ],
)
def test_path_mode_size_and_content_are_in_the_digest(other: ManifestFile):
    assert digest_of(other) != digest_of(FILE)


def test_what_is_left_out_is_not_in_the_digest():
    left_out = (LeftOut(".env", "always", "environment file", is_folder=False),)

    assert Manifest((FILE,), left_out, ("a warning",)).digest == digest_of(FILE)


def test_canonical_json_is_sorted_tight_and_utf_8():
    assert canonical_json({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'.encode()
