"""The whole way of an author: create, run, test, check, update the config, look at the release."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.cli_process import Synapse
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, action_source

KEY = "sk-proj-" + "Zx8Qw3Rt6Yu1" * 4
AWS_KEY = "AKIA" + "Z7QWERTY1UIOP2AS"


def list_contents(folder: Path) -> dict[str, str]:
    """Return each file of the author's with its digest; records and caches are not the author's."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not {".synapse", "__pycache__", ".pytest_cache"} & set(path.parts)
    }


@pytest.mark.parametrize("category", ["neural_net", "custom"])
def test_what_was_created_runs_tests_checks_and_previews_without_an_edit(synapse: Synapse, category: str):
    created = synapse(
        "plugin", "create", "--name", "My Net", "--code", "my-net", "--category", category, "--yes"
    )
    plugin = synapse.cwd / "synapse-my-net-plugin"
    before = list_contents(plugin)

    info = synapse("plugin", "info", "--json", cwd=plugin).json()
    tested = synapse("plugin", "test", cwd=plugin)
    checked = synapse("plugin", "check", "--strict", cwd=plugin)
    updated = synapse("plugin", "update-config", "--check", cwd=plugin)
    preview = synapse("plugin", "publish", "--dry-run", cwd=plugin)

    assert created.returncode == 0, created
    assert (info["code"], info["category"], info["warnings"]) == ("my-net", category, [])
    assert tested.returncode == 0, tested
    assert checked.returncode == 0, checked
    assert updated.returncode == 0, updated
    assert preview.returncode == 0, preview
    assert "config.yaml" in preview.stdout
    assert list_contents(plugin) == before


def test_what_create_says_to_type_next_does_work(synapse: Synapse):
    created = synapse("plugin", "create", "--name", "My Net", "--yes")

    folder = synapse.cwd
    commands = [line.strip() for line in created.stderr.partition("Next:")[2].splitlines() if line.strip()]
    assert commands, created
    for command in commands:
        program, *arguments = command.split()
        if program == "cd":
            folder = folder / arguments[0]
        else:
            answer = synapse(*arguments, cwd=folder)
            assert answer.returncode == 0, answer


def test_types_that_the_code_declares_reach_the_config_and_nothing_else_changes(
    synapse: Synapse, write_plugin: WritePlugin
):
    config = "# my plugin\n" + DEMO_CONFIG + "    # the usual\n    description: 'Trains'   # and well\n"
    source = (
        action_source("return 1") + "    input_type = 'yolo_dataset'\n    output_type = 'model_weights'\n"
    )
    plugin = write_plugin(config, {"plugin/train.py": source})

    would = synapse("plugin", "update-config", "--check", cwd=plugin)
    unchanged = (plugin / "config.yaml").read_text()
    did = synapse("plugin", "update-config", cwd=plugin)
    again = synapse("plugin", "update-config", cwd=plugin)

    assert would.returncode == 1, would
    assert unchanged == config
    assert did.returncode == 0, did
    assert "+    input_type: yolo_dataset" in did.stdout.splitlines()
    text = (plugin / "config.yaml").read_text()
    assert [line for line in text.splitlines() if "_type" not in line] == config.splitlines()
    assert "    output_type: model_weights\n" in text
    assert "up to date" in again.stderr
    assert (plugin / "config.yaml").read_text() == text


# --- what never travels


def test_never_files_are_left_out_and_listed_with_the_rule_and_that_is_no_failure(
    synapse: Synapse, write_plugin: WritePlugin
):
    sources = {
        "plugin/train.py": TRAIN,
        ".env": f"API_KEY={KEY}\n",
        "id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n",
        ".git/config": "[core]\n",
        "notes/draft.txt": "a draft\n",
        ".synapseignore": "notes/\n!.env\n",
    }
    plugin = write_plugin(DEMO_CONFIG, sources)

    answer = synapse("plugin", "publish", "--dry-run", cwd=plugin)
    document = synapse("plugin", "publish", "--dry-run", "--json", cwd=plugin).json()

    assert answer.returncode == 0, answer
    travels, _, left_out = answer.stdout.partition("left out:")
    assert "plugin/train.py" in travels
    assert "config.yaml" in travels
    for name in (".env", "id_rsa", ".git", "notes"):
        assert name not in [line.split()[-1].rstrip("/") for line in travels.splitlines() if line]
        assert any(line.split()[0].startswith(name) for line in left_out.splitlines() if line.split()), answer
    assert any("notes" in line and ".synapseignore:1" in line for line in left_out.splitlines()), answer
    assert KEY not in answer.said
    assert KEY not in str(document)


def test_a_secret_in_a_file_that_would_travel_stops_publish_with_file_and_line(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = f'import os\n\nAWS_ACCESS_KEY_ID = "{AWS_KEY}"\n' + TRAIN
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    stopped = synapse("plugin", "publish", "--dry-run", cwd=plugin)
    as_json = synapse("plugin", "publish", "--dry-run", "--json", cwd=plugin)
    wrong_path = synapse("plugin", "publish", "--dry-run", "--allow-secret", "config.yaml", cwd=plugin)
    allowed = synapse("plugin", "publish", "--dry-run", "--allow-secret", "plugin/train.py", cwd=plugin)

    assert stopped.returncode != 0, stopped
    assert "plugin/train.py:3" in stopped.stderr
    assert "--allow-secret" in stopped.stderr
    assert AWS_KEY not in stopped.said, "the secret itself is not shown"
    assert "error" in as_json.json()
    assert AWS_KEY not in as_json.said
    assert wrong_path.returncode != 0, wrong_path
    assert allowed.returncode == 0, allowed


def test_publish_without_a_server_says_that_nothing_was_sent(synapse: Synapse, write_plugin: WritePlugin):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    before = list_contents(plugin)

    answer = synapse("plugin", "publish", "--yes", cwd=plugin)

    assert answer.returncode == 3, answer
    assert "error: Not authenticated" in answer.stderr
    assert "Nothing was sent" in answer.stderr
    assert list_contents(plugin) == before


def test_an_existing_folder_is_not_created_over(synapse: Synapse):
    arguments = ["plugin", "create", "--name", "My Net", "--code", "my-net", "--yes"]
    synapse(*arguments)
    plugin = synapse.cwd / "synapse-my-net-plugin"
    (plugin / "mine.txt").write_text("mine")
    before = list_contents(plugin)

    answer = synapse(*arguments)

    assert answer.returncode == 2, answer
    assert str(plugin) in answer.stderr or plugin.name in answer.stderr
    assert "hint: " in answer.stderr
    assert list_contents(plugin) == before


def test_a_release_is_the_same_on_another_path_with_other_times(synapse: Synapse, write_plugin: WritePlugin):
    digests = set()
    for folder in ("here", "somewhere/else"):
        plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN}, folder=folder)
        synapse("plugin", "run", "train", cwd=plugin)  # leaves records and caches behind
        digests.add(synapse("plugin", "publish", "--dry-run", "--json", cwd=plugin).json()["contents_digest"])

    assert len(digests) == 1
