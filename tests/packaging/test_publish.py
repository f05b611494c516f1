"""Publishing to a real server: only what is lacking, from wherever it broke off."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.errors import ClientError, HTTPError
from synapse_sdk.clients.transport import Transport
from synapse_sdk.packaging import SecretFoundError
from synapse_sdk.packaging.lock import Lock
from synapse_sdk.packaging.plan import ReleasePlan
from synapse_sdk.packaging.publish import PublishedRelease, VersionTakenError, find_same_release, publish
from synapse_sdk.packaging.sent_release import SentReleases
from synapse_sdk.plugins.errors import UploadNotReachedError
from synapse_sdk.storage.errors import StorageError
from tests.cutting_proxy import CuttingProxy
from tests.packaging.make_plugin import make_plan

LOCK_TEXT = "numpy==2.0 --hash=sha256:ab\n"
LOCK = Lock(LOCK_TEXT, digest_bytes(LOCK_TEXT.encode()), 1)
SCHEMAS = {"train": {"params": {"type": "object"}, "result": None}}
#: Small ones for packs, and one that travels in parts.
FILES: dict[str, str | bytes] = {
    **{f"data/{number:03}.bin": os.urandom(20_000) for number in range(100)},
    "weights.bin": os.urandom(10_000_000),
}


def send(plan: ReleasePlan, transport: Transport, **options: Any) -> PublishedRelease:
    return publish(plan, transport, **{"lock": LOCK, "schemas": SCHEMAS, **options})


def test_what_was_planned_is_on_the_server(server, tmp_path: Path):
    plan = make_plan(tmp_path / "plugin", FILES)
    client = server.client("publisher")
    told: list[tuple[int, int]] = []

    release = send(plan, client, on_progress=lambda done, total: told.append((done, total)))

    found = client.get("plugin_releases/yolov8@0.1.0/")
    assert (found["id"], found["digest"]) == (release.id, release.digest)
    assert release.is_new
    assert release.address == f"{server.url}/plugin_releases/{release.id}/"
    assert found["lock_digest"] == LOCK.digest
    assert found["schemas"] == SCHEMAS
    assert client.get(f"plugin_releases/{release.id}/lock/") == LOCK_TEXT
    files = client.get(f"plugin_releases/{release.id}/files/")["results"]
    assert files == [planned.file.to_document() for planned in plan.files]
    assert told[-1] == (plan.size_bytes, plan.size_bytes)
    assert release.sent_bytes == plan.size_bytes


def test_the_next_release_sends_only_what_changed(server, tmp_path: Path):
    client = server.client("publisher")
    send(make_plan(tmp_path / "plugin", FILES), client)

    release = send(make_plan(tmp_path / "plugin", {"plugin/train.py": "x = 1\n"}, version="0.2.0"), client)

    assert (release.sent_count, release.sent_bytes) == (1, 6)


def test_what_the_server_had_is_not_asked_for(server, tmp_path: Path):
    client, cache = server.client("publisher"), tmp_path / "cache"
    plan = make_plan(tmp_path / "plugin", FILES)
    send(plan, client, cache_folder=cache)
    asked = _note_posts(client, "blobs/missing/")

    release = send(
        make_plan(tmp_path / "plugin", {"plugin/train.py": "x = 1\n"}, version="0.2.0"),
        client,
        cache_folder=cache,
    )

    assert (release.sent_count, release.sent_bytes) == (1, 6)
    assert asked == []


def test_what_the_server_had_and_lost_is_sent_again(server, tmp_path: Path):
    client, cache = server.client("publisher"), tmp_path / "cache"
    plan = make_plan(tmp_path / "plugin", FILES)
    digests = {planned.file.digest for planned in plan.files}
    SentReleases(cache, client.url, plan.code).save(digest_bytes(b"another"), plan.written_files)

    release = send(plan, client, cache_folder=cache)

    assert release.sent_count == len(digests)
    assert client.get(f"plugin_releases/{release.id}/")["digest"] == release.digest


def _note_posts(client: Transport, path: str) -> list[dict[str, Any]]:
    """Note the bodies of what is posted to a path from now on."""
    bodies: list[dict[str, Any]] = []
    post = client.post

    def noting(to: str, **options: Any) -> Any:
        if to == path:
            bodies.append(options["json"])
        return post(to, **options)

    client.post = noting  # type: ignore[method-assign]
    return bodies


def test_the_same_contents_are_known_without_a_lock(server, tmp_path: Path):
    client = server.client("publisher")
    plan = make_plan(tmp_path / "plugin")
    assert find_same_release(plan, client) is None
    release = send(plan, client)

    same = find_same_release(plan, client)
    again = send(plan, client)

    assert same is not None
    assert (same.id, same.digest, same.is_new) == (release.id, release.digest, False)
    assert (again.id, again.is_new, again.sent_count) == (release.id, False, 0)


def test_a_version_that_is_taken_is_told_before_anything_is_sent(server, tmp_path: Path):
    client = server.client("publisher")
    release = send(make_plan(tmp_path / "a"), client)
    other = make_plan(tmp_path / "b", {"plugin/train.py": "class TrainAction: x = 1\n"})

    with pytest.raises(VersionTakenError, match=r"yolov8 0\.1\.0 already exists") as caught:
        find_same_release(other, client)
    assert caught.value.details["existing_digest"] == release.digest
    with pytest.raises(HTTPError, match=f"already exists with the digest {release.digest}"):
        send(other, client)


def test_a_draft_may_have_the_version_of_a_release(server, tmp_path: Path):
    send(make_plan(tmp_path / "a"), server.client("publisher"))
    plan = make_plan(tmp_path / "b", {"plugin/train.py": "class TrainAction: x = 1\n"})
    developer = server.client("developer")

    assert find_same_release(plan, developer, is_draft=True) is None
    assert send(plan, developer, is_draft=True).is_draft


def test_a_secret_stops_before_anything_is_sent(server, tmp_path: Path):
    token = "gh" + "p_" + "Z9y8X7w6V5u4T3s2R1q0" + "P9o8N7m6L5k4J3i2"
    plan = make_plan(tmp_path / "plugin", {"keys.py": token})

    with pytest.raises(SecretFoundError):
        send(plan, server.client("publisher"))

    assert not [path for path in server.services.folder.blobs.rglob("*") if path.is_file()]


@pytest.mark.parametrize("path", ["data/001.bin", "weights.bin"])
def test_a_file_that_changed_since_it_was_planned_stops(server, tmp_path: Path, path: str):
    plan = make_plan(tmp_path / "plugin", FILES)
    data = bytearray((tmp_path / "plugin" / path).read_bytes())
    data[100] ^= 1
    (tmp_path / "plugin" / path).write_bytes(data)

    with pytest.raises((StorageError, ClientError)):
        send(plan, server.client("publisher"))

    assert server.client("publisher").get("plugin_releases/")["results"] == []


def test_an_upload_cut_at_every_tenth_goes_on_and_the_release_is_complete_or_absent(server, tmp_path: Path):
    plan = make_plan(tmp_path / "plugin", FILES)
    client, token = server.client("publisher"), server.token("publisher")
    total_bytes = plan.size_bytes + 60_000  # headers, the question, the manifest

    for _ in range(9):
        with CuttingProxy(server.url, limit_bytes=total_bytes // 10) as proxy:
            transport = Transport(proxy.url, token)
            with pytest.raises(UploadNotReachedError):
                send(plan, transport)
            transport.close()
        assert client.get("plugin_releases/")["results"] == []
    release = send(plan, client)

    assert find_same_release(plan, client) is not None
    for planned in plan.files:
        blob = server.services.registry.open_blob(1, planned.file.digest)
        assert digest_bytes(blob.read_bytes()) == planned.file.digest
    # Nothing that came before a cut was sent again: about a tenth was left.
    assert release.sent_bytes < plan.size_bytes // 4


def test_publishers_at_once_make_one_release(server, tmp_path: Path):
    plan = make_plan(tmp_path / "plugin", FILES)
    clients = [server.client(token=server.token("publisher")) for _ in range(3)]
    releases: list[PublishedRelease] = []
    threads = [
        threading.Thread(target=lambda client=client: releases.append(send(plan, client)))
        for client in clients
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(releases) == 3
    assert len({release.id for release in releases}) == 1
    assert sum(release.is_new for release in releases) == 1
