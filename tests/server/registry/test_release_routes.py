"""Releases over HTTP: published once, read in every way."""

from __future__ import annotations

from tests.server.registry.made_release import CONFIG, FILES, publish

from synapse_sdk.storage.pack import read_pack


def test_a_release_is_published_and_read_back_whole(server):
    client = server.client("publisher")
    lock = b"numpy==2.0 --hash=sha256:ab\n"

    made = publish(client, lock=lock, schemas={"train": {"params": {"type": "object"}, "result": None}})

    assert made["is_new"]
    assert made["warnings"] == []
    found = client.get("plugin_releases/yolov8@0.1.0/", params={"expand": "plugin"})
    assert found["id"] == made["id"]
    assert found["digest"] == made["digest"]
    assert found["config"] == CONFIG
    assert found["schemas"]["train"]["params"] == {"type": "object"}
    assert found["plugin"]["code"] == "yolov8"
    assert client.get(f"plugin_releases/{made['id']}/")["plugin"] == "yolov8"
    files = client.get("plugin_releases/yolov8@0.1.0/files/", params={"limit": 2})
    assert [file["path"] for file in files["results"]] == ["README.md", "config.yaml"]
    assert [file["path"] for file in client.get(files["next"])["results"]] == ["plugin/train.py"]
    with client.stream("plugin_releases/yolov8@0.1.0/archive/") as response:
        contents = [b"".join(content.chunks) for content in read_pack(response.iter_bytes())]
    assert contents == [FILES[path] for path in sorted(FILES)]
    with client.stream("plugin_releases/yolov8@0.1.0/lock/") as response:
        assert response.read() == lock
