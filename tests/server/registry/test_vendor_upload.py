"""The vendor's one-request upload, and archives that no honest client sends."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.server.registry.made_release import publish

from synapse_sdk.manifest import ManifestFile

CONFIG = b"""\
name: YOLO
code: yolov8
version: 0.1.0
category: custom
env:
  MODE: fast
actions:
  train:
    entrypoint: plugin.train:TrainAction
"""
#: As the vendor's client sends it: without `env` and much else.
SENT_CONFIG = {
    "code": "yolov8",
    "actions": {
        "train": {"hyperparameters": {"train_ui_schemas": [{"$formkit": "number", "name": "epochs"}]}}
    },
}
FILES = {"config.yaml": CONFIG, "README.md": b"# YOLO\n", "plugin/train.py": b"x = 1\n" * 1000}

Change = Callable[[zipfile.ZipFile], None]


def make_zip(change: Change | None = None, files: dict[str, bytes] = FILES) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
        if change is not None:
            change(archive)
    return stream.getvalue()


def upload(server: Any, data: bytes, *, token: str | None = None, **parts: str) -> httpx.Response:
    fields = {"plugin": "yolov8", "version": "0.1.0", "config": json.dumps(SENT_CONFIG), "debug": "False"}
    return httpx.post(
        f"{server.url}/plugin_releases/",
        headers={"Authorization": f"Token {token or server.token('publisher')}"},
        data={**fields, **parts},
        files={"file": ("plugin.zip", data)},
        timeout=60,
    )


def entry(name: str, *, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def test_a_zip_becomes_a_release_like_any_other(server):
    executable = entry("run.sh", mode=stat.S_IFREG | 0o755)
    data = make_zip(lambda archive: archive.writestr(executable, b"#!/bin/sh\n"))

    answer = upload(server, data)

    assert answer.status_code == 201, answer.text
    made = answer.json()
    client = server.client("viewer")
    release = client.get(f"plugin_releases/{made['id']}/")
    assert release["source"] == "vendor"
    assert release["lock_digest"] is None
    assert release["config"]["env"] == {"MODE": "fast"}
    assert release["schemas"]["train"]["ui_schema"] == [{"$formkit": "number", "name": "epochs"}]
    files = client.get("plugin_releases/yolov8@0.1.0/files/")["results"]
    assert [(file["path"], file["mode"]) for file in files] == [
        ("README.md", "644"),
        ("config.yaml", "644"),
        ("plugin/train.py", "644"),
        ("run.sh", "755"),
    ]
    assert client.get("plugin_releases/1/files/plugin/train.py") == FILES["plugin/train.py"].decode()


def test_the_same_again_is_the_same_and_other_contents_are_refused(server):
    first = upload(server, make_zip()).json()

    again = upload(server, make_zip())
    other = upload(server, make_zip(files={**FILES, "README.md": b"other"}))

    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert other.status_code == 409
    assert "already exists" in other.json()["detail"]


def test_a_debug_upload_is_a_draft(server):
    developer = server.token("developer")

    assert upload(server, make_zip(), token=developer, debug="True").json()["is_draft"]
    assert upload(server, make_zip(), token=developer).status_code == 403


def test_entries_for_folders_are_no_files(server):
    data = make_zip(lambda archive: archive.writestr(entry("plugin/", mode=stat.S_IFDIR | 0o755), b""))

    assert upload(server, data).json()["file_count"] == 3


def add(name: str, data: bytes = b"x", **options: Any) -> Change:
    return lambda archive: archive.writestr(entry(name, **options), data)


def add_twice(archive: zipfile.ZipFile) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("README.md", b"other")


def add_bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("zeros.bin", bytes(100 * 1024**2))


def add_many(archive: zipfile.ZipFile) -> None:
    for number in range(100_001):
        archive.writestr(zipfile.ZipInfo(f"data/{number}"), b"")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (add("/etc/cron.d/evil"), "no empty, . or .. parts"),
        (add("../../evil.py"), "no empty, . or .. parts"),
        (add("plugin/../../evil.py"), "no empty, . or .. parts"),
        (add("../evil/", b"", mode=stat.S_IFDIR | 0o755), "no empty, . or .. parts"),
        (add("C:\\evil.py"), "no backslashes"),
        (add("link.py", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "it is a link"),
        (add("pipe", b"", mode=stat.S_IFIFO | 0o644), "it is a link, or something else"),
        (add_twice, "it is there twice"),
        (add("readme.md"), "it clashes with README.md"),
        (add("plugin/train.py/x"), "it is a file and a folder"),
        (add_bomb, "would grow from"),
        (add_many, "entries"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_archives_are_refused_before_anything_is_written(server, change: Change, said: str):
    answer = upload(server, make_zip(change))

    assert answer.status_code == 400, answer.text
    assert said in answer.json()["detail"]
    assert not [path for path in server.services.folder.blobs.rglob("*") if path.is_file()]
    assert server.client().get("plugin_releases/")["results"] == []


def test_an_encrypted_entry_is_refused(server):
    data = bytearray(make_zip())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1

    answer = upload(server, bytes(data))

    assert answer.status_code == 400
    assert "it is encrypted" in answer.json()["detail"]


def test_an_entry_that_says_it_is_enormous_is_refused(server):
    data = bytearray(make_zip())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<II", data, at + 20, 0xFFFFFFF0, 0xFFFFFFF0)
    second = data.index(b"PK\x01\x02", at + 4)
    struct.pack_into("<II", data, second + 20, 0xFFFFFFF0, 0xFFFFFFF0)

    answer = upload(server, bytes(data))

    assert answer.status_code == 400
    assert "The archive holds 8.6 GB" in answer.json()["detail"]


def test_an_entry_that_holds_more_than_it_says_is_refused(server):
    data = bytearray(make_zip())
    at = data.rindex(b"PK\x01\x02")  # plugin/train.py
    struct.pack_into("<I", data, at + 24, 10)

    answer = upload(server, bytes(data))

    assert answer.status_code == 400
    assert "can not be read" in answer.json()["detail"]
    assert server.client().get("plugin_releases/")["results"] == []


def test_a_directory_that_says_it_is_enormous_is_refused_unread(server):
    data = bytearray(make_zip())
    at = data.rindex(b"PK\x05\x06")
    struct.pack_into("<HHI", data, at + 8, 0xFFFE, 0xFFFE, 0x7FFFFFFF)

    assert "entries, listed in 2.1 GB" in upload(server, bytes(data)).json()["detail"]


@pytest.mark.parametrize("data", [b"", b"no zip at all", make_zip()[:200], make_zip()[:-30]])
def test_what_is_no_zip_is_refused(server, data: bytes):
    answer = upload(server, data)

    assert answer.status_code == 400
    assert "The archive can not be read" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"README.md": b"x"}, "no config.yaml at its top"),
        ({"folder/config.yaml": CONFIG}, "no config.yaml at its top"),
        ({"config.yaml": b"name: [", "README.md": b"x"}, "not YAML"),
        ({"config.yaml": CONFIG.replace(b"custom", b"magic")}, "category"),
        ({"config.yaml": CONFIG.replace(b"yolov8", b"other")}, "the config's `code` is 'other'"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(server, files: dict[str, bytes], said: str):
    answer = upload(server, make_zip(files=files))

    assert answer.status_code == 400
    assert said in answer.json()["detail"]
    assert not [path for path in server.services.folder.blobs.rglob("*") if path.is_file()]


@pytest.mark.parametrize("config", ["{", "[" * 100_000])
def test_a_config_part_that_is_no_json_is_refused(server, config: str):
    answer = upload(server, make_zip(), config=config)

    assert answer.status_code == 400
    assert "`config` is not JSON" in answer.json()["detail"]


def test_a_form_without_its_file_is_refused(server):
    headers = {"Authorization": f"Token {server.token('publisher')}"}
    address = f"{server.url}/plugin_releases/"

    missing = httpx.post(address, headers=headers, files={"plugin": (None, "yolov8")})
    text = httpx.post(address, headers=headers, files={"plugin": ("x", "a"), "version": (None, "1")})
    torn = httpx.post(
        address, headers={**headers, "Content-Type": "multipart/form-data; boundary=x"}, content=b"nothing"
    )

    assert "The part `file`" in missing.json()["detail"]
    assert [answer.status_code for answer in (missing, text, torn)] == [400] * 3


def test_both_ways_of_publishing_give_the_same_files(server):
    upload(server, make_zip())
    publish(server.client("publisher"), FILES, version="0.2.0")
    services = server.services.registry

    first = services.list_files(services.get_release(1, "yolov8@0.1.0"))
    second = services.list_files(services.get_release(1, "yolov8@0.2.0"))

    assert first == second
    assert isinstance(first[0], ManifestFile)
