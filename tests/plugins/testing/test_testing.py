"""What authors' tests are given: the recording context, the fixtures, the records of a fake backend."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pydantic import BaseModel

from synapse_sdk.clients.errors import ClientError
from synapse_sdk.plugins import BaseAction, BaseTrainAction
from synapse_sdk.plugins.actions.upload import DefaultUploadAction
from synapse_sdk.plugins.pipelines import ActionPipeline
from synapse_sdk.plugins.testing import (
    ConvertAction,
    DownloadAction,
    FakeBackend,
    RecordingContext,
    TrainAction,
)


class Params(BaseModel):
    dataset: int = 1


class Count(BaseAction[Params]):
    def execute(self) -> dict[str, object]:
        self.set_metrics({"loss": 0.5}, "train")
        self.set_progress(1, 4, "train")
        self.log_message("Done", "success")
        self.log("counted", {"files": 3})
        return {"batch": self.ctx.env.get_int("BATCH"), "path": self.ctx.env.get_str("PATH")}


def test_a_context_keeps_what_was_reported():
    ctx = RecordingContext(env={"BATCH": "8"})

    assert Count(Params(), ctx).run() == {"batch": 8, "path": None}

    assert ctx.recorded.metrics == [("train", {"loss": 0.5})]
    assert ctx.recorded.progress == [("train", 25.0)]
    assert ctx.recorded.messages == ["Done"]
    assert ctx.recorded.logged("counted") == [{"files": 3}]
    ctx.close()


def test_a_context_has_a_workspace_and_a_checkpoint(tmp_path: Path):
    (tmp_path / "data/train").mkdir(parents=True)
    (tmp_path / "data/train/a.txt").write_text("a")

    class Train(BaseTrainAction[Params]):
        def execute(self) -> dict[str, object]:
            return {"files": self.get_dataset()["splits"]["train"]["count"], "from": self.get_checkpoint()}

    ctx = RecordingContext(workspace=tmp_path / "workspace", checkpoint={"path": "x"})
    ctx.workspace.datasets.register(tmp_path / "data")

    assert Train(Params(), ctx).run() == {"files": 1, "from": {"path": "x"}}
    ctx.close()


def test_records_are_added_asked_for_and_changed(fake_backend: FakeBackend):
    fake_backend.add("projects", id=3, name="cats")
    for number in range(5):
        fake_backend.add("tasks", project=3 if number else 4)

    assert fake_backend.get_project(3)["name"] == "cats"
    tasks, count = fake_backend.list_tasks({"project": 3, "page_size": 2}, list_all=True)
    assert ([task["id"] for task in tasks], count) == ([2, 3, 4, 5], 4)
    fake_backend.annotate_task_data(2, {"action": "submit", "data": {"a": 1}})
    assert fake_backend.get_task(2)["data"] == {"a": 1}
    assert fake_backend.asked[0].path == "projects/3"
    assert len(fake_backend.records("tasks")) == 5


def test_what_it_has_no_answer_to_is_refused_by_name(fake_backend: FakeBackend):
    with pytest.raises(ClientError, match="no answer to POST plugins/mine/run/"):
        fake_backend.run_plugin("mine", {})
    with pytest.raises(ClientError, match="no answer to GET stream of"):
        list(fake_backend.tail_job_console_logs(1))


def test_an_upload_runs_against_it(executor, fake_backend: FakeBackend):
    folder = fake_backend.storage / "incoming/image_1"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n a")
    specification = {"name": "image_1", "file_type": "image", "is_required": True}
    fake_backend.add("data_collections", id=7, name="cats", file_specifications=[specification])

    params = {"name": "cats", "path": "incoming", "storage": 1, "data_collection": 7}
    result = executor.execute(DefaultUploadAction, params)

    assert result["data_units"] == 1
    (unit,) = fake_backend.records("data_units")
    assert unit["files"]["image_1"]["path"] == "image_1/a.png"


def test_the_sample_actions_fit_together(runtime_context: RecordingContext):
    pipeline = ActionPipeline([DownloadAction, ConvertAction, TrainAction], strict=True)

    result = pipeline.execute({"url": "http://elsewhere/cats.zip", "epochs": 3}, runtime_context)

    assert result.model_path == "data/cats.zip/converted/model.pt"
    assert len(runtime_context.recorded.metrics) == 3
    assert runtime_context.client is not None


FIXTURES = """
    def test_fixtures(executor, runtime_context, fake_backend):
        assert runtime_context.client is fake_backend
        assert executor.execute.__name__ == "execute"
"""
NOTHING = """
    import sys

    def test_nothing():
        loaded = {name for name in sys.modules if name.startswith("synapse_sdk.")}
        allowed = ("synapse_sdk._internal", "synapse_sdk._version")
        extra = {name for name in loaded if not name.startswith(allowed)}
        assert extra <= {
            "synapse_sdk.plugins",
            "synapse_sdk.plugins.testing",
            "synapse_sdk.plugins.testing.pytest_plugin",
        }, extra
        assert "pydantic" not in sys.modules
"""


@pytest.mark.parametrize("source", [FIXTURES, NOTHING], ids=["fixtures", "nothing"])
def test_pytest_finds_the_fixtures_and_pays_nothing_for_them(tmp_path: Path, source: str):
    (tmp_path / "test_it.py").write_text(textwrap.dedent(source))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_it.py"]
    # Those of other packages, which may import what they like.
    command += ["-p", "no:hypothesispytest", "-p", "no:schemathesis", "-p", "no:anyio", "-p", "no:xdist"]

    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr
