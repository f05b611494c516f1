"""How a release is different from the last one that a server had."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.manifest import ManifestFile, write_files
from synapse_sdk.packaging.sent_release import Difference, SentReleases

BASE = digest_bytes(b"the release")


def make_file(path: str, data: bytes = b"", mode: int = 0o644) -> ManifestFile:
    return ManifestFile(path, mode, len(data), digest_bytes(data))


@pytest.fixture
def notes(tmp_path: Path) -> SentReleases:
    return SentReleases(tmp_path / "cache", "http://127.0.0.1:8000", "demo")


def test_what_changed_what_came_and_what_went(notes: SentReleases):
    same, odd = make_file("same.txt", b"same"), make_file("a b/\u2028c 1 2", b"odd")
    then = [same, odd, make_file("changed", b"1"), make_file("mode"), make_file("gone now")]
    notes.save(BASE, write_files(then))

    sent = notes.load()

    assert sent is not None
    now = [same, odd, make_file("changed", b"2"), make_file("mode", mode=0o755), make_file("new")]
    assert sent.compare(now, write_files(now)) == Difference(BASE, tuple(now[2:]), ("gone now",))
    assert sent.list_digests() == {digest_bytes(data) for data in (b"same", b"odd", b"1", b"")}


def test_nothing_is_noted_at_first_nor_of_another_server(notes: SentReleases, tmp_path: Path):
    assert notes.load() is None
    notes.save(BASE, write_files([make_file("a")]))

    assert SentReleases(tmp_path / "cache", "http://127.0.0.1:8001", "demo").load() is None
    assert SentReleases(tmp_path / "cache", "http://127.0.0.1:8000", "other").load() is None


def test_damage_is_noticed(notes: SentReleases, tmp_path: Path):
    notes.save(BASE, write_files([make_file("a")]))
    (file,) = (tmp_path / "cache/sent-releases").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"b")

    assert notes.load() is None
