"""What a plugin offers, told without running it: 50 actions in 10 modules, and a module of 2 s."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from figures import Figure
from processes import cpu_us

MODULES, ACTIONS = 10, 5

LOAD_YAML = """
from ruamel.yaml import YAML

with open("config.yaml") as stream:
    assert len(YAML(typ="safe", pure=True).load(stream)["actions"]) == 50
"""

LIST = """
from synapse_sdk.plugins import PluginDiscovery

assert len(PluginDiscovery.from_path(".").list_actions()) == 50
"""

#: Prints CPU microseconds: of loading the YAML, of the schemas of all actions; run in a fresh process.
SCHEMAS = """
import time
from pydantic import BaseModel
from ruamel.yaml import YAML
from synapse_sdk.plugins import PluginDiscovery

def load():
    with open("config.yaml") as stream:
        YAML(typ="safe", pure=True).load(stream)

def spend(call):
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1e6

class Model(BaseModel):
    size: int = 5

load()
plugin = PluginDiscovery.from_path(".")
print(spend(load), spend(lambda: [plugin.get_action_params_schema(name) for name in plugin.list_actions()]))
"""

HEAD = """\
from typing import Literal

from pydantic import BaseModel, Field
from synapse_sdk.plugins import BaseAction
"""

ACTION = """

class Params{number}(BaseModel):
    epochs: int = Field(5, ge=1, le=100, description="How often.")
    rate: float = Field(0.01, gt=0, lt=1)
    kind: Literal["a", "b"] = "a"
    names: list[str] = []


class Action{number}(BaseAction[Params{number}]):
    def execute(self) -> dict[str, int]:
        return {{"epochs": self.params.epochs}}
"""

#: Two seconds of work at import.
SLOW = """

import time

START = time.process_time()
while time.process_time() < START + 2:
    pass
"""

CONFIG = "name: Many\ncode: many\nversion: 0.1.0\ncategory: custom\nactions:\n"


def measure(python: Path, scratch: Path, *, rounds: int) -> list[Figure]:
    """Measure discovery with the installed SDK.

    Args:
        python: Interpreter of an environment in which the SDK is installed.
        scratch: Folder for the plugins and a private home.
        rounds: Samples of each figure.
    """
    many, slow = scratch / "many", scratch / "slow"
    write_plugin(many, {f"m{number}": range(ACTIONS) for number in range(MODULES)})
    write_plugin(slow, {"m0": range(1)}, more=SLOW)
    environ = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(scratch),
        "SYNAPSE_HOME": str(scratch / "home"),
        "LANG": "C.UTF-8",
    }
    create = [python.with_name("synapse"), "plugin", "create", "-y", "-n", "Largest", "-c", "neural_net"]
    subprocess.run(
        create, check=True, cwd=scratch, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    samples: dict[str, list[float]] = {
        name: [] for name in ("floor", "list", "check", "yaml", "warm", "cold", "slow")
    }
    for number in range(rounds + 1):
        found = {
            "floor": cpu_us([str(python), "-c", LOAD_YAML], cwd=many, environ=environ),
            "list": cpu_us([str(python), "-c", LIST], cwd=many, environ=environ),
            "check": cpu_us(
                [str(python.with_name("synapse")), "plugin", "check"],
                cwd=scratch / "synapse-largest-plugin",
                environ=environ,
            ),
        }
        found["yaml"], found["warm"] = _ask(python, many, environ)
        forgetful = {**environ, "SYNAPSE_HOME": str(scratch / f"home{number}")}
        found["cold"] = _ask(python, slow, forgetful)[1]
        found["slow"] = _ask(python, slow, environ)[1]
        if number:  # the first round warms the file cache and ours
            for name, value in found.items():
                samples[name].append(value)
    return [
        Figure("list 50 actions / start Python, load YAML", samples["list"], samples["floor"], 2),
        Figure("params schemas of 50 actions, warm / load YAML", samples["warm"], samples["yaml"], 3),
        Figure("schema of a 2 s module, literal, cold", samples["cold"], None, 60_000),
        Figure("schema of a 2 s module, warm", samples["slow"], None, 10_000),
        Figure("plugin check of the largest template", samples["check"], None, 600_000),
    ]


def write_plugin(folder: Path, modules: Mapping[str, range], more: str = "") -> None:
    """Write a plugin with a module for each name, and an action in it for each number."""
    (folder / "plugin").mkdir(parents=True, exist_ok=True)
    (folder / "plugin/__init__.py").write_text("")
    entries = []
    for module, numbers in modules.items():
        code = "".join(ACTION.format(number=number) for number in numbers)
        (folder / f"plugin/{module}.py").write_text(f"{HEAD}{code}{more}")
        entries += [
            f"  {module}-{number}:\n    entrypoint: plugin.{module}:Action{number}\n    method: job\n"
            for number in numbers
        ]
    (folder / "config.yaml").write_text(CONFIG + "".join(entries))


def _ask(python: Path, plugin: Path, environ: Mapping[str, str]) -> list[float]:
    answer = subprocess.run(
        [python, "-c", SCHEMAS], check=True, cwd=plugin, env=environ, stdout=subprocess.PIPE, text=True
    )
    return json.loads(f"[{answer.stdout.strip().replace(' ', ',')}]")
