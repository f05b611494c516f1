"""`synapse plugin publish` as a user meets it: a real process, a real folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_process import Synapse
from tests.manifest.folders import write_files
from tests.packaging.make_plugin import FILES
from tests.packaging.make_wheel import make_wheel, record_hash

CONFIG = """\
name: YOLO
code: yolov8
version: 0.1.0
category: custom
readme: README.md
actions:
  train:
    entrypoint: plugin.train:TrainAction
"""
TOKEN = "gh" + "p_" + "Z9y8X7w6V5u4T3s2R1q0" + "P9o8N7m6L5k4J3i2"


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    return write_files(tmp_path / "my-plugin", {**FILES, "config.yaml": CONFIG})


def test_a_preview_shows_every_file_and_why_the_others_stay(synapse: Synapse, plugin: Path):
    write_files(
        plugin,
        {
            ".env": "A=1\n",
            ".synapseignore": "# what is only for us\ntests/\n",
            "tests/test_a.py": "",
            "tests/test_b.py": "",
            "plugin/__pycache__/train.cpython-311.pyc": "",
            "weights.bin": b"\1" * 48_100,
        },
    )

    preview = synapse("plugin", "publish", "--dry-run", cwd=plugin)

    assert preview.returncode == 0, preview
    lines = preview.stdout.splitlines()
    assert lines[:8] == [
        "   29 bytes  .synapseignore",
        "    7 bytes  README.md",
        "  133 bytes  config.yaml",
        "    0 bytes  plugin/__init__.py",
        "   23 bytes  plugin/train.py",
        "    9 bytes  requirements.txt",
        "    48.1 kB  weights.bin",
        lines[7],
    ]
    assert lines[7].startswith("7 files, 48.3 kB, sha256:")
    assert lines[8:] == [
        "",
        "left out:",
        "  .env                 always (environment file, may hold secrets)",
        "  plugin/__pycache__/  always (cache, made again when needed)",
        "  tests/ (2 files)     .synapseignore:2 (tests/)",
    ]
    assert preview.stderr.splitlines() == [
        f"yolov8 0.1.0 · what a release of {plugin} would hold; nothing is sent",
        "",
        "This is a preview: this version can not send it to a server yet.",
    ]


def test_a_preview_as_json_is_the_plan(synapse: Synapse, plugin: Path):
    preview = synapse("plugin", "publish", "--dry-run", "--json", cwd=plugin)

    document = preview.json()
    assert [file["path"] for file in document["files"]] == sorted({*FILES})
    assert document["digest"].startswith("sha256:")


def test_a_secret_stops_with_file_and_line_and_the_way_past(synapse: Synapse, plugin: Path):
    write_files(plugin, {"plugin/keys.py": f"\nGITHUB = '{TOKEN}'\n", "deploy.yaml": f"token: {TOKEN}\n"})

    for options in ((), ("--dry-run",), ("--debug", "--yes")):
        refused = synapse("plugin", "publish", *options, cwd=plugin)

        assert refused.returncode == 2, refused
        assert "  deploy.yaml:1: GitHub token: ghp_…" in refused.stderr.splitlines()
        assert "  plugin/keys.py:2: GitHub token: ghp_…" in refused.stderr.splitlines()
        assert "--allow-secret deploy.yaml" in refused.stderr
        assert TOKEN not in refused.said


def test_allowing_is_by_file(synapse: Synapse, plugin: Path):
    write_files(plugin, {"plugin/keys.py": f"'{TOKEN}'", "deploy.yaml": f"token: {TOKEN}\n"})

    one = synapse("plugin", "publish", "--dry-run", "--allow-secret", "deploy.yaml", cwd=plugin)
    both = synapse(
        *(
            "plugin",
            "publish",
            "--dry-run",
            "--allow-secret",
            "deploy.yaml",
            "--allow-secret",
            "plugin/keys.py",
        ),
        cwd=plugin,
    )

    assert one.returncode == 2, one
    assert both.returncode == 0, both
    assert "warning: allowed: deploy.yaml:1: GitHub token: ghp_…" in both.stderr


def test_allowing_what_has_no_finding_is_asked_wrongly(synapse: Synapse, plugin: Path):
    refused = synapse("plugin", "publish", "--dry-run", "--allow-secret", "README.md", cwd=plugin)

    assert refused.returncode == 2, refused
    assert "--allow-secret README.md: nothing was found there. No file has a finding." in refused.stderr


def test_without_a_server_nothing_is_published(synapse: Synapse, plugin: Path):
    refused = synapse("plugin", "publish", "--yes", cwd=plugin)

    assert refused.returncode == 3, refused
    assert refused.stderr.startswith("error: Not authenticated: ")
    assert "synapse plugin publish --dry-run" in refused.stderr


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"not a zip file", "BuildError"),
        (make_wheel(record={"tiny.py": record_hash(b"other bytes")}), "ChecksumMismatchError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wheel_that_can_not_be_used_stops(synapse: Synapse, plugin: Path, data: bytes, kind: str):
    write_files(plugin, {"wheels/tiny-1.0-py3-none-any.whl": data})

    refused = synapse("plugin", "publish", "--dry-run", "--json", cwd=plugin)

    assert refused.returncode == 2, refused
    assert refused.json()["error"]["type"] == kind


def test_another_config_travels_in_place_of_the_folders_own(synapse: Synapse, plugin: Path, tmp_path: Path):
    other = tmp_path / "staging.yaml"
    other.write_text(CONFIG.replace("0.1.0", "7.8.9"))

    preview = synapse("plugin", "publish", "--dry-run", "-p", plugin, "-c", other)

    assert preview.returncode == 0, preview
    assert f"yolov8 7.8.9 · what a release of {plugin} would hold" in preview.stderr
    assert "staging.yaml travels as config.yaml, in place of the folder's own config.yaml" in preview.stderr


def test_a_config_elsewhere_is_of_the_folder_that_one_stands_in(
    synapse: Synapse, plugin: Path, tmp_path: Path
):
    other = tmp_path / "configs/staging.yaml"
    write_files(tmp_path, {"configs/staging.yaml": CONFIG})

    inside = synapse("plugin", "publish", "--dry-run", "-c", other, cwd=plugin)
    outside = synapse("plugin", "publish", "--dry-run", "-c", plugin / "config.yaml")

    assert f"of {plugin} would hold" in inside.stderr
    assert f"of {plugin} would hold" in outside.stderr
