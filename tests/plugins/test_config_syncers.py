"""Syncers: what an entry of config.yaml follows from, one's own included."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field
from tests.plugins.scripts import run_python, write_files

from synapse_sdk.plugins import PluginDiscovery
from synapse_sdk.plugins.config_file import load_config
from synapse_sdk.plugins.config_sync import (
    UPLOAD_GROUP_NAME_FIELD,
    ConfigSyncer,
    EntrypointSyncer,
    HyperparametersSyncer,
    MethodSyncer,
    TypesSyncer,
    get_default_syncers,
    sync_action_config,
)
from synapse_sdk.plugins.errors import ConfigError

CONFIG = """\
# mine
name: A
code: a
version: 0.1.0
category: custom
actions:
  train:   # the one
    entrypoint: "plugin.train:TrainAction"   # quoted
    input_type: 'yolo_dataset'
    since: 2024-01-01
    labels:
      - old   # one of many
      - older

    # what people read
    description: Old  # for now
  infer:
    entrypoint: plugin.train.InferAction
tags: [a]
"""
SOURCE = """
from pydantic import BaseModel
from synapse_sdk.plugins import BaseTrainAction
from synapse_sdk.plugins.types import YOLODataset

class Params(BaseModel):
    dataset: int
    epochs: int = 3

class TrainAction(BaseTrainAction[Params]):
    input_type = YOLODataset
    def execute(self): ...

class InferAction(BaseTrainAction[dict]):
    def execute(self): ...
"""


class Colour(enum.Enum):
    RED = "red"


class OwnSyncer(ConfigSyncer):
    """As an author writes one: put values, say what was done."""

    name = "own"

    def __init__(self, values: dict[str, Any] | None = None, *, gone: str = "", says: Any = ("did it",)):
        self.values, self.gone, self.says = values or {}, gone, says
        self.seen: dict[str, dict[str, Any]] = {}

    def sync(self, action_name: str, action_info: dict[str, Any], action_config: dict[str, Any]) -> Any:
        self.seen[action_name] = action_info
        if action_name == "train":
            action_config.update(self.values)
            action_config.pop(self.gone, None)
        return self.says


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path, {"config.yaml": CONFIG, "plugin/__init__.py": "", "plugin/train.py": SOURCE})
    return tmp_path


def test_a_syncer_of_one_s_own_is_asked_about_every_action_and_what_it_puts_is_written(tmp_path: Path):
    # In a process of its own: the params model is that of the plugin's code, imported.
    files = {"config.yaml": CONFIG, "plugin/__init__.py": "", "plugin/train.py": SOURCE}
    script = """
from synapse_sdk.plugins import PluginDiscovery
from synapse_sdk.plugins.config_sync import ConfigSyncer

class FieldsSyncer(ConfigSyncer):
    name = "fields"
    def sync(self, action_name, action_info, action_config):
        model = action_info["params_model"]
        print(action_name, action_info["entrypoint"], action_info["input_type"], model and model.__name__)
        fields = sorted(model.model_fields) if action_name == "train" else []
        if action_config.get("fields", []) == fields:
            return []
        action_config["fields"] = fields
        return [f"fields: {len(fields)}"]

print(PluginDiscovery.sync_config_file(".", [FieldsSyncer()]))
print(PluginDiscovery.sync_config_file(".", [FieldsSyncer()]))
"""
    write_files(tmp_path, files)

    lines = run_python(script, tmp_path).stdout.splitlines()

    assert lines == [
        "train plugin.train.TrainAction yolo_dataset Params",
        "infer plugin.train.InferAction None None",
        "{'train': 'fields: 2'}",
        "train plugin.train.TrainAction yolo_dataset Params",
        "infer plugin.train.InferAction None None",
        "{}",
    ]
    added = "    fields:\n    - dataset\n    - epochs\n"
    before, after = CONFIG.split("  infer:\n")
    assert (tmp_path / "config.yaml").read_text() == f"{before}{added}  infer:\n{after}"


# fmt: off
EDITS = [
    ("a text keeps its comment", {"description": "New"}, "",
     "    description: Old  # for now\n", "    description: New  # for now\n"),
    ("a list is replaced, what stands around it stays", {"labels": ["new"]}, "",
     "    labels:\n      - old   # one of many\n      - older\n", "    labels:\n    - new\n"),
    ("a list becomes a number", {"labels": 3}, "",
     "    labels:\n      - old   # one of many\n      - older\n", "    labels: 3\n"),
    ("a key goes", {}, "labels", "    labels:\n      - old   # one of many\n      - older\n", ""),
    ("the last key goes", {}, "description", "    description: Old  # for now\n", ""),
    ("a structure in the last place", {"description": "Old", "serve_options": {"a": {"b": [1, "1"]}}}, "",
     "# for now\n",
     "# for now\n    serve_options:\n      a:\n        b:\n        - 1\n        - '1'\n"),
    ("an enum is its value", {"colour": Colour.RED}, "", "# for now\n", "# for now\n    colour: red\n"),
    ("a boolean and a tuple", {"flag": True, "pair": (1, None)}, "", "# for now\n",
     "# for now\n    flag: true\n    pair:\n    - 1\n    - null\n"),
]
# fmt: on


@pytest.mark.parametrize(
    ("values", "gone", "old", "new"), [row[1:] for row in EDITS], ids=[e[0] for e in EDITS]
)
def test_what_a_syncer_does_touches_only_its_own_lines(
    folder: Path, values: dict[str, Any], gone: str, old: str, new: str
):
    syncer = OwnSyncer(values, gone=gone)

    assert PluginDiscovery.sync_config_file(folder, [syncer]) == {"train": "did it"}

    assert CONFIG.count(old) == 1
    assert (folder / "config.yaml").read_text() == CONFIG.replace(old, new)
    assert PluginDiscovery.sync_config_file(folder, [syncer]) == {}


@pytest.mark.parametrize(
    ("says", "told"),
    [((), "train.description: New (was Old)"), (None, "train.description: New (was Old)"), ("so", "so")],
)
def test_a_change_is_told_even_if_its_syncer_says_nothing(folder: Path, says: Any, told: str):
    assert PluginDiscovery.sync_config_file(folder, [OwnSyncer({"description": "New"}, says=says)]) == {
        "train": told
    }


def test_what_is_said_and_not_done_is_not_told(folder: Path):
    assert PluginDiscovery.sync_config_file(folder, [OwnSyncer({"description": "Old"})]) == {}
    assert (folder / "config.yaml").read_text() == CONFIG


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "local"}, "actions.train.method: what the syncer own made of it does not fit: "),
        ({"x": {1, 2}}, "actions.train.x: the syncer own put a set there, which a config can not hold."),
        ({"x": {"y": [b"z"]}}, "actions.train.x.y[0]: the syncer own put a bytes there"),
    ],
)
def test_what_a_config_can_not_hold_is_refused_and_nothing_is_written(
    folder: Path, values: dict[str, Any], message: str
):
    with pytest.raises(ConfigError) as caught:
        PluginDiscovery.sync_config_file(folder, [OwnSyncer(values)])

    assert caught.value.message.startswith(message)
    assert (folder / "config.yaml").read_text() == CONFIG


def test_code_that_can_not_be_imported_here_is_said_and_the_rest_is_done(folder: Path):
    script = """
import warnings
from synapse_sdk.plugins import PluginDiscovery
from synapse_sdk.plugins.config_sync import HyperparametersSyncer, MethodSyncer
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(PluginDiscovery.sync_config_file(".", [MethodSyncer(), HyperparametersSyncer()]))
print([str(item.message) for item in caught])
"""
    write_files(folder, {"plugin/train.py": f"import nowhere_at_all\n{SOURCE}    method = 'job'\n"})

    assert run_python(script, folder).stdout.splitlines() == [
        "{'infer': 'method: - -> job'}",
        (
            '["actions.train: its params are not known, because plugin.train:TrainAction can not be imported '
            "here: ModuleNotFoundError: No module named 'nowhere_at_all'\"]"
        ),
    ]


def test_a_syncer_that_does_not_ask_for_the_params_imports_nothing(folder: Path):
    write_files(folder, {"plugin/train.py": f"raise SystemExit\n{SOURCE}"})
    syncer = OwnSyncer({"description": "New"})

    assert PluginDiscovery.sync_config_file(folder, [syncer]) == {"train": "did it"}

    assert syncer.seen["infer"]["input_type"] is None
    assert load_config(folder).config.actions["train"].description == "New"


def test_an_entrypoint_that_names_nothing_is_a_warning(folder: Path):
    (folder / "config.yaml").write_text(CONFIG.replace("plugin.train.InferAction", "plugin.nowhere.Act"))

    with pytest.warns(UserWarning, match=r"actions\.infer\.entrypoint: 'plugin\.nowhere\.Act' is not in"):
        PluginDiscovery.sync_config_file(folder, [])


# One entry


class Params(BaseModel):
    dataset: int
    epochs: int = Field(3, ge=1)
    rate: float


INFO = {
    "entrypoint": "plugin.train.TrainAction",
    "method": "job",
    "input_type": "yolo_dataset",
    "output_type": None,
    "params_model": Params,
}


def test_the_default_syncers_are_those_of_the_sheet_in_its_order():
    names = ["entrypoint", "method", "types", "hyperparameters", "upload_group_name"]

    assert [syncer.name for syncer in get_default_syncers()] == names


def test_an_empty_entry_gets_all_that_the_code_says():
    entry: dict[str, Any] = {}

    told = sync_action_config("train", INFO, entry)

    form = entry.pop("hyperparameters")["train_ui_schemas"]
    assert entry == {"entrypoint": "plugin.train.TrainAction", "method": "job", "input_type": "yolo_dataset"}
    assert [(field["name"], field.get("required", False)) for field in form] == [
        ("epochs", False), ("rate", True)
    ]  # fmt: skip
    assert told == [
        "entrypoint: - -> plugin.train.TrainAction", "method: - -> job", "input_type: - -> yolo_dataset",
        "hyperparameters: form of the params",
    ]  # fmt: skip


def test_an_entry_that_agrees_stays_as_it_is():
    entry: dict[str, Any] = {"hyperparameters": {"own": 1}}
    sync_action_config("train", INFO, entry)
    before = dict(entry)

    assert sync_action_config("train", INFO, entry) == []
    assert entry == before
    assert entry["hyperparameters"]["own"] == 1


@pytest.mark.parametrize("spelling", ["plugin.train.TrainAction", "plugin.train:TrainAction"])
def test_an_entrypoint_keeps_its_spelling(spelling: str):
    entry = {"entrypoint": spelling}

    assert EntrypointSyncer().sync("train", INFO, entry) == []
    assert entry == {"entrypoint": spelling}


def test_an_entrypoint_of_other_code_is_replaced():
    entry = {"entrypoint": "plugin.old:TrainAction"}

    assert EntrypointSyncer().sync("train", INFO, entry) == [
        "entrypoint: plugin.old:TrainAction -> plugin.train.TrainAction"
    ]


def test_what_the_class_does_not_say_stays():
    entry = {"method": "serve", "input_type": "mine", "output_type": "mine"}
    silent = {"entrypoint": "a.B", "method": None, "input_type": None, "output_type": None}

    assert [*MethodSyncer().sync("x", silent, entry), *TypesSyncer().sync("x", silent, entry)] == []
    assert entry == {"method": "serve", "input_type": "mine", "output_type": "mine"}


def test_an_upload_has_its_form_with_a_group_name_at_the_end_once():
    entry: dict[str, Any] = {}

    sync_action_config("upload", INFO, entry)

    assert [field["name"] for field in entry["ui_schema"]] == ["epochs", "rate", "group_name"]
    assert entry["ui_schema"][-1] == UPLOAD_GROUP_NAME_FIELD
    assert sync_action_config("upload", INFO, entry) == []


def test_other_actions_get_no_form():
    entry: dict[str, Any] = {}

    assert HyperparametersSyncer().sync("export", INFO, entry) == []
    assert entry == {}
