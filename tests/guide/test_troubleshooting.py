"""Every row of the troubleshooting table happens for real, and its message leads to the guide's solution."""

from __future__ import annotations

from pathlib import Path

from tests.cli_process import Finished, Synapse
from tests.conftest import WritePlugin
from tests.guide.conftest import INFERENCE, QUICK_TRAIN
from tests.guide.guide import Fact, block, the_fact


@the_fact("troubleshooting/config-file-not-found")
def test_a_folder_without_config(fact: Fact, synapse: Synapse):
    for command in (["run", "train"], ["update-config"], ["publish", "--dry-run"]):
        refused = synapse("plugin", *command)

        _assert_begins_with_the_problem(refused, fact)
        assert refused.returncode == 2
        assert str(synapse.cwd) in refused.stderr


@the_fact("troubleshooting/action-not-found")
def test_an_entrypoint_that_names_nothing(fact: Fact, synapse: Synapse, write_plugin: WritePlugin):
    wrong = block("config").replace("plugin.train:TrainAction", "plugin.train:TrainActoin")
    sources = {"plugin/train.py": QUICK_TRAIN, "plugin/inference.py": INFERENCE}
    plugin = write_plugin(wrong, sources)

    refused = synapse("plugin", "run", "train", "--params", '{"dataset": 1}', cwd=plugin)

    _assert_begins_with_the_problem(refused, fact)
    assert refused.returncode == 2


@the_fact("troubleshooting/validation-error")
def test_params_that_are_not_json(fact: Fact, synapse: Synapse, quick_plugin: Path):
    refused = synapse("plugin", "run", "train", "--params", "{dataset: 123}", "--json", cwd=quick_plugin)

    # The guide names the class here, not the message.
    from synapse_sdk.plugins import errors

    assert refused.returncode == 2, refused
    assert issubclass(getattr(errors, refused.json()["error"]["type"]), errors.ValidationError)
    _assert_leads_out(refused, fact)


@the_fact("troubleshooting/not-authenticated")
def test_publishing_without_credentials(fact: Fact, synapse: Synapse, quick_plugin: Path):
    for command in (["publish", "--yes"], ["run", "train", "--mode", "remote", "--params", '{"dataset": 1}']):
        refused = synapse("plugin", *command, cwd=quick_plugin)

        _assert_begins_with_the_problem(refused, fact)
        assert refused.returncode == 3


@the_fact("troubleshooting/ray-connection-failed", "troubleshooting/ray-connection-failed-solution")
def test_a_ray_mode_without_a_cluster(fact: Fact, synapse: Synapse, quick_plugin: Path):
    for mode in ("task", "job"):
        refused = synapse(
            "plugin", "run", "train", "--mode", mode, "--params", '{"dataset": 1}', cwd=quick_plugin
        )

        _assert_begins_with_the_problem(refused, fact)
        assert refused.returncode == 3


@the_fact("troubleshooting/module-not-found-error")
def test_a_dependency_that_is_not_installed(fact: Fact, synapse: Synapse, write_plugin: WritePlugin):
    sources = {"plugin/train.py": f"import ultralitics_of_the_test\n{QUICK_TRAIN}"}
    plugin = write_plugin(block("config"), sources | {"requirements.txt": "ultralitics-of-the-test\n"})

    failed = synapse("plugin", "run", "train", "--params", '{"dataset": 1}', cwd=plugin)

    assert failed.returncode == 1, failed
    assert "ModuleNotFoundError: No module named 'ultralitics_of_the_test'" in failed.stderr
    assert "plugin/train.py" in failed.stderr
    _assert_leads_out(failed, fact)


@the_fact("troubleshooting/backend-client-is-none")
def test_a_local_run_of_what_needs_a_backend(fact: Fact, synapse: Synapse, write_plugin: WritePlugin):
    exporting = QUICK_TRAIN.replace("BaseTrainAction", "BaseExportAction").replace(
        "def execute(self) -> dict[str, object]:", "def execute(self):\n        self.client.list_projects()"
    )
    plugin = write_plugin(block("config"), {"plugin/train.py": exporting, "plugin/inference.py": INFERENCE})

    failed = synapse("plugin", "run", "train", "--params", '{"dataset": 1}', cwd=plugin)

    # The traceback leads to the author's own line; the error itself begins with the guide's words.
    assert f"\nerror: {fact['problem']}: " in failed.stderr, failed
    assert failed.returncode == 1
    _assert_leads_out(failed, fact)


def _assert_begins_with_the_problem(refused: Finished, fact: Fact) -> None:
    """People search for the guide's words, so the message begins with exactly them."""
    messages = [line.removeprefix("error: ") for line in refused.stderr.splitlines()]
    assert any(line.startswith(fact["problem"]) for line in messages), refused
    assert "Traceback" not in refused.stderr, refused
    _assert_leads_out(refused, fact)


def _assert_leads_out(refused: Finished, fact: Fact) -> None:
    for word in fact["words"]:
        assert word in refused.stderr, refused
