"""Pending facts must fail, and the guide's own example plugin."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli_process import Finished, Synapse, run_to_end
from tests.conftest import WritePlugin
from tests.guide.guide import Fact, block, load_pending
from tests.server_process import ServerProcess

#: A pending check may fail because something is absent or answers otherwise. Any other error means that the
#: check itself is broken, and shows as red.
ABSENT = (AssertionError, ImportError, AttributeError)

INFERENCE = '''
from pydantic import BaseModel
from synapse_sdk.plugins import BaseInferenceAction


class InferenceParams(BaseModel):
    images: list[str] = []


class InferenceAction(BaseInferenceAction[InferenceParams]):
    """Run inference on images."""

    def execute(self) -> dict[str, int]:
        return {"images": len(self.params.images)}
'''

#: A train action with the guide's params that trains nothing, for checks of what surrounds an action.
QUICK_TRAIN = '''
from pydantic import BaseModel, Field
from synapse_sdk.plugins import BaseTrainAction


class TrainParams(BaseModel):
    dataset: int
    epochs: int = Field(default=100, ge=1, le=1000)


class TrainAction(BaseTrainAction[TrainParams]):
    """Answer what was asked."""

    def execute(self) -> dict[str, object]:
        return {
            "dataset": self.params.dataset,
            "epochs": self.params.epochs,
            "cuda_devices": self.ctx.env.get("CUDA_VISIBLE_DEVICES"),
            "debug": self.ctx.env.get("DEBUG"),
            "job_id": self.ctx.job_id,
        }
'''


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect every pending fact to fail, for as long as it is listed."""
    pending = load_pending()
    for item in items:
        callspec = getattr(item, "callspec", None)
        fact = callspec.params.get("fact") if callspec else None
        if isinstance(fact, Fact) and fact.id in pending:
            entry = pending[fact.id]
            brought_by = f"issue {entry.issue}" if entry.issue else "later"
            item.add_marker(
                pytest.mark.xfail(
                    reason=f"{entry.reason} ({brought_by}); holds now? remove {fact.id!r} from pending.yaml",
                    raises=ABSENT,
                    strict=True,
                )
            )


@pytest.fixture
def yolo_plugin(write_plugin: WritePlugin) -> Path:
    """The guide's example plugin, with its config.yaml and its train action as they stand."""
    return write_plugin(
        block("config"),
        {"plugin/train.py": block("train"), "plugin/inference.py": INFERENCE},
        folder="yolov8",
    )


@pytest.fixture
def quick_plugin(write_plugin: WritePlugin) -> Path:
    """The same plugin with a train action that needs no dataset and answers at once."""
    return write_plugin(
        block("config"), {"plugin/train.py": QUICK_TRAIN, "plugin/inference.py": INFERENCE}, folder="quick"
    )


@pytest.fixture
def created_plugin(synapse: Synapse) -> Path:
    """What `synapse plugin create` makes of the guide's example."""
    created = synapse(
        *("plugin", "create", "--name", "YOLOv8 Object Detection", "--code", "yolov8"),
        *("--category", "neural_net", "--yes"),
    )
    assert created.returncode == 0, created
    return synapse.cwd / "synapse-yolov8-plugin"


Run = Callable[[str, Path], Finished]


@pytest.fixture
def python(synapse: Synapse) -> Run:
    """Run Python source as a script in a folder, which makes the folder importable, as for the user."""

    def run(source: str, cwd: Path) -> Finished:
        script = cwd / "script_of_the_test.py"
        script.write_text(source, encoding="utf-8")
        return run_to_end([sys.executable, str(script)], cwd=cwd, env=synapse.env())

    return run


@pytest.fixture
def shell(synapse: Synapse) -> Run:
    """Run shell lines in a folder as typed, with the installed `synapse` and `pytest` first on the path."""

    def run(source: str, cwd: Path) -> Finished:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return run_to_end(["bash", "-euc", source], cwd=cwd, env=synapse.env({"PATH": path}), timeout_s=120)

    return run


@pytest.fixture
def server(synapse: Synapse, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that the user is logged in to. It runs no jobs."""
    yield from _serve(synapse, tmp_path, "--no-agent")


@pytest.fixture
def platform(synapse: Synapse, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that the user is logged in to, with an agent that runs jobs."""
    yield from _serve(synapse, tmp_path)


def _serve(synapse: Synapse, folder: Path, *options: str) -> Iterator[ServerProcess]:
    server = ServerProcess(synapse, folder / "server", options=options)
    server.start()
    try:
        server.log_in()
        yield server
    finally:
        server.stop()


@pytest.fixture
def dataset_id(synapse: Synapse, tmp_path: Path) -> int:
    """A small dataset with a train and a val split, registered in the local workspace."""
    root = tmp_path / "shapes"
    for split in ("train", "val"):
        for shape in ("circle", "square"):
            (root / split / shape).mkdir(parents=True)
            (root / split / shape / "1.txt").write_text(shape, encoding="utf-8")
    registered = synapse("dataset", "register", root, "--name", "shapes", "--json")
    assert registered.returncode == 0, registered
    return int(registered.json()["version"]["dataset_id"])
