"""Schemas of actions, made by importing the author's code in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from synapse_sdk.packaging.action_schemas import make_schemas
from tests.manifest.folders import write_files
from tests.packaging.make_plugin import make_config

TRAIN = """\
from pydantic import BaseModel, Field
from synapse_sdk.plugins import BaseAction, TrainResult

print("imported")

class TrainParams(BaseModel):
    epochs: int = Field(default=5, ge=1, description="How often.")

class TrainAction(BaseAction[TrainParams]):
    result_model = TrainResult
    def execute(self): ...
"""


def test_params_and_results_have_their_schemas(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": TRAIN})

    schemas, warnings = make_schemas(tmp_path, make_config())

    assert warnings == ()
    epochs = schemas["train"]["params"]["properties"]["epochs"]
    assert (epochs["default"], epochs["minimum"], epochs["description"]) == (5, 1, "How often.")
    assert "weights_path" in schemas["train"]["result"]["properties"]
    assert "plugin.train" not in sys.modules


def test_code_that_can_not_be_imported_is_a_warning(tmp_path: Path):
    write_files(
        tmp_path,
        {"plugin/__init__.py": "", "plugin/train.py": TRAIN, "plugin/test.py": "import nothing_like_this\n"},
    )
    actions = {
        "train": {"entrypoint": "plugin.train:TrainAction"},
        "test": {"entrypoint": "plugin.test:TestAction"},
    }

    schemas, warnings = make_schemas(tmp_path, make_config(actions=actions))

    assert schemas["train"]["params"] is not None
    assert schemas["test"] == {"params": None, "result": None}
    (warning,) = warnings
    assert warning.startswith("actions.test: no form for its params")
    assert "nothing_like_this" in warning


def test_code_that_ends_the_process_stops_nothing(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": "import os; os._exit(3)"})

    schemas, warnings = make_schemas(tmp_path, make_config())

    assert schemas == {"train": {"params": None, "result": None}}
    assert "ended the process: exit code 3" in warnings[0]


def test_code_that_never_ends_is_given_up(tmp_path: Path):
    write_files(tmp_path, {"plugin/__init__.py": "", "plugin/train.py": "import time; time.sleep(600)"})

    schemas, warnings = make_schemas(tmp_path, make_config(), timeout_s=3)

    assert schemas == {"train": {"params": None, "result": None}}
    assert "took longer than 3 s" in warnings[0]
