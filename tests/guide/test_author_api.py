"""Imports, base classes, what an action may call, and the records that it gets back."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from tests.guide.conftest import Run
from tests.guide.guide import Fact, each_fact


@each_fact("imports")
def test_an_import_of_the_guide_works_in_a_fresh_process(fact: Fact, python: Run, tmp_path: Path):
    finished = python(f"from {fact['module']} import {fact['name']}\n", tmp_path)

    assert finished.returncode == 0, finished


@each_fact("base_classes")
def test_a_base_class_has_the_helpers_that_the_guide_promises(fact: Fact, python: Run, tmp_path: Path):
    source = f"""
from {fact["module"]} import {fact.key}
assert isinstance({fact.key}, type)
missing = [name for name in {fact["helpers"]!r} if not callable(getattr({fact.key}, name, None))]
assert not missing, missing
class Mine({fact.key}): ...
"""
    finished = python(source, tmp_path)

    assert finished.returncode == 0, finished


ACTION = """
import os
from pydantic import BaseModel
from synapse_sdk.plugins import BaseTrainAction
from synapse_sdk.plugins.enums import PluginCategory
from synapse_sdk.plugins.types import ModelWeights, YOLODataset

MODEL = "best.pt"


class TrainParams(BaseModel):
    dataset: int
    epochs: int = 2
    checkpoint: int | None = None


class TrainResult(BaseModel):
    holds: bool


class TrainAction(BaseTrainAction[TrainParams]):
    category = PluginCategory.NEURAL_NET
    input_type = YOLODataset
    output_type = ModelWeights
    result_model = TrainResult

    def execute(self) -> TrainResult:
        return TrainResult(holds=bool({expression}))


class SaveFirst(BaseTrainAction[TrainParams]):
    def execute(self) -> dict[str, int]:
        return {{"id": self.create_model(MODEL, name="first")["id"]}}
"""

SCRIPT = """
from plugin.train import SaveFirst, TrainAction
from synapse_sdk.plugins.executors.local import LocalExecutor

params = {{"dataset": {dataset_id}}}
if {with_checkpoint}:
    params["checkpoint"] = LocalExecutor().execute(SaveFirst, params)["id"]
result = LocalExecutor().execute(action_cls=TrainAction, params=params)
assert result["holds"] is True, result
"""


@each_fact("members")
def test_what_the_guide_calls_on_an_action_works(fact: Fact, python: Run, tmp_path: Path, dataset_id: int):
    finished = _execute(fact, python, tmp_path, dataset_id)

    assert finished.returncode == 0, finished


@each_fact("records")
def test_a_record_has_the_keys_that_the_guide_reads(fact: Fact, python: Run, tmp_path: Path, dataset_id: int):
    finished = _execute(fact, python, tmp_path, dataset_id)

    assert finished.returncode == 0, finished


def _execute(fact: Fact, python: Run, tmp_path: Path, dataset_id: int):
    root = tmp_path / "author"
    (root / "plugin").mkdir(parents=True)
    (root / "plugin/__init__.py").touch()
    (root / "plugin/train.py").write_text(ACTION.format(expression=fact["expression"]), encoding="utf-8")
    (root / "best.pt").write_bytes(b"weights")
    with_checkpoint = json.dumps(fact.get("checkpoint", False)).capitalize()
    script = textwrap.dedent(SCRIPT).format(dataset_id=dataset_id, with_checkpoint=with_checkpoint)
    return python(script, root)
