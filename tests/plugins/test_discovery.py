"""`PluginDiscovery`: what a plugin offers, read from its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plugins.scripts import run_python, write_files

from synapse_sdk.plugins.discovery import PluginDiscovery, find_plugin_by_code
from synapse_sdk.plugins.errors import ActionNotFoundError, ConfigError, ConfigNotFoundError, PluginRunError

CONFIG = """
name: A
code: a
version: 0.1.0
category: custom
actions:
  train:
    entrypoint: plugin.train:Train
    method: job
  infer:
    entrypoint: plugin.infer.Infer
"""


@pytest.fixture
def plugin(tmp_path: Path) -> PluginDiscovery:
    write_files(tmp_path / "a", {"config.yaml": CONFIG, "plugin/__init__.py": "raise SystemExit('imported')"})
    return PluginDiscovery.from_path(tmp_path / "a")


def test_what_the_config_says_is_told_without_importing_anything(plugin: PluginDiscovery, tmp_path: Path):
    assert plugin.list_actions() == ["train", "infer"]
    assert (plugin.has_action("train"), plugin.has_action("trian")) == (True, False)
    assert (plugin.get_action_method("train"), plugin.get_action_method("infer")) == ("job", "task")
    assert plugin.get_action_entrypoint("infer") == "plugin.infer.Infer"
    assert plugin.get_action_config("train").name == "train"
    assert (plugin.config.code, plugin.folder) == ("a", tmp_path / "a")


@pytest.mark.parametrize(
    "ask",
    [
        PluginDiscovery.get_action_config,
        PluginDiscovery.get_action_method,
        PluginDiscovery.get_action_entrypoint,
        PluginDiscovery.get_action_class,
        PluginDiscovery.get_action_params_model,
    ],
)
def test_an_unknown_action_is_refused_whatever_is_asked_of_it(plugin: PluginDiscovery, ask):
    with pytest.raises(ActionNotFoundError, match="Action not found: trian"):
        ask(plugin, "trian")


def test_a_plugin_is_read_from_its_file_or_a_path_as_text(plugin: PluginDiscovery):
    assert PluginDiscovery.from_path(str(plugin.folder)).config == plugin.config
    assert PluginDiscovery.from_path(plugin.folder / "config.yaml").config == plugin.config


def test_what_can_not_be_read_is_refused(tmp_path: Path):
    with pytest.raises(ConfigNotFoundError):
        PluginDiscovery.from_path(tmp_path)
    write_files(tmp_path, {"config.yaml": ""})
    with pytest.raises(ConfigError, match="holds nothing"):
        PluginDiscovery.from_path(tmp_path)


def test_classes_and_params_models_are_imported_and_left_as_they_are(tmp_path: Path):
    source = """
from pydantic import BaseModel
from synapse_sdk.plugins import BaseAction
class Params(BaseModel): ...
class Train(BaseAction[Params]):
    def execute(self): ...
class Infer(BaseAction):
    def execute(self): ...
"""
    files = {
        "config.yaml": CONFIG,
        "plugin/train.py": source,
        "plugin/infer.py": "from .train import Infer\n",
    }
    write_files(tmp_path / "a", files)

    finished = run_python(
        """
        from synapse_sdk.plugins import PluginDiscovery
        plugin = PluginDiscovery.from_path("a")
        print(plugin.get_action_class("train").__name__, plugin.get_action_class("train").action_name)
        print(plugin.get_action_params_model("train").__name__, plugin.get_action_params_model("infer"))
        """,
        tmp_path,
    )

    assert finished.stdout == "Train None\nParams None\n", finished


def test_a_search_stops_two_levels_down_and_skips_hidden_folders_and_links(tmp_path: Path):
    for place in ("x/y", "x/.hidden", "x/_private", "x/y/z"):
        write_files(tmp_path / place, {"config.yaml": CONFIG.replace("code: a", f"code: {place[-1]}")})
    (tmp_path / "link").symlink_to(tmp_path / "x/y/z")

    assert find_plugin_by_code("y", tmp_path).folder == tmp_path / "x/y"
    for code in ("n", "e", "z"):
        with pytest.raises(PluginRunError, match="Plugin not found") as caught:
            find_plugin_by_code(code, tmp_path)
        assert caught.value.details["found"] == ["y"]


def test_a_folder_of_plugins_with_nothing_in_it_says_how_to_go_on(tmp_path: Path):
    with pytest.raises(PluginRunError) as caught:
        find_plugin_by_code("a", tmp_path)

    assert caught.value.hint == "Say where it is with --path."
