"""`synapse plugin create`: the folder, its files, what each option does, and the guide's five steps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli_process import Synapse
from tests.guide.conftest import QUICK_TRAIN, Run
from tests.guide.guide import FACTS, Fact, block, the_fact
from tests.server_process import ServerProcess

CREATE = (
    "plugin",
    "create",
    "--name",
    "My Plugin",
    "--code",
    "my-plugin",
    "--category",
    "neural_net",
    "--yes",
)

MADE = [fact.id for fact in FACTS.values() if fact.id.startswith("structure/") and fact.get("made")]


@the_fact(*MADE)
def test_a_created_plugin_has_every_required_part(fact: Fact, created_plugin: Path):
    assert (created_plugin / fact.key).exists()


@the_fact("structure/folder")
def test_the_folder_is_named_after_the_code(fact: Fact, synapse: Synapse):
    assert synapse(*CREATE).returncode == 0

    assert (synapse.cwd / fact["name"].format(code="my-plugin")).is_dir()


@the_fact("structure/pyproject.toml")
def test_pyproject_is_optional_and_travels(fact: Fact, synapse: Synapse, quick_plugin: Path):
    without = synapse("plugin", "publish", "--dry-run", "--json", cwd=quick_plugin)
    assert without.returncode == 0, without
    (quick_plugin / "pyproject.toml").write_text(block("pyproject"), encoding="utf-8")

    preview = synapse("plugin", "publish", "--dry-run", "--json", cwd=quick_plugin)

    assert "pyproject.toml" in {file["path"] for file in preview.json()["files"]}


@the_fact("blocks/structure")
def test_the_tree_names_the_parts_that_we_check(fact: Fact):
    first, *rest = block("structure").splitlines()
    assert first == "synapse-{plugin-code}-plugin/"
    drawn, parent = [], ""
    for line in rest:
        depth, name = re.fullmatch(r"([│├└─ ]+)([\w./]+).*", line).groups()
        inside = parent if len(depth) > 4 else ""
        drawn.append(inside + name.rstrip("/"))
        if name.endswith("/") and not inside:
            parent = name

    assert set(drawn) == {key for key in _structure() if key != "folder"}


@the_fact("blocks/create-example")
def test_the_example_makes_the_folder_with_all_required_files(fact: Fact, shell: Run, synapse: Synapse):
    finished = shell(block("create-example"), synapse.cwd)

    made = synapse.cwd / "plugins/synapse-yolov8-plugin"
    assert finished.returncode == 0, finished
    for part, data in _structure().items():
        assert not data.get("made") or (made / part).exists(), part
    assert _config(made)["name"] == "YOLOv8 Object Detection"


@the_fact("statements/create/path-defaults-to-the-current-folder")
def test_the_folder_appears_where_the_command_runs(fact: Fact, synapse: Synapse):
    assert synapse(*CREATE).returncode == 0

    assert (synapse.cwd / "synapse-my-plugin-plugin/config.yaml").is_file()


@the_fact("statements/create/path-is-where-the-folder-appears")
def test_path_chooses_another_place(fact: Fact, synapse: Synapse, tmp_path: Path):
    for option in ("--path", "-p"):
        place = tmp_path / f"place{option}"

        assert synapse(*CREATE, option, place).returncode == 0

        assert (place / "synapse-my-plugin-plugin/config.yaml").is_file()


@the_fact(
    "statements/create/name-is-the-display-name",
    "statements/create/code-names-the-plugin",
    "statements/create/category-is-recorded",
)
def test_an_answer_given_as_an_option_stands_in_config(fact: Fact, synapse: Synapse):
    short = ("plugin", "create", "-n", "Box Checker", "--code", "box", "-c", "data_validation", "-y")

    assert synapse(*short).returncode == 0

    config = _config(synapse.cwd / "synapse-box-plugin")
    assert (config["name"], config["code"], config["category"]) == ("Box Checker", "box", "data_validation")


@the_fact("statements/create/yes-skips-the-prompts")
def test_yes_never_asks(fact: Fact, synapse: Synapse):
    unanswered = synapse("plugin", "create", "--code", "box", "--yes")

    assert unanswered.returncode == 2, unanswered
    assert "--name" in unanswered.stderr
    assert list(synapse.cwd.iterdir()) == []


@the_fact("glance/1-generate")
def test_step_1_generates_a_plugin_that_checks_clean(fact: Fact, synapse: Synapse, created_plugin: Path):
    checked = synapse("plugin", "check", cwd=created_plugin)

    assert checked.returncode == 0, checked


@the_fact("glance/2-configure")
def test_step_2_an_edited_config_counts(fact: Fact, synapse: Synapse, created_plugin: Path):
    config = created_plugin / fact["file"]
    config.write_text(re.sub(r"(?m)^name: .*$", "name: Renamed By Hand", config.read_text("utf-8")), "utf-8")

    shown = synapse("plugin", "info", cwd=created_plugin)

    assert shown.returncode == 0, shown
    assert "Renamed By Hand" in shown.stdout


@pytest.fixture
def implemented_plugin(created_plugin: Path) -> Path:
    (created_plugin / "plugin/train.py").write_text(QUICK_TRAIN, encoding="utf-8")
    return created_plugin


@the_fact("glance/3-implement")
def test_step_3_an_action_class_takes_the_scaffolds_place(
    fact: Fact, synapse: Synapse, implemented_plugin: Path
):
    updated = synapse("plugin", "update-config", cwd=implemented_plugin)
    checked = synapse("plugin", "check", cwd=implemented_plugin)

    assert updated.returncode == 0, updated
    assert checked.returncode == 0, checked


@the_fact("glance/4-test")
def test_step_4_the_action_runs_in_local_mode(fact: Fact, synapse: Synapse, implemented_plugin: Path):
    _synapse, *words = fact["command"].split()
    at = words.index("run") + 1

    ran = synapse(*words[:at], "train", *words[at:], "--params", '{"dataset": 7}', cwd=implemented_plugin)

    assert ran.returncode == 0, ran
    assert "7" in ran.stdout


@the_fact("glance/5-publish")
def test_step_5_the_plugin_is_published(
    fact: Fact, synapse: Synapse, server: ServerProcess, implemented_plugin: Path
):
    _synapse, *words = fact["command"].split()

    published = synapse(*words, "--yes", cwd=implemented_plugin)

    assert published.returncode == 0, published
    assert "yolov8" in synapse("release", "list").stdout


def _structure() -> dict[str, Any]:
    return {fact.key: fact.data for fact in FACTS.values() if fact.id.startswith("structure/")}


def _config(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(folder / "config.yaml")
    return loaded
