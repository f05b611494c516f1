"""What a plugin's source says: literal values are known, computed ones are unknown, nothing is imported."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plugins.scripts import write_files

from synapse_sdk.plugins.errors import ValidationError
from synapse_sdk.plugins.source import PluginSource, SourceAction

SDK = "from synapse_sdk.plugins import BaseAction, BaseTrainAction\n"
TYPES = "from synapse_sdk.plugins.types import DataType, ModelWeights, YOLODataset\n"
EXECUTE = "    def execute(self): ...\n"
TRAIN = f"{SDK}{TYPES}class TrainAction(BaseTrainAction[dict]):\n{EXECUTE}"


def read(tmp_path: Path, files: dict[str, str]) -> PluginSource:
    write_files(tmp_path, {"plugin/__init__.py": ""} | files)
    return PluginSource(tmp_path)


def find(tmp_path: Path, source: str, files: dict[str, str] | None = None) -> SourceAction:
    action = read(tmp_path, {"plugin/train.py": source} | (files or {})).find_action(
        "plugin.train:TrainAction"
    )
    assert action is not None
    return action


KNOWN = [
    ("input_type = YOLODataset", {"input_type": "yolo_dataset"}),
    ("input_type: type = YOLODataset", {"input_type": "yolo_dataset"}),
    ("input_type = output_type = YOLODataset", {"input_type": "yolo_dataset", "output_type": "yolo_dataset"}),
    ("input_type = 'my data'", {"input_type": "my data"}),
    ("input_type = None", {"input_type": None}),
    ("input_type = YOLODataset\n    input_type = ModelWeights", {"input_type": "model_weights"}),
    ("method = 'serve'", {"method": "serve"}),
    ("method = RunMethod.JOB", {"method": "job"}),
    ("method = enums.RunMethod.JOB", {"method": "job"}),
    ("input_type = types.YOLODataset", {"input_type": "yolo_dataset"}),
    ("input_type = synapse_sdk.plugins.types.YOLODataset", {"input_type": "yolo_dataset"}),
    ("input_type = YD", {"input_type": "yolo_dataset"}),
    ("input_type = Mine", {"input_type": "mine"}),
    ("input_type = formats.Theirs", {"input_type": "theirs"}),
    ("input_type = Passed", {"input_type": "theirs"}),
    ("other = 5", {}),
]
IMPORTS = """
import synapse_sdk.plugins.types
from synapse_sdk.plugins import enums, types
from synapse_sdk.plugins.enums import RunMethod
from synapse_sdk.plugins.types import YOLODataset as YD
from . import formats
from plugin.passing import Passed
class Mine(DataType):
    name = "mine"
"""
FORMATS = {
    "plugin/formats.py": TYPES + "class Theirs(DataType):\n    name = 'theirs'\n",
    "plugin/passing.py": "from .formats import Theirs as Passed\n",
}


@pytest.mark.parametrize(("line", "values"), KNOWN)
def test_a_literal_value_is_known(tmp_path: Path, line: str, values: dict[str, str | None]):
    action = find(tmp_path, f"{TRAIN}    {line}\n{IMPORTS}", FORMATS)

    assert action.values == values
    assert action.unknown == frozenset()


@pytest.mark.parametrize(
    "lines",
    [
        "input_type = make()",
        "input_type = YOLODataset if LARGE else ModelWeights",
        "input_type = elsewhere.Dataset",
        "input_type = YOLODataset.__base__",
        "input_type, _ = YOLODataset, ModelWeights",
        "if LARGE:\n        input_type = YOLODataset",
        "for input_type in (YOLODataset,): pass",
        "with x as input_type: pass",
        "@property\n    def input_type(self): ...",
        "class input_type(DataType): ...",
        "input_type = Nameless",
        "input_type = 5",
    ],
)
def test_a_computed_value_is_unknown_and_never_guessed(tmp_path: Path, lines: str):
    middle = "class Middle(BaseTrainAction):\n    input_type = ModelWeights\nclass Nameless(DataType): ...\n"
    source = f"{SDK}{TYPES}{middle}class TrainAction(Middle):\n{EXECUTE}    {lines}\n"

    action = find(tmp_path, source)

    assert action.values == {}
    assert action.unknown == {"input_type"}


def test_nothing_of_the_plugin_is_imported(tmp_path: Path):
    action = find(tmp_path, "raise SystemExit('imported')\n" + TRAIN + "    input_type = YOLODataset\n")

    assert action.values == {"input_type": "yolo_dataset"}


@pytest.mark.parametrize(
    "imported",
    [
        "from plugin.base import Middle",
        "from .base import Middle",
        "from plugin import Middle",
        "from . import Middle",
        "from plugin.base import Middle as M\nMiddle = None",
        "import plugin.base",
        "from plugin import base",
        "from . import base as b",
    ],
)
def test_values_are_inherited_across_modules_of_the_plugin(tmp_path: Path, imported: str):
    base = {
        "from plugin.base import Middle as M\nMiddle = None": "M",
        "import plugin.base": "plugin.base.Middle",
        "from plugin import base": "base.Middle",
        "from . import base as b": "b.Middle",
    }.get(imported, "Middle")
    files = {
        "plugin/__init__.py": "from .base import Middle\n",
        "plugin/base.py": f"{SDK}{TYPES}class Root(BaseTrainAction):\n    output_type = ModelWeights\n"
        "    input_type = ModelWeights\nclass Middle(Root):\n    input_type = YOLODataset\n",
    }
    source = f"{imported}\nclass TrainAction({base}[dict]):\n{EXECUTE}    method = 'job'\n"

    action = find(tmp_path, source, files)

    assert action.values == {
        "input_type": "yolo_dataset", "output_type": "model_weights", "method": "job",
    }  # fmt: skip


def list_actions(tmp_path: Path, files: dict[str, str]) -> list[str]:
    return [action.entrypoint for action in read(tmp_path, files).iter_actions(["plugin"])]


def test_actions_are_found_in_the_order_of_files_and_lines(tmp_path: Path):
    files = {
        "plugin/b.py": f"{SDK}class Second(BaseAction[dict]):\n{EXECUTE}class First(BaseAction):\n{EXECUTE}",
        "plugin/a/deep.py": f"{SDK}class Deep(BaseAction[dict]):\n    async def execute(self): ...\n",
        "plugin/c.py": "class NoAction:\n    def execute(self): ...\n",
    }

    assert list_actions(tmp_path, files) == ["plugin.a.deep:Deep", "plugin.b:Second", "plugin.b:First"]


def test_classes_that_can_not_run_are_left_out(tmp_path: Path):
    source = f"""{SDK}
from abc import ABC, abstractmethod
import abc
class NoExecute(BaseAction[dict]): ...
class Abstract(BaseAction[dict]):
    @abstractmethod
    def execute(self): ...
class AlsoAbstract(Abstract):
    @abc.abstractmethod
    async def execute(self): ...
class StillAbstract(Abstract): ...
class Concrete(Abstract):
    def execute(self): ...
class Heir(Concrete): ...
"""

    assert list_actions(tmp_path, {"plugin/a.py": source}) == ["plugin.a:Concrete", "plugin.a:Heir"]


def test_a_base_of_the_sdk_is_seen_through_modules_that_pass_it_on(tmp_path: Path):
    files = {
        "plugin/compat.py": "from synapse_sdk.plugins import BaseTrainAction as Base\n",
        "plugin/a.py": f"from plugin.compat import Base\nclass A(Base[dict]):\n{EXECUTE}",
        "plugin/b.py": f"import synapse_sdk.plugins as sdk\nclass B(sdk.BaseAction[dict]):\n{EXECUTE}",
        "plugin/c.py": f"from other import BaseAction\nclass C(BaseAction):\n{EXECUTE}",
    }

    assert list_actions(tmp_path, files) == ["plugin.a:A", "plugin.b:B"]


def test_classes_and_imports_in_a_circle_end(tmp_path: Path):
    files = {
        "plugin/a.py": f"from plugin.b import B, X\nclass A(B):\n{EXECUTE}    input_type = X\n",
        "plugin/b.py": f"from plugin.a import A\nfrom plugin.a import X\nclass B(A):\n{EXECUTE}",
    }

    assert list_actions(tmp_path, files) == []


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ("class FooBarAction(BaseAction)", "foobar"),
        ("class Train(BaseAction)", "train"),
        ("class Action(BaseAction)", "action"),
    ],
)
def test_an_action_is_called_by_its_class_unless_it_says_otherwise(
    tmp_path: Path, definition: str, name: str
):
    source = f"{SDK}{definition}:\n{EXECUTE}"

    assert next(read(tmp_path, {"plugin/a.py": source}).iter_actions(["plugin"])).default_name == name

    named = read(tmp_path / "named", {"plugin/a.py": source + "    action_name = 'mine'\n"})
    assert next(named.iter_actions(["plugin"])).default_name == "mine"


@pytest.mark.parametrize(
    ("text", "place"), [("def (:\n", "plugin/train.py:1:5"), ("x = '\x00'\n", "plugin/train.py:1:")]
)
def test_a_file_that_is_no_python_is_told_with_its_place(tmp_path: Path, text: str, place: str):
    with pytest.raises(ValidationError, match="this is not Python") as caught:
        find(tmp_path, text)

    assert caught.value.message.startswith(place)


@pytest.mark.parametrize(
    ("entrypoint", "is_there"),
    [
        ("plugin.train:TrainAction", True),
        ("plugin.train.TrainAction", True),
        ("plugin.train:function", True),
        ("plugin.train:imported", True),
        ("plugin.train:assigned", True),
        ("plugin.train:in_a_branch", True),
        ("plugin.train:nothing", False),
        ("plugin.missing:TrainAction", False),
        ("elsewhere:X", False),
    ],
)
def test_what_an_entrypoint_may_name(tmp_path: Path, entrypoint: str, is_there: bool):
    source = TRAIN + "def function(): ...\nfrom x import imported\nassigned = 1\nif 1:\n    in_a_branch = 2\n"

    assert read(tmp_path, {"plugin/train.py": source}).has_name(entrypoint) is is_there
