"""`PluginDiscovery`: what a plugin offers, read from its files."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import ClassVar

import pytest
from tests.plugins.scripts import run_python, write_files

from synapse_sdk.plugins.discovery import PluginDiscovery, find_plugin_by_code
from synapse_sdk.plugins.errors import (
    ActionNotFoundError,
    ConfigError,
    ConfigNotFoundError,
    PluginRunError,
    ValidationError,
)

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


MODULE = """
from pydantic import BaseModel
from synapse_sdk.plugins import BaseAction, action
from synapse_sdk.plugins.actions.upload import DefaultUploadAction
from synapse_sdk.plugins.types import YOLODataset

class Params(BaseModel):
    epochs: int = 3

class Result(BaseModel):
    loss: float

class TrainAction(BaseAction[Params]):
    input_type = YOLODataset
    method = "job"
    result_model = Result

    def execute(self):
        return {"loss": 1 / self.params.epochs}

class Upload(DefaultUploadAction):
    action_name = "put"

class Unfinished(BaseAction[Params]):
    pass

@action(description="Counts.")
def count(params, ctx):
    return {"n": 1}
"""


def test_actions_are_found_in_source_that_is_never_run(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": f"{MODULE}\nraise SystemExit('run')"})
    write_files(tmp_path, {"alone.py": MODULE.replace("TrainAction", "Other"), "tests/test_it.py": "x = ("})

    found = PluginDiscovery.discover_actions(tmp_path)

    assert sorted(found) == ["other", "put", "train"]
    assert found["train"] == {
        "entrypoint": "plugin.train:TrainAction",
        "input_type": "yolo_dataset",
        "output_type": None,
        "method": "job",
    }
    write_files(tmp_path, {"plugin/broken.py": "class Train(:\n"})
    with pytest.raises(ValidationError, match=r"plugin/broken\.py:1:13: this is not Python"):
        PluginDiscovery.discover_actions(tmp_path)
    with pytest.raises(ValueError, match="There is no folder"):
        PluginDiscovery.discover_actions(tmp_path / "nowhere")


def test_a_module_is_a_plugin_of_its_own_actions(tmp_path: Path):
    write_files(tmp_path, {"my_tools/__init__.py": "", "my_tools/train.py": MODULE})
    script = """
        import json
        import sys

        sys.path.insert(0, ".")
        import my_tools.train as module
        from synapse_sdk.plugins import LocalExecutor, PluginDiscovery, PluginError

        plugin = PluginDiscovery.from_module(module, name="Mine")
        print(plugin.list_actions(), plugin.config.code, plugin.config.name, plugin.folder.name)
        print(plugin.get_action_config("count").description, plugin.get_action_input_type("train"))
        print(plugin.get_action_result_model("train").__name__)
        print(plugin.get_action_ui_schema("train")[0]["name"])
        print(LocalExecutor(sinks=[]).execute(plugin.get_action_class("train"), {"epochs": 2}))
        try:
            PluginDiscovery.from_module(json)
        except PluginError as error:
            print(error.message)
    """

    ran = run_python(script, tmp_path)

    assert ran.returncode == 0, ran
    assert ran.stdout.splitlines() == [
        f"['train', 'put', 'count'] my-tools-train Mine {tmp_path.name}",
        "Counts. yolo_dataset",
        "Result",
        "epochs",
        "{'loss': 0.5}",
        "The module json defines no actions.",
    ]


def test_a_config_is_told_as_a_document_and_brought_up_to_date(tmp_path: Path):
    config = CONFIG.replace("  infer:\n    entrypoint: plugin.infer.Infer\n", "").replace(
        "    method: job\n", ""
    )
    config = config.replace("Train\n", "TrainAction  # mine\n")
    source = {"config.yaml": config, "plugin/__init__.py": "", "plugin/train.py": MODULE}
    write_files(tmp_path / "a", source)
    file = tmp_path / "a/config.yaml"
    plugin = PluginDiscovery.from_path(file)

    document = plugin.to_config_dict()
    assert document["actions"] == {"train": {"entrypoint": "plugin.train:TrainAction"}}
    assert plugin.to_yaml().startswith("name: A\ncode: a\nversion: 0.1.0\n")
    write_files(tmp_path / "copy", {"config.yaml": plugin.to_yaml()})
    assert PluginDiscovery.from_path(tmp_path / "copy").config == plugin.config

    lacking = PluginDiscovery.check_config_sync(file)
    assert lacking["train"] == "method: - -> job; input_type: - -> yolo_dataset"
    assert lacking["put"].startswith("entrypoint: - -> plugin.train:Upload")
    assert PluginDiscovery.sync_config_file(tmp_path / "a") == lacking
    assert PluginDiscovery.sync_config_file(file) == {}
    assert "TrainAction  # mine\n" in file.read_text()
    assert plugin.get_action_output_type("train") is None


def test_actions_are_listed_before_pydantic_or_the_plugin_is_imported(plugin: PluginDiscovery):
    code = (
        "import sys\nfrom synapse_sdk.plugins import PluginDiscovery\n"
        f"print(PluginDiscovery.from_path({str(plugin.folder)!r}).list_actions())\n"
        "print([name for name in ('pydantic', 'plugin') if name in sys.modules])\n"
    )

    assert run_python(code, plugin.folder).stdout.splitlines() == ["['train', 'infer']", "[]"]


class TestAForeignAction:
    """An entry that does not fit: its use fails with the reason, the rest works."""

    @pytest.fixture
    def plugin(self, tmp_path: Path) -> PluginDiscovery:
        write_files(tmp_path, {"config.yaml": f"{CONFIG}  serve:\n    method: job\n"})
        return PluginDiscovery.from_path(tmp_path)

    def test_the_rest_is_there(self, plugin: PluginDiscovery):
        assert plugin.list_actions() == ["train", "infer"]
        assert plugin.get_action_method("train") == "job"
        assert list(plugin.to_config_dict()["actions"]) == ["train", "infer"]

    @pytest.mark.parametrize(
        "ask",
        [
            PluginDiscovery.get_action_config,
            PluginDiscovery.get_action_entrypoint,
            PluginDiscovery.get_action_class,
            PluginDiscovery.get_action_params_schema,
        ],
    )
    def test_its_use_fails_with_the_place_and_the_reason(self, plugin: PluginDiscovery, ask):
        with pytest.raises(ConfigError, match=r"^config\.yaml:13:5: actions\.serve\.entrypoint is missing"):
            ask(plugin, "serve")


ASK_SCHEMAS = [
    PluginDiscovery.get_action_params_schema,
    PluginDiscovery.get_action_result_schema,
    PluginDiscovery.get_action_ui_schema,
    PluginDiscovery.get_action_result_ui_schema,
]


class TestTypes:
    """What flows in and out: as the config names it, else as the class does."""

    CODE = """
from synapse_sdk.plugins import BaseAction
from synapse_sdk.plugins.types import YOLODataset, ModelWeights
raise SystemExit("imported")
class Train(BaseAction):
    input_type = YOLODataset
    output_type = "weights"
    def execute(self): ...
def count(params): ...
"""

    def make(self, folder: Path, code: str, more: str = "") -> PluginDiscovery:
        config = CONFIG.replace("plugin.infer.Infer", "plugin.train:count").replace("method: job", more)
        write_files(folder, {"config.yaml": config, "plugin/__init__.py": "", "plugin/train.py": code})
        return PluginDiscovery.from_path(folder)

    def test_the_source_tells_them(self, tmp_path: Path):
        plugin = self.make(tmp_path, self.CODE)

        assert plugin.get_action_input_type("train") == "yolo_dataset"
        assert plugin.get_action_output_type("train") == "weights"
        assert plugin.get_action_input_type("infer") is None

    def test_the_config_comes_before_the_class(self, tmp_path: Path):
        plugin = self.make(tmp_path, self.CODE, "input_type: mine")

        assert plugin.get_action_input_type("train") == "mine"

    def test_what_only_running_tells_is_read_from_the_imported_class(self, tmp_path: Path):
        code = self.CODE.replace('raise SystemExit("imported")', "").replace('"weights"', '"x".upper()')
        self.make(tmp_path, code.replace("= YOLODataset", "= YOLODataset if 1 else None"))

        finished = run_python(
            "from synapse_sdk.plugins import PluginDiscovery\nplugin = PluginDiscovery.from_path('.')\n"
            "print(plugin.get_action_input_type('train'), plugin.get_action_output_type('train'))",
            tmp_path,
        )

        assert finished.stdout == "yolo_dataset X\n", finished

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("class Train(:\n", "plugin/train.py:1:13: this is not Python"),
            (
                "class Other: ...\n",
                "Action not found: train. The entrypoint 'plugin.train:Train' names 'Train'",
            ),
        ],
    )
    def test_code_that_is_broken_is_told(self, tmp_path: Path, code: str, message: str):
        self.make(tmp_path, code)

        finished = run_python(
            "from synapse_sdk.plugins import PluginDiscovery, PluginError\n"
            "try: PluginDiscovery.from_path('.').get_action_output_type('train')\n"
            "except PluginError as error: print(error.message)",
            tmp_path,
        )

        assert finished.stdout.startswith(message), finished


class TestSchemas:
    """What an action takes, told without importing the plugin into this process."""

    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SYNAPSE_HOME", str(tmp_path / "home"))

    def make(self, folder: Path, code: str) -> PluginDiscovery:
        write_files(folder, {"config.yaml": CONFIG, "plugin/__init__.py": "", "plugin/train.py": code})
        return PluginDiscovery.from_path(folder)

    def test_of_an_action(self, tmp_path: Path):
        plugin = self.make(
            tmp_path,
            "from pydantic import BaseModel\nfrom synapse_sdk.plugins import BaseAction, TrainResult\n"
            "class P(BaseModel):\n    epochs: int = 5\n"
            "class Train(BaseAction[P]):\n    result_model = TrainResult\n    def execute(self): ...\n",
        )

        schema = plugin.get_action_params_schema("train") or {}
        assert schema["properties"]["epochs"]["default"] == 5
        assert "weights_path" in (plugin.get_action_result_schema("train") or {})["properties"]
        assert [element["value"] for element in plugin.get_action_ui_schema("train")] == [5]
        assert plugin.get_action_result_ui_schema("train")[0]["name"] == "weights_path"

    def test_a_module_that_fails_is_told_with_its_cause_and_hides_no_other(self, tmp_path: Path):
        plugin = self.make(
            tmp_path,
            "from synapse_sdk.plugins import BaseAction\n"
            "class Train(BaseAction):\n    def execute(self): ...\n",
        )
        write_files(tmp_path, {"plugin/infer.py": "import nothing_like_this\n"})

        assert plugin.get_action_params_schema("train") is None
        assert plugin.get_action_ui_schema("train") == []
        assert plugin.get_action_result_ui_schema("train") == []
        for ask in ASK_SCHEMAS:
            with pytest.raises(PluginRunError, match="No module named 'nothing_like_this'"):
                ask(plugin, "infer")

    def test_an_entrypoint_that_names_nothing_has_neither_schema_nor_form(self, tmp_path: Path):
        plugin = self.make(tmp_path, "class Other: ...\n")

        for ask in ASK_SCHEMAS:
            with pytest.raises(
                PluginRunError, match=r"Action not found: train.*names 'Train', which is not in"
            ):
                ask(plugin, "train")

    def test_of_an_unknown_action(self, plugin: PluginDiscovery):
        with pytest.raises(ActionNotFoundError, match="trian"):
            plugin.get_action_params_schema("trian")


class TestAModuleAsAPlugin:
    """A module that defines actions is a plugin without a config; its folder is where it is imported from."""

    FILES: ClassVar[dict[str, str]] = {
        "tools/__init__.py": "from synapse_sdk.plugins import action\n@action\ndef whole(params): return 1\n",
        "tools/parts.py": "from synapse_sdk.plugins import action\n@action\ndef part(p): return p\n",
        "tools/broken.py": "import nothing_like_this\n",
        "tools/gone.py": "raise SystemExit(3)\n",
        "tools/empty.py": "",
    }

    def say(self, folder: Path, code: str) -> list[str]:
        write_files(folder, self.FILES)
        head = (
            "from pathlib import Path\nfrom synapse_sdk.plugins.discovery import resolve_plugin\n"
            "from synapse_sdk.plugins import PluginError, run_plugin\n"
        )
        ran = run_python(f"{head}{code}", folder)
        assert ran.returncode == 0, ran
        return ran.stdout.splitlines()

    @pytest.mark.parametrize(("module", "action"), [("tools", "whole"), ("tools.parts", "part")])
    def test_a_package_and_a_module_in_it(self, tmp_path: Path, module: str, action: str):
        code = f"p = resolve_plugin({module!r})\nprint(p.list_actions(), p.folder, p.loaded.path.is_file())"

        assert self.say(tmp_path, code) == [f"['{action}'] {tmp_path} True"]

    def test_it_is_run_and_its_run_is_recorded(self, tmp_path: Path):
        lines = self.say(
            tmp_path,
            "import sys; sys.path.insert(0, '.')\nimport tools.parts\n"
            "print(run_plugin('tools.parts', 'part', {'a': 1}, sinks=[]))\n"
            "print(run_plugin(tools.parts, 'part', {'a': 2}, sinks=[]))\n"
            "print(sorted(entry.name for entry in Path('.synapse/runs').iterdir()))\n",
        )

        assert lines[:2] == ["{'a': 1}", "{'a': 2}"]
        assert {"1", "2"} <= set(ast.literal_eval(lines[2]))

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            (
                "tools.broken",
                "The module tools.broken of {folder} can not be imported: ModuleNotFoundError: ",
            ),
            ("tools.gone", "The module tools.gone of {folder} can not be imported: SystemExit: 3"),
            ("tools.empty", "The module tools.empty defines no actions."),
            ("tools.absent", "Plugin not found: no config.yaml with `code: tools.absent`"),
            ("json", "Plugin not found: no config.yaml with `code: json`"),
        ],
    )
    def test_what_is_no_plugin_is_said_to_be_none(self, tmp_path: Path, name: str, message: str):
        code = f"try:\n    resolve_plugin({name!r})\nexcept PluginError as error:\n    print(error.message)"

        assert self.say(tmp_path, code)[0].startswith(message.format(folder=tmp_path))

    def test_a_server_runs_releases(self, tmp_path: Path):
        (line,) = self.say(
            tmp_path,
            "import sys; sys.path.insert(0, '.')\nimport tools\n"
            "try:\n    run_plugin(tools, 'whole', mode='remote')\nexcept PluginError as error:\n"
            "    print(error.message)",
        )

        assert line == "The module tools is no release, and a server runs releases."
