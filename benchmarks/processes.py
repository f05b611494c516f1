"""Whole processes: what a person or a program waits for before anything of theirs has run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from figures import Figure

#: Floor of the author API: the library that the params model needs anyway.
PYDANTIC = """
from pydantic import BaseModel

class Params(BaseModel):
    epochs: int = 5
"""

#: Floor of a local run: start Python, load the config, validate the params.
LOAD_AND_VALIDATE = """
from ruamel.yaml import YAML
from pydantic import BaseModel

class Params(BaseModel):
    epochs: int = 5

with open("config.yaml") as stream:
    config = YAML(typ="safe", pure=True).load(stream)
assert config["actions"]["noop"]["entrypoint"] == "plugin.noop:Noop"
Params.model_validate({"epochs": 3})
"""

NOOP_CONFIG = """\
name: No operation
code: noop
version: 0.1.0
category: custom
actions:
  noop:
    entrypoint: plugin.noop:Noop
    method: task
"""

NOOP_ACTION = """\
from pydantic import BaseModel
from synapse_sdk.plugins import BaseAction


class Params(BaseModel):
    epochs: int = 5


class Noop(BaseAction[Params]):
    def execute(self) -> dict[str, int]:
        return {"epochs": self.params.epochs}
"""


def measure(python: Path, scratch: Path, *, rounds: int) -> list[Figure]:
    """Time every command `rounds` times, in turn.

    Args:
        python: Interpreter of an environment in which the SDK is installed.
        scratch: Folder for the no-op plugin and a private home.
    """
    plugin = scratch / "noop"
    (plugin / "plugin").mkdir(parents=True, exist_ok=True)
    (plugin / "config.yaml").write_text(NOOP_CONFIG)
    (plugin / "plugin/__init__.py").write_text("")
    (plugin / "plugin/noop.py").write_text(NOOP_ACTION)
    synapse = python.with_name("synapse")
    commands: dict[str, Sequence[str | Path]] = {
        "pass": [python, "-c", "pass"],
        "version": [synapse, "--version"],
        "help": [synapse, "--help"],
        "pydantic": [python, "-c", PYDANTIC],
        "author API": [python, "-c", "from synapse_sdk.plugins import BaseTrainAction"],
        "load and validate": [python, "-c", LOAD_AND_VALIDATE],
        "run": [synapse, "plugin", "run", "noop", "--mode", "local", "--params", '{"epochs": 3}'],
    }
    environ = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(scratch),
        "SYNAPSE_HOME": str(scratch / "home"),
        "LANG": "C.UTF-8",
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, argv in commands.items():
            spent_us = cpu_us([str(word) for word in argv], cwd=plugin, environ=environ)
            if number:  # the first round warms the file cache
                times[name].append(spent_us)
    return [
        Figure("synapse --version / python -c pass", times["version"], times["pass"], 2.5),
        Figure("synapse --help / python -c pass", times["help"], times["pass"], 6),
        Figure(
            "import BaseTrainAction / pydantic and one model", times["author API"], times["pydantic"], 1.2
        ),
        Figure("plugin run noop / load YAML, validate", times["run"], times["load and validate"], 1.5),
    ]


def cpu_us(argv: Sequence[str], *, cwd: Path, environ: Mapping[str, str]) -> float:
    """Run a command to its end; return the CPU time that the kernel counted for it, in microseconds."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.chdir(cwd)
        os.execve(argv[0], list(argv), dict(environ))
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(
            f"benchmark: {' '.join(argv)} ended with exit code {os.waitstatus_to_exitcode(status)}"
        )
    return (usage.ru_utime + usage.ru_stime) * 1e6
