"""What the guide says in passing: what options do, defaults, tips."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli_process import Finished, Synapse
from tests.guide.conftest import QUICK_TRAIN, Run
from tests.guide.guide import Fact, the_fact
from tests.server_process import ServerProcess

PARAMS = ("--params", '{"dataset": 123, "epochs": 5}')


@the_fact("statements/config/update-config-syncs-input-and-output-types")
def test_update_config_takes_the_types_from_the_code(fact: Fact, synapse: Synapse, yolo_plugin: Path):
    source = (yolo_plugin / "plugin/train.py").read_text(encoding="utf-8")
    (yolo_plugin / "plugin/train.py").write_text(source.replace("YOLODataset", "COCODataset"), "utf-8")

    updated = synapse("plugin", "update-config", cwd=yolo_plugin)

    assert updated.returncode == 0, updated
    train = YAML(typ="safe").load(yolo_plugin / "config.yaml")["actions"]["train"]
    assert (train["input_type"], train["output_type"]) == ("coco_dataset", "model_weights")
    assert "# Environment variables" in (yolo_plugin / "config.yaml").read_text(encoding="utf-8")


@the_fact("statements/config/env-reaches-the-action")
def test_the_env_of_config_is_what_the_action_sees(fact: Fact, synapse: Synapse, quick_plugin: Path):
    result = _run(synapse, quick_plugin)

    assert result["cuda_devices"] == "0"


@the_fact(
    "statements/run/plugin-is-detected-from-config", "statements/run/path-defaults-to-the-current-folder"
)
def test_run_finds_the_plugin_of_the_current_folder(fact: Fact, synapse: Synapse, quick_plugin: Path):
    assert _run(synapse, quick_plugin)["dataset"] == 123


@the_fact("statements/run/plugin-names-the-code")
def test_run_takes_the_plugins_code(fact: Fact, synapse: Synapse, quick_plugin: Path):
    for option in ("--plugin", "-p"):
        assert _run(synapse, quick_plugin, option, "yolov8")["dataset"] == 123

    other = synapse("plugin", "run", "train", *PARAMS, "--plugin", "another", cwd=quick_plugin)
    assert other.returncode == 2, other
    assert "another" in other.stderr


@the_fact("statements/run/path-names-the-folder")
def test_run_takes_a_folder(fact: Fact, synapse: Synapse, quick_plugin: Path):
    assert _run(synapse, synapse.cwd, "--path", str(quick_plugin))["dataset"] == 123


@the_fact("statements/run/params-are-json")
def test_params_arrive_as_they_are_written(fact: Fact, synapse: Synapse, quick_plugin: Path):
    result = _run(synapse, quick_plugin)

    assert (result["dataset"], result["epochs"]) == (123, 5)


@the_fact("statements/params/bounds-of-the-model-hold")
def test_a_param_outside_its_bounds_is_refused_by_name(fact: Fact, synapse: Synapse, yolo_plugin: Path):
    bad = '{"dataset": 1, "epochs": 1001, "batch_size": 0, "learning_rate": 1}'

    refused = synapse("plugin", "run", "train", "--params", bad, cwd=yolo_plugin)

    assert refused.returncode == 2, refused
    for name in ("epochs", "batch_size", "learning_rate"):
        assert name in refused.stderr


@the_fact("statements/params/defaults-of-the-model-hold")
def test_a_param_left_out_has_its_default(fact: Fact, synapse: Synapse, quick_plugin: Path):
    ran = synapse("plugin", "run", "train", "--params", '{"dataset": 1}', "--json", cwd=quick_plugin)

    assert _result(ran)["epochs"] == 100


@the_fact("statements/run/mode-remote-runs-on-the-platform")
def test_mode_remote_runs_on_the_platform(
    fact: Fact, synapse: Synapse, platform: ServerProcess, quick_plugin: Path, dataset_id: int
):
    _publish(synapse, quick_plugin)

    job = _run_remote(synapse, quick_plugin, dataset_id)

    assert job["result"]["epochs"] == 5
    assert job["result"]["cuda_devices"] == "0"
    assert job["result"]["job_id"] == job["id"]
    assert synapse("run", "list", "--json", cwd=quick_plugin).json()["runs"] == [], "it ran here"


@the_fact("statements/run/mode-task-runs-on-ray", "statements/run/mode-job-runs-on-ray")
def test_a_mode_elsewhere_runs_elsewhere(fact: Fact, synapse: Synapse, quick_plugin: Path):
    mode = fact.key.split("-")[1]

    ran = synapse("plugin", "run", "train", *PARAMS, "--mode", mode, cwd=quick_plugin)

    assert ran.returncode == 0, ran


@pytest.fixture
def talkative_plugin(quick_plugin: Path) -> Path:
    talk = "        self.ctx.log_message('a deep detail', 'debug')\n        return {"
    source = QUICK_TRAIN.replace("        return {", talk, 1)
    (quick_plugin / "plugin/train.py").write_text(source, encoding="utf-8")
    return quick_plugin


@the_fact("statements/run/debug-is-the-default")
def test_debug_output_is_shown_unless_refused(fact: Fact, synapse: Synapse, talkative_plugin: Path):
    for options in ([], ["--debug"]):
        ran = synapse("plugin", "run", "train", *PARAMS, *options, cwd=talkative_plugin)

        assert ran.returncode == 0, ran
        assert "a deep detail" in ran.stderr


@the_fact("statements/run/no-debug-is-quiet")
def test_no_debug_leaves_debug_output_out(fact: Fact, synapse: Synapse, talkative_plugin: Path):
    ran = synapse("plugin", "run", "train", *PARAMS, "--no-debug", cwd=talkative_plugin)

    assert ran.returncode == 0, ran
    assert "a deep detail" not in ran.said


@the_fact("statements/run/gpus-is-a-number", "statements/run/cpus-is-a-number")
def test_gpus_and_cpus_are_numbers(fact: Fact, synapse: Synapse, quick_plugin: Path):
    option, possible = {"gpus": ("--gpus", "0"), "cpus": ("--cpus", "1")}[fact.key[4:8]]

    ran = synapse("plugin", "run", "train", *PARAMS, option, possible, cwd=quick_plugin)
    refused = synapse("plugin", "run", "train", *PARAMS, option, "many", cwd=quick_plugin)

    assert ran.returncode == 0, ran
    assert refused.returncode == 2, refused
    assert option in refused.stderr


@the_fact("statements/publish/deploys-to-the-platform")
def test_publish_deploys(fact: Fact, synapse: Synapse, server: ServerProcess, quick_plugin: Path):
    _publish(synapse, quick_plugin)

    shown = synapse("release", "show", "yolov8@0.1.0")
    assert shown.returncode == 0, shown
    assert "plugin/train.py" in shown.stdout


@the_fact("statements/publish/yes-skips-the-prompts")
def test_yes_publishes_without_asking(
    fact: Fact, synapse: Synapse, server: ServerProcess, quick_plugin: Path
):
    asked = synapse("plugin", "publish", cwd=quick_plugin)
    assert asked.returncode == 2, asked
    assert "--yes" in asked.stderr

    for option in ("--yes", "-y"):
        published = synapse("plugin", "publish", option, cwd=quick_plugin)

        assert published.returncode == 0, published


@the_fact("statements/publish/debug-skips-the-backend-validation")
def test_publish_debug_publishes_without_the_servers_checks(
    fact: Fact, synapse: Synapse, server: ServerProcess, quick_plugin: Path
):
    config = quick_plugin / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("readme: README.md\n", ""), "utf-8")

    draft = synapse("plugin", "publish", "--debug", "--yes", "--json", cwd=quick_plugin)
    release = synapse("plugin", "publish", "--yes", "--json", cwd=quick_plugin)

    assert draft.returncode == 0, draft
    assert draft.json()["is_draft"] is True
    # What the server has to say of a release, it does not say of a draft.
    assert release.json()["warnings"]
    assert len(draft.json()["warnings"]) < len(release.json()["warnings"])


@the_fact("statements/publish/formal-publish-archives-to-github")
def test_github_archiving_can_be_set_up(fact: Fact, synapse: Synapse, quick_plugin: Path):
    set_up = synapse("plugin", "github-setup", "--help", cwd=quick_plugin)

    assert set_up.returncode == 0, set_up


@the_fact(
    "statements/requirements/are-installed-for-a-platform-run",
    "statements/package-manager/uv-installs-the-requirements",
)
def test_a_platform_run_installs_what_the_plugin_lists(
    fact: Fact, synapse: Synapse, platform: ServerProcess, quick_plugin: Path, dataset_id: int
):
    # Small, and nothing of the SDK's needs it.
    (quick_plugin / "requirements.txt").write_text("iniconfig==2.0.0\n", encoding="utf-8")
    source = QUICK_TRAIN.replace(
        "        return {",
        "        from importlib.metadata import version\n\n"
        '        return {\n            "installed": version("iniconfig"),',
        1,
    )
    (quick_plugin / "plugin/train.py").write_text(source, encoding="utf-8")
    if fact.key.startswith("package-manager"):
        config = quick_plugin / "config.yaml"
        assert "package_manager: pip" in config.read_text("utf-8")
        config.write_text(config.read_text("utf-8").replace("package_manager: pip", "package_manager: uv"))
    _publish(synapse, quick_plugin)

    job = _run_remote(synapse, quick_plugin, dataset_id)

    assert job["result"]["installed"] == "2.0.0"


@the_fact("statements/result/reads-as-a-mapping-and-as-a-model")
def test_a_result_reads_both_ways(fact: Fact, python: Run, tmp_path: Path):
    source = """
        from pydantic import BaseModel
        from synapse_sdk.plugins import BaseAction
        from synapse_sdk.plugins.executors.local import LocalExecutor

        class Params(BaseModel): ...

        class TrainResult(BaseModel):
            model_path: str
            final_loss: float

        class Train(BaseAction[Params]):
            result_model = TrainResult
            def execute(self) -> TrainResult:
                return TrainResult(model_path="best.pt", final_loss=0.5)

        result = LocalExecutor().execute(action_cls=Train, params={})
        assert "model_path" in result
        assert result["final_loss"] < 1.0
        assert result.final_loss == 0.5
        assert isinstance(result, TrainResult)
    """

    finished = python(textwrap.dedent(source), tmp_path)

    assert finished.returncode == 0, finished


def _publish(synapse: Synapse, plugin: Path) -> None:
    published = synapse("plugin", "publish", "--yes", cwd=plugin)
    assert published.returncode == 0, published


def _run_remote(synapse: Synapse, plugin: Path, dataset_id: int) -> dict[str, Any]:
    """Run the train action as a job to its end; return what the server says of it."""
    params = json.dumps({"dataset": dataset_id, "epochs": 5})
    words = ("--params", params, "--mode", "remote", "--follow", "--json")
    ran = synapse("plugin", "run", "train", *words, cwd=plugin, timeout_s=180)
    assert ran.returncode == 0, ran
    job: dict[str, Any] = ran.json()
    assert job["state"] == "SUCCEEDED", ran
    return job


def _run(synapse: Synapse, cwd: Path, *options: str) -> dict[str, object]:
    return _result(synapse("plugin", "run", "train", *PARAMS, *options, "--json", cwd=cwd))


def _result(ran: Finished) -> dict[str, object]:
    assert ran.returncode == 0, ran
    result: dict[str, object] = ran.json()["result"]
    return result
