"""The files of the last releases, as far as they are kept in memory."""

from __future__ import annotations

import pytest

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.manifest import ManifestFile
from synapse_sdk.server.registry import recent_files
from synapse_sdk.server.registry.models import WrittenFiles
from synapse_sdk.server.registry.recent_files import RecentFiles


def make_files(count: int) -> WrittenFiles:
    return WrittenFiles.of(ManifestFile(f"{number}", 0o644, 0, digest_bytes(b"")) for number in range(count))


@pytest.fixture
def recent(monkeypatch: pytest.MonkeyPatch) -> RecentFiles:
    monkeypatch.setattr(recent_files, "LIMIT_COUNT", 10)
    return RecentFiles()


def test_those_that_nobody_asked_for_longest_are_forgotten(recent: RecentFiles):
    for release_id in (1, 2, 3):
        recent.keep(release_id, make_files(3))
    recent.find(1)
    recent.keep(4, make_files(3))

    assert recent.find(1) == recent.find(3) == recent.find(4) == make_files(3)
    assert recent.find(2) is None


def test_what_is_kept_twice_counts_once(recent: RecentFiles):
    for _ in range(3):
        recent.keep(1, make_files(5))
    recent.keep(2, make_files(5))

    assert recent.find(1) == recent.find(2)


def test_more_than_there_is_room_for_is_not_kept(recent: RecentFiles):
    recent.keep(1, make_files(11))
    assert recent.find(1) is None

    recent.keep(2, make_files(10))
    assert recent.find(2) == make_files(10)
