"""The lazy front door `synapse_sdk.plugins`: light, complete, and true for type checkers."""

from __future__ import annotations

import ast
import json
from importlib import import_module
from pathlib import Path

import pytest
from tests.plugins.scripts import say

import synapse_sdk.plugins as door

HEAVY = [
    "PIL", "click", "fastapi", "httpx", "numpy", "plotille", "prompt_toolkit", "questionary", "ray", "rich",
    "ruamel", "sqlalchemy",
]  # fmt: skip


def modules_loaded_by(statement: str, tmp_path: Path) -> set[str]:
    source = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    return set(json.loads(say(source, tmp_path)[-1]))


@pytest.mark.parametrize(
    "statement",
    [
        "from synapse_sdk.plugins import BaseTrainAction",
        "from synapse_sdk.plugins import BaseInferenceAction",
        "from synapse_sdk.plugins import BaseAction, RuntimeContext, PluginCategory",
        "import synapse_sdk.plugins.types, synapse_sdk.plugins.enums, synapse_sdk.plugins.errors",
    ],
)
def test_what_authors_import_loads_nothing_heavy(tmp_path: Path, statement: str):
    loaded = modules_loaded_by(statement, tmp_path)

    assert {name.partition(".")[0] for name in loaded} & set(HEAVY) == set()


def test_naming_one_thing_does_not_load_the_others(tmp_path: Path):
    loaded = modules_loaded_by("from synapse_sdk.plugins import BaseTrainAction", tmp_path)

    assert (
        loaded & {f"synapse_sdk.plugins.{name}" for name in ("runner", "config_file", "executors.local")}
        == set()
    )


def test_executing_an_action_loads_nothing_heavy(tmp_path: Path):
    loaded = modules_loaded_by(
        "from synapse_sdk.plugins import BaseAction, LocalExecutor\n"
        "class A(BaseAction[dict]):\n"
        "    def execute(self): self.set_metrics({'x': 1})\n"
        "LocalExecutor(sinks=[]).execute(A, {})",
        tmp_path,
    )

    assert {name.partition(".")[0] for name in loaded} & set(HEAVY) == set()


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
