"""`synapse plugin publish` as a user meets it: a real process, a real folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli_process import Finished, Synapse
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
DIGEST_NOTE = (
    "The digest is of files and config; a release's own adds its lock, which is made when it is published."
)
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
        f"This is a preview. {DIGEST_NOTE}",
    ]


def test_a_preview_as_json_is_the_plan(synapse: Synapse, plugin: Path):
    preview = synapse("plugin", "publish", "--dry-run", "--json", cwd=plugin)

    document = preview.json()
    assert [file["path"] for file in document["files"]] == sorted({*FILES})
    assert document["contents_digest"].startswith("sha256:")


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


def test_without_a_login_nothing_is_published(synapse: Synapse, plugin: Path):
    refused = synapse("plugin", "publish", "--yes", cwd=plugin)

    assert refused.returncode == 3, refused
    assert refused.stderr.startswith("error: Not authenticated: ")
    assert "synapse login" in refused.stderr
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


@pytest.fixture
def publish(
    synapse: Synapse, plugin: Path, core_index: Path, server: Any, tmp_path: Path
) -> Callable[..., Finished]:
    """Publish the plugin, which needs nothing installed, to the server as somebody with a role there."""
    options = f"package_manager_options: [--no-index, --find-links, {core_index}]\n"
    write_files(plugin, {"requirements.txt": "", "config.yaml": CONFIG + options})

    def run(*arguments: str, role: str = "publisher") -> Finished:
        token = tmp_path / f"{role}.token"
        if not token.exists():
            token.write_text(server.token(role))
        return synapse(
            *("plugin", "publish", "--host", server.url, "--token-file", token, *arguments), cwd=plugin
        )

    return run


def test_a_plugin_is_published_and_again_the_same(publish: Callable[..., Finished], server: Any):
    first = publish("--yes")
    again = publish("--yes", "--json")

    assert first.returncode == 0, first
    release = server.client().get("plugin_releases/yolov8@0.1.0/")
    assert first.stdout.splitlines() == [
        f"release  {release['id']}",
        f"digest   {release['digest']}",
        f"address  {server.url}/plugin_releases/{release['id']}/",
    ]
    assert "Published yolov8 0.1.0 as release 1" in first.stderr
    assert release["lock_digest"].startswith("sha256:")
    lock = server.client().get("plugin_releases/yolov8@0.1.0/lock/")
    assert "pydantic==99.0" in lock
    assert "core-index" not in lock
    assert again.returncode == 0, again
    assert (again.json()["id"], again.json()["is_new"]) == (release["id"], False)


def test_other_contents_under_the_same_version_are_refused(
    publish: Callable[..., Finished], plugin: Path, server: Any
):
    publish("--yes")
    digest = server.client().get("plugin_releases/yolov8@0.1.0/")["digest"]
    (plugin / "README.md").write_text("# Another\n")

    refused = publish("--yes")

    assert refused.returncode == 2, refused
    assert "yolov8 0.1.0 already exists" in refused.stderr
    assert digest in refused.stderr
    assert "Raise `version`" in refused.stderr


def test_a_draft_is_published_by_a_developer_and_runs_for_them_alone(
    publish: Callable[..., Finished], server: Any
):
    draft = publish("--yes", "--debug", "--json", role="developer")
    refused = publish("--yes", role="developer")

    assert draft.returncode == 0, draft
    assert draft.json()["is_draft"]
    assert server.client("developer").get("plugin_releases/yolov8@0.1.0/")["is_draft"]
    assert server.client("publisher").get("plugin_releases/")["results"] == []
    assert refused.returncode == 3, refused
    assert "releases:write" in refused.stderr


def test_without_a_terminal_a_yes_is_needed(publish: Callable[..., Finished], server: Any):
    refused = publish()

    assert refused.returncode == 2, refused
    assert "There is no terminal to ask on." in refused.stderr
    assert "--yes" in refused.stderr
    assert server.client().get("plugin_releases/")["results"] == []


def test_a_wrong_token_and_a_server_that_is_away_are_told(
    publish: Callable[..., Finished], synapse: Synapse, plugin: Path, tmp_path: Path, server: Any
):
    (tmp_path / "wrong").write_text("syn_user_wrong")

    wrong = publish("--yes", "--token-file", str(tmp_path / "wrong"))
    away = publish("--yes", "--host", "http://127.0.0.1:9")

    assert wrong.returncode == 3, wrong
    assert "Not authenticated" in wrong.stderr
    assert "syn_user_wrong" not in wrong.said
    assert away.returncode == 3, away
    assert "The server http://127.0.0.1:9 can not be reached" in away.stderr


def test_requirements_that_can_not_be_resolved_are_named_by_line(
    publish: Callable[..., Finished], plugin: Path, server: Any
):
    (plugin / "requirements.txt").write_text("# needs\nnothing-like-this==1.0\n")

    refused = publish("--yes")

    assert refused.returncode == 2, refused
    assert "requirements.txt:2" in refused.stderr
    assert "nothing-like-this" in refused.stderr
    assert server.client().get("plugin_releases/")["results"] == []
