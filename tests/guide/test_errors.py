"""The error classes: their parents, their shape, and that each is raised by something that really happens."""

from __future__ import annotations

from pathlib import Path

from tests.cli_process import Finished, Synapse
from tests.guide.conftest import Run
from tests.guide.guide import Fact, each_fact, the_fact
from tests.guide.wheel import write_wheel


@each_fact("errors")
def test_an_error_class_has_the_parent_that_the_guide_gives(fact: Fact):
    from synapse_sdk.plugins import errors

    parent = errors.PluginError if fact["parent"] == "PluginError" else Exception

    kind = getattr(errors, fact.key)

    assert issubclass(kind, parent)
    assert kind is not parent


@each_fact("error_shape")
def test_an_error_is_built_and_read_as_in_the_guide(fact: Fact):
    from synapse_sdk.plugins.errors import ExecutionError

    error = ExecutionError("Backend client required for training", details={"job_id": "j1"})

    expected = {"message": "Backend client required for training", "details": {"job_id": "j1"}}
    assert getattr(error, fact["attribute"]) == expected[fact["attribute"]]
    assert str(error) == "Backend client required for training"


RAISE = """
from plugin.train import TrainAction
from synapse_sdk.plugins.errors import {kind}
from synapse_sdk.plugins.executors.local import LocalExecutor
from synapse_sdk.plugins.runner import run_plugin

try:
    {call}
except {kind} as error:
    print(type(error).__name__, error.message)
else:
    raise SystemExit("nothing was raised")
"""


@the_fact("raised/PluginError", "raised/ValidationError")
def test_params_that_do_not_fit_raise_a_validation_error(fact: Fact, python: Run, quick_plugin: Path):
    call = 'LocalExecutor().execute(action_cls=TrainAction, params={"dataset": "many", "epochs": 0})'

    finished = python(RAISE.format(kind=fact.key, call=call), quick_plugin)

    assert finished.returncode == 0, finished
    assert "dataset" in finished.stdout
    assert "epochs" in finished.stdout


@the_fact("raised/ActionNotFoundError")
def test_an_unknown_action_raises_action_not_found(fact: Fact, python: Run, quick_plugin: Path):
    call = 'run_plugin(plugin_code="yolov8", action="trian", params={}, mode="local")'

    finished = python(RAISE.format(kind=fact.key, call=call), quick_plugin)

    assert finished.returncode == 0, finished
    assert "Action not found: trian" in finished.stdout


@the_fact("raised/ExecutionError")
def test_an_action_that_raises_ends_in_an_execution_error(fact: Fact, python: Run, quick_plugin: Path):
    failing = "\n    def execute(self):\n        raise RuntimeError('the disk is on fire')\n"
    with (quick_plugin / "plugin/train.py").open("a", encoding="utf-8") as stream:
        stream.write(failing)
    call = 'LocalExecutor().execute(action_cls=TrainAction, params={"dataset": 1})'

    finished = python(RAISE.format(kind=fact.key, call=call), quick_plugin)

    assert finished.returncode == 0, finished
    assert "the disk is on fire" in finished.stdout


@the_fact("raised/PluginRunError")
def test_a_folder_without_a_plugin_raises_a_run_error(fact: Fact, python: Run, quick_plugin: Path):
    (quick_plugin / "empty").mkdir()
    call = 'run_plugin(plugin_code="./empty", action="train", params={}, mode="local")'

    finished = python(RAISE.format(kind=fact.key, call=call), quick_plugin)

    assert finished.returncode == 0, finished


@the_fact("raised/ArchiveError")
def test_a_link_out_of_the_folder_raises_an_archive_error(
    fact: Fact, synapse: Synapse, quick_plugin: Path, tmp_path: Path
):
    outside = tmp_path / "outside.txt"
    outside.write_text("not the plugin's", encoding="utf-8")
    (quick_plugin / "plugin/data.txt").symlink_to(outside)

    refused = synapse("plugin", "publish", "--dry-run", "--json", cwd=quick_plugin)

    _assert_refused(refused, fact)
    assert "plugin/data.txt" in refused.stderr


@the_fact("raised/BuildError")
def test_a_file_that_is_no_wheel_raises_a_build_error(fact: Fact, synapse: Synapse, quick_plugin: Path):
    (quick_plugin / "wheels").mkdir()
    (quick_plugin / "wheels/tiny-1.0-py3-none-any.whl").write_bytes(b"not a zip file")

    refused = synapse("plugin", "publish", "--dry-run", "--json", cwd=quick_plugin)

    _assert_refused(refused, fact)
    assert "tiny-1.0-py3-none-any.whl" in refused.stderr


@the_fact("raised/ChecksumMismatchError")
def test_a_wheel_with_other_bytes_than_recorded_raises_a_checksum_mismatch(
    fact: Fact, synapse: Synapse, quick_plugin: Path
):
    write_wheel(quick_plugin / "wheels", recorded=b"ANSWER = 41\n")

    refused = synapse("plugin", "publish", "--dry-run", "--json", cwd=quick_plugin)

    _assert_refused(refused, fact)
    assert "tiny.py" in refused.stderr


@the_fact("raised/PluginUploadError")
def test_a_release_that_can_not_reach_the_server_raises_an_upload_error(
    fact: Fact, synapse: Synapse, quick_plugin: Path
):
    # Port 1 of this machine refuses every connection.
    server = {"SYNAPSE_HOST": "http://127.0.0.1:1", "SYNAPSE_ACCESS_TOKEN": "a-token"}

    refused = synapse("plugin", "publish", "--yes", "--json", cwd=quick_plugin, env=server)

    _assert_refused(refused, fact)


def _assert_refused(refused: Finished, fact: Fact) -> None:
    from synapse_sdk.plugins import errors

    assert refused.returncode != 0, refused
    name = refused.json()["error"]["type"]
    assert issubclass(getattr(errors, name, type(None)), getattr(errors, fact.key)), refused
