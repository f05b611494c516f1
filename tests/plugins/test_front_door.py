"""The lazy front door `synapse_sdk.plugins`: light, complete, and true for type checkers."""

from __future__ import annotations

import ast
import json
import sys
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.plugins.scripts import say

import synapse_sdk.plugins as door

#: A model in use: what an author's params need anyway.
PYDANTIC = "import pydantic\nclass M(pydantic.BaseModel): x: int\nM(x='1').model_json_schema()"


def modules_loaded_by(statement: str, tmp_path: Path) -> set[str]:
    source = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    return set(json.loads(say(source, tmp_path)[-1]))


def foreign_packages_loaded_by(statement: str, tmp_path: Path) -> set[str]:
    """Name the packages that are neither Python's, nor ours, nor loaded with pydantic."""
    packages = {name.partition(".")[0] for name in modules_loaded_by(statement, tmp_path)}
    known = {name.partition(".")[0] for name in modules_loaded_by(PYDANTIC, tmp_path)}
    return packages - known - sys.stdlib_module_names - {"synapse_sdk"}


@pytest.mark.parametrize(
    "statement",
    [
        "from synapse_sdk.plugins import BaseTrainAction",
        "from synapse_sdk.plugins import BaseInferenceAction",
        "from synapse_sdk.plugins import BaseAction, RuntimeContext, PluginCategory",
        "import synapse_sdk.plugins.types, synapse_sdk.plugins.enums, synapse_sdk.plugins.errors",
        "import synapse_sdk.plugins as door\nfor name in door.__all__: getattr(door, name)",
    ],
)
def test_what_authors_import_loads_pydantic_and_nothing_else(tmp_path: Path, statement: str):
    assert foreign_packages_loaded_by(statement, tmp_path) == set()


def test_what_is_installed_with_the_sdk_is_small():
    sizes: dict[str, int] = {}
    waiting = ["synapse-sdk"]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in sizes:
            continue
        installed = distribution(name)
        files = [Path(str(file.locate())) for file in installed.files or ()]
        sizes[name] = sum(file.stat().st_size for file in files if file.is_file())
        needed = [Requirement(text) for text in installed.requires or ()]
        waiting += [
            item.name for item in needed if item.marker is None or item.marker.evaluate({"extra": ""})
        ]

    assert {"pydantic", "click"} <= sizes.keys()
    assert sum(sizes.values()) < 40_000_000, sizes  # it is 17 MB; one OpenCV or gRPC is more than the rest


def test_naming_one_thing_does_not_load_the_others(tmp_path: Path):
    loaded = modules_loaded_by("from synapse_sdk.plugins import BaseTrainAction", tmp_path)

    assert (
        loaded & {f"synapse_sdk.plugins.{name}" for name in ("runner", "config_file", "executors.local")}
        == set()
    )


def test_executing_an_action_loads_nothing_more(tmp_path: Path):
    loaded = foreign_packages_loaded_by(
        "from synapse_sdk.plugins import BaseAction, LocalExecutor\n"
        "class A(BaseAction[dict]):\n"
        "    def execute(self): self.set_metrics({'x': 1})\n"
        "LocalExecutor(sinks=[]).execute(A, {})",
        tmp_path,
    )

    assert loaded == set()


@pytest.mark.parametrize("name", door.__all__)
def test_every_name_is_there(name: str):
    assert getattr(door, name) is not None
    assert name in dir(door)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'synapse_sdk\.plugins' has no attribute 'BaseTrian'"):
        door.BaseTrian  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    "package",
    [
        "synapse_sdk.plugins",
        "synapse_sdk.plugins.actions.inference",
        "synapse_sdk.plugins.actions.train",
        "synapse_sdk.plugins.steps",
        "synapse_sdk.workspace",
    ],
)
def test_type_checkers_see_the_same_names_from_the_same_homes(package: str):
    module = import_module(package)
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))

    seen = {
        alias.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert sorted(seen) == module.__all__ == dir(module)
    for name, home in seen.items():
        assert getattr(module, name) is getattr(import_module(home or ""), name)
