"""The guide's code blocks, run as they stand.

Where a block needs a file or a function of its reader's own, the test brings just that.
"""

from __future__ import annotations

import ast
import json
import textwrap
from pathlib import Path

import pytest

from tests.cli_process import SYNAPSE, Finished, Synapse
from tests.guide.conftest import Run
from tests.guide.guide import Fact, block, the_fact
from tests.server_process import ServerProcess
from tests.terminal_session import open_terminal


@the_fact("blocks/create")
def test_create_asks_for_what_the_command_leaves_open(fact: Fact, synapse: Synapse):
    command = [*SYNAPSE, *block("create").split()[1:]]

    with open_terminal(command, cwd=synapse.cwd, env=synapse.env()) as terminal:
        terminal.expect("Name")
        terminal.type("Box Checker\r")
        terminal.expect("code")
        terminal.type("\r")
        terminal.expect("category")
        terminal.type("\r")

        assert terminal.wait() == 0, terminal.screen
    assert (synapse.cwd / "synapse-box-checker-plugin/config.yaml").is_file()


@the_fact("blocks/config")
def test_the_example_config_is_valid(fact: Fact, synapse: Synapse, yolo_plugin: Path):
    checked = synapse("plugin", "check", cwd=yolo_plugin)

    assert checked.returncode == 0, checked


@the_fact("blocks/requirements", "blocks/pyproject")
def test_dependency_files_as_in_the_guide_are_accepted_and_travel(
    fact: Fact, synapse: Synapse, quick_plugin: Path
):
    file = {"requirements": "requirements.txt", "pyproject": "pyproject.toml"}[fact.key]
    (quick_plugin / file).write_text(block(fact.key), encoding="utf-8")

    checked = synapse("plugin", "check", cwd=quick_plugin)
    preview = synapse("plugin", "publish", "--dry-run", "--json", cwd=quick_plugin)

    assert checked.returncode == 0, checked
    assert preview.returncode == 0, preview
    assert file in {entry["path"] for entry in preview.json()["files"]}


@the_fact("blocks/train")
def test_the_train_action_trains_over_the_local_workspace(
    fact: Fact, python: Run, yolo_plugin: Path, dataset_id: int
):
    _bring_the_weights(yolo_plugin)

    result = _execute(python, yolo_plugin, {"dataset": dataset_id, "epochs": 3})

    assert result["final_loss"] == pytest.approx(0.49)  # the block's own 0.5 - 2 * 0.005
    assert result["metrics"] == {"mAP50": 0.85, "mAP50-95": 0.72}
    assert Path(result["model_path"]).read_bytes() == b"weights"


@the_fact("blocks/run", "blocks/debug")
def test_the_run_commands_answer(fact: Fact, shell: Run, quick_plugin: Path):
    finished = shell(block(fact.key), quick_plugin)

    assert finished.returncode == 0, finished
    assert "123" in finished.stdout
    assert {"run": "5", "debug": "100"}[fact.key] in finished.stdout


@the_fact("blocks/run_plugin")
def test_run_plugin_returns_the_result(fact: Fact, python: Run, quick_plugin: Path):
    finished = python(block("run_plugin"), quick_plugin)

    assert finished.returncode == 0, finished
    assert "Result: " in finished.stdout
    assert "123" in finished.stdout.partition("Result: ")[2]


@the_fact("blocks/local_executor", "statements/local-executor/takes-env-and-job-id")
def test_local_executor_returns_the_result(fact: Fact, python: Run, quick_plugin: Path):
    finished = python(block("local_executor") + "\nprint([result[k] for k in result])\n", quick_plugin)

    assert finished.returncode == 0, finished
    answer = ast.literal_eval(finished.stdout.strip().splitlines()[-1])
    assert answer == [123, 5, None, "true", "local-test-001"]


@the_fact(
    "blocks/unit_test/test_train_params_validation",
    "blocks/unit_test/test_train_action_execution",
    "blocks/unit_test/test_train_action_with_checkpoint",
)
def test_a_unit_test_of_the_guide_passes(fact: Fact, shell: Run, created_plugin: Path):
    _bring_the_unit_tests(created_plugin)

    tested = shell(f"pytest tests/test_train.py::{fact.key.rpartition('/')[2]}", created_plugin)

    assert tested.returncode == 0, tested
    assert "1 passed" in tested.stdout


@the_fact("blocks/run-tests")
def test_the_whole_unit_test_file_passes_with_coverage(fact: Fact, shell: Run, created_plugin: Path):
    _bring_the_unit_tests(created_plugin)

    tested = shell(block("run-tests"), created_plugin)

    assert tested.returncode == 0, tested
    assert "plugin/train.py" in tested.stdout


@the_fact("blocks/publish")
def test_the_publish_command_asks_and_publishes(
    fact: Fact, synapse: Synapse, server: ServerProcess, quick_plugin: Path
):
    command = [*SYNAPSE, *block("publish").split()[1:]]

    with open_terminal(command, cwd=quick_plugin, env=synapse.env()) as terminal:
        terminal.expect("Publish yolov8 0.1.0")
        terminal.type("y\r")

        assert terminal.wait() == 0, terminal.screen
    assert _published(synapse) == ["0.1.0"]


@the_fact("blocks/publish-example/publish")
def test_the_publish_command_of_the_example_publishes(
    fact: Fact, shell: Run, synapse: Synapse, server: ServerProcess, quick_plugin: Path
):
    line = block(fact.key).splitlines()[-1]
    assert line == "synapse plugin publish --yes"

    published = shell(line, quick_plugin)

    assert published.returncode == 0, published
    assert _published(synapse) == ["0.1.0"]


def _published(synapse: Synapse) -> list[str]:
    releases = synapse("release", "list", "yolov8", "--json")
    assert releases.returncode == 0, releases
    return [release["version"] for release in releases.json()["releases"]]


@the_fact("blocks/publish-example/dry-run")
def test_the_preview_command_previews(fact: Fact, shell: Run, quick_plugin: Path):
    line = block(fact.key).splitlines()[1]
    assert line == "synapse plugin publish --dry-run"

    preview = shell(line, quick_plugin)

    assert preview.returncode == 0, preview
    assert "config.yaml" in preview.stdout


@the_fact("blocks/error_handling")
def test_the_error_pattern_keeps_the_authors_message_and_details(fact: Fact, python: Run, yolo_plugin: Path):
    # The block leaves `current_epoch` to its reader.
    own = "\ncurrent_epoch = 3\n"
    with (yolo_plugin / "plugin/train.py").open("a", encoding="utf-8") as stream:
        stream.write(f"{own}{block('error_handling')}")
    source = """
        from plugin.train import TrainAction
        from synapse_sdk.plugins.errors import ExecutionError
        from synapse_sdk.plugins.executors.local import LocalExecutor
        try:
            LocalExecutor().execute(TrainAction, {"dataset": 1})
        except ExecutionError as error:
            assert "Training failed: Backend client required for training" in error.message, error.message
            assert error.details["epoch"] == 3, error.details
        else:
            raise SystemExit("nothing was raised")
    """

    finished = python(textwrap.dedent(source), yolo_plugin)

    assert finished.returncode == 0, finished


#: What each pattern of the guide calls, but leaves to its reader.
READERS_OWN = """
from pathlib import Path
from pydantic import BaseModel
from synapse_sdk.plugins import BaseTrainAction

seen = []

class TrainParams(BaseModel):
    dataset: int
    epochs: int = 1
    checkpoint: int | None = None

class TrainResult(BaseModel):
    model_path: str
    model_id: int

model = None
load_model = lambda path: seen.append(Path(path).read_bytes())
create_new_model = lambda: seen.append("new")
create_dataloader = lambda path, split: seen.append(sorted(p.name for p in (Path(path) / split).iterdir()))
save_model = lambda model, path: Path(path).write_bytes(b"weights")

class SaveFirst(BaseTrainAction[TrainParams]):
    def execute(self):
        save_model(None, "first.pt")
        return self.create_model("first.pt", name="first")

class TrainAction(BaseTrainAction[TrainParams]):
"""


@the_fact("blocks/checkpoint", "statements/checkpoint/comes-from-params-in-a-local-run")
def test_the_checkpoint_pattern_resumes(fact: Fact, python: Run, pattern_plugin, dataset_id: int):
    plugin = pattern_plugin(block("checkpoint"))
    source = f"""
        from plugin import train
        from synapse_sdk.plugins.executors.local import LocalExecutor
        first = LocalExecutor().execute(train.SaveFirst, {{"dataset": {dataset_id}}})
        LocalExecutor().execute(train.TrainAction, {{"dataset": {dataset_id}, "checkpoint": first["id"]}})
        assert train.seen == [b"weights"], train.seen
    """

    finished = python(textwrap.dedent(source), plugin)

    assert finished.returncode == 0, finished
    assert "model: first" in finished.said


@the_fact("statements/checkpoint/none-means-from-scratch")
def test_without_a_checkpoint_the_pattern_starts_afresh(
    fact: Fact, python: Run, pattern_plugin, dataset_id: int
):
    plugin = pattern_plugin(block("checkpoint"))
    source = f"""
        from plugin import train
        from synapse_sdk.plugins.executors.local import LocalExecutor
        LocalExecutor().execute(train.TrainAction, {{"dataset": {dataset_id}}})
        assert train.seen == ["new"], train.seen
    """

    finished = python(textwrap.dedent(source), plugin)

    assert finished.returncode == 0, finished


@the_fact("statements/checkpoint/comes-from-the-context-first", "statements/checkpoint/base-means-pretrained")
def test_the_checkpoint_of_the_context_counts_before_the_params(fact: Fact, python: Run, pattern_plugin):
    plugin = pattern_plugin(block("checkpoint"))
    (plugin / "pretrained.pt").write_bytes(b"pretrained")
    source = """
        from plugin import train
        from synapse_sdk.plugins import RuntimeContext

        class Listener:
            def message(self, text, **rest):
                train.seen.append(text)

        chosen = {"category": "base", "path": "pretrained.pt", "name": "yolov8n"}
        ctx = RuntimeContext(Listener(), env={}, checkpoint=chosen)
        train.TrainAction(train.TrainParams(dataset=1, checkpoint=99), ctx).execute()
        assert train.seen == [b"pretrained", "Loaded pretrained model: yolov8n"], train.seen
    """

    finished = python(textwrap.dedent(source), plugin)

    assert finished.returncode == 0, finished


@the_fact("blocks/dataset")
def test_the_dataset_pattern_finds_its_splits(fact: Fact, python: Run, pattern_plugin, dataset_id: int):
    plugin = pattern_plugin(block("dataset"))
    source = f"""
        from plugin import train
        from synapse_sdk.plugins.executors.local import LocalExecutor
        LocalExecutor().execute(train.TrainAction, {{"dataset": {dataset_id}}})
        assert train.seen == [["circle", "square"]] * 2, train.seen
    """

    finished = python(textwrap.dedent(source), plugin)

    assert finished.returncode == 0, finished
    assert f"Loaded dataset: shapes ({dataset_id})" in finished.said


@the_fact("blocks/model")
def test_the_model_pattern_saves_a_model(fact: Fact, python: Run, pattern_plugin, dataset_id: int):
    assert '"/tmp/models/best.pt"' in block("model")
    plugin = pattern_plugin(block("model").replace("/tmp/models/best.pt", "best.pt"))

    result = _execute(python, plugin, {"dataset": dataset_id})

    assert Path(result["model_path"]).read_bytes() == b"weights"
    assert isinstance(result["model_id"], int)


@the_fact("blocks/check-config")
def test_the_check_commands_sync_and_preview(fact: Fact, shell: Run, yolo_plugin: Path):
    finished = shell(block("check-config"), yolo_plugin)

    assert finished.returncode == 0, finished
    assert "config.yaml" in finished.stdout


@pytest.fixture
def pattern_plugin(write_plugin):
    """Put a pattern of the guide, which is one method, into a class with what it needs around it."""

    def write(method: str) -> Path:
        body = textwrap.indent(method, "    ")
        # The dataset pattern ends without the result that its signature promises; it is a fragment.
        return write_plugin(block("config"), {"plugin/train.py": READERS_OWN + body})

    return write


def _bring_the_weights(plugin: Path) -> None:
    """The block saves "/models/best.pt", which its reader's training would have written."""
    source = (plugin / "plugin/train.py").read_text(encoding="utf-8")
    assert '"/models/best.pt"' in source
    (plugin / "best.pt").write_bytes(b"weights")
    (plugin / "plugin/train.py").write_text(source.replace("/models/best.pt", "best.pt"), encoding="utf-8")


def _bring_the_unit_tests(plugin: Path) -> None:
    (plugin / "plugin/train.py").write_text(block("train"), encoding="utf-8")
    for scaffolded in (plugin / "tests").glob("test_*.py"):
        scaffolded.unlink()
    (plugin / "tests").mkdir(exist_ok=True)
    (plugin / "tests/test_train.py").write_text(
        block("unit_test/test_train_action_execution"), encoding="utf-8"
    )


def _execute(python: Run, plugin: Path, params: dict[str, object]) -> dict[str, object]:
    source = f"""
        import json, sys
        from plugin.train import TrainAction
        from synapse_sdk.plugins.executors.local import LocalExecutor
        result = LocalExecutor().execute(action_cls=TrainAction, params={params!r})
        print(json.dumps(result.model_dump()))
    """
    finished: Finished = python(textwrap.dedent(source), plugin)
    assert finished.returncode == 0, finished
    loaded: dict[str, object] = json.loads(finished.stdout.strip().splitlines()[-1])
    return loaded
