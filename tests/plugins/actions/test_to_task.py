"""Pre-annotation against a server on a socket: what tasks get, and what becomes of those that fail."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import Asked, LabellingServer
from tests.plugins.recording import RecordingSink

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.plugins import LocalExecutor
from synapse_sdk.plugins.actions.add_task_data import AddTaskDataAction
from synapse_sdk.plugins.actions.inference import deferred_wait
from synapse_sdk.plugins.actions.inference.deferred import POLL_REQUEST_KEY, failed_envelope, pending_envelope
from synapse_sdk.plugins.actions.to_task import ToTaskAction, ToTaskLogMessageCode, preprocessor
from synapse_sdk.plugins.errors import ExecutionError, ParamsError
from synapse_sdk.plugins.log_messages import resolve_log_message


class FromFile(ToTaskAction):
    """Reads the label out of the file beside each image."""

    def convert_data_from_file(
        self,
        primary_file_url: str,
        primary_file_name: str,
        data_file_url: str,
        data_file_name: str,
        task_data: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        target = Path(f"{data_file_name}.downloaded")
        self.client.download_file(data_file_url, target)
        return {"of": primary_file_name, "label": json.loads(target.read_bytes()), "before": task_data}


class FromModel(ToTaskAction):
    def setup_inference_params(self, primary_file_url: str, *_: Any, **options: Any) -> dict[str, Any]:
        assert options["pre_processor_config"] == {"threshold": 1}
        return {"image": primary_file_url.rsplit("/", maxsplit=1)[-1], **options["pre_processor_params"]}

    def convert_data_from_inference(
        self, inference_data: Any, task_data: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return {"found": inference_data}


@pytest.fixture(autouse=True)
def a_project(labelling: LabellingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    labelling.documents["projects/1"] = {"id": 1, "data_collection": 5}
    labelling.documents["data_collections/5"] = {
        "id": 5,
        "file_specifications": [{"name": "image_1", "is_primary": True}, {"name": "data_meta_1"}],
    }
    for number in (1, 2, 3):
        add_task(labelling, number)


def add_task(labelling: LabellingServer, number: int) -> None:
    labelling.records.setdefault("tasks", []).append({"id": number, "project": 1, "done": False})
    labelling.files[f"{number}.json"] = json.dumps(f"label {number}").encode()
    files = {
        "image_1": {"url": f"/files/{number}.png", "file_name_original": f"{number}.png", "is_primary": True},
        "data_meta_1": {"url": f"/files/{number}.json", "file_name_original": f"{number}.json"},
    }
    labelling.documents[f"data_units/{number}"] = {"id": number, "files": files}
    unit: Any = number if number == 2 else {"id": number, "files": files}
    labelling.documents[f"tasks/{number}"] = {"id": number, "data": {"old": number}, "data_unit": unit}
    labelling.documents[f"PUT tasks/{number}/annotate_task_data"] = {"id": number}


def annotate(
    labelling: LabellingServer, action: Any = FromFile, sink: RecordingSink | None = None, **more: Any
) -> Any:
    params = {"name": "pre", "project": 1, "agent": 2, "target_specification_name": "data_meta_1", **more}
    with closing(BackendClient(labelling.url, "the-token")) as client:
        return LocalExecutor(sinks=[] if sink is None else [sink], client=client).execute(action, params)


def submitted(labelling: LabellingServer) -> dict[int, Any]:
    """Return task → what it got."""
    return {
        int(asked.path.split("/")[1]): asked.body
        for asked in labelling.asked
        if asked.method == "PUT" and asked.path.endswith("annotate_task_data")
    }


@pytest.mark.parametrize("batch_size", [1, 2])
def test_every_task_gets_the_annotations_of_its_file(batch_size: int, labelling: LabellingServer):
    result = annotate(labelling, batch_size=batch_size)

    assert submitted(labelling) == {
        number: {
            "action": "submit",
            "data": {"of": f"{number}.png", "label": f"label {number}", "before": {"old": number}},
        }
        for number in (1, 2, 3)
    }
    assert result == {
        "status": "SUCCEEDED",
        "message": "3 of 3 tasks have their annotations.",
        "total_tasks": 3,
        "success_count": 3,
        "failed_count": 0,
        "failures": [],
        "success": True,
        "steps_executed": 5,
        "steps_total": 5,
    }


def test_the_server_is_asked_as_the_sheet_says(labelling: LabellingServer):
    annotate(labelling, task_filters={"done": False}, schema="any")

    (listed,) = labelling.requests("sdk/tasks")
    assert {"fields": "id", "project": "1", "done": "false"}.items() <= listed.query.items()
    (asked,) = labelling.requests("tasks/1")
    assert asked.query == {"fields": "id,data,data_unit", "expand": "data_unit"}
    assert len(labelling.requests("data_units/2")) == 1
    (put,) = labelling.requests("tasks/1/annotate_task_data", "PUT")
    assert put.query == {"schema": "any"}


def test_a_list_in_a_filter_is_one_value_to_the_server(labelling: LabellingServer):
    result = annotate(labelling, task_filters={"id__in": [1, 2], "fields": "data"})

    assert (result["total_tasks"], sorted(submitted(labelling))) == (2, [1, 2])


def test_a_task_that_is_listed_twice_is_annotated_once_and_what_is_missing_is_told(
    labelling: LabellingServer,
):
    labelling.records["tasks"][2] = labelling.records["tasks"][0]

    with pytest.raises(ExecutionError, match="counted 3 tasks and sent 2"):
        annotate(labelling)

    assert submitted(labelling) == {}


def test_failed_tasks_do_not_hold_others_up_and_are_no_success(labelling: LabellingServer):
    labelling.files["1.json"] = b"{"
    del labelling.documents["PUT tasks/3/annotate_task_data"]
    sink = RecordingSink()

    with pytest.raises(ExecutionError, match=r"^2 of 3 tasks could not be annotated: 1: ") as caught:
        annotate(labelling, sink=sink)

    assert [one["task_id"] for one in caught.value.details["failures"]] == [1, 3]
    assert (caught.value.details["status"], caught.value.details["success_count"]) == ("FAILED", 1)
    events = {
        event.body["task_info"]["task_id"]: event.body
        for event in sink.of_kind("log")
        if event.name == "annotate_task_data" and event.body
    }
    assert {number: body["status"] for number, body in events.items()} == {
        1: "failed",
        2: "success",
        3: "failed",
    }
    assert events[3]["error"]
    assert sink.of_kind("metric")[-1].values == {"success": 1, "failed": 2, "stand_by": 0}
    assert "1 tasks have their annotations, 2 failed." in sink.contents()


def test_a_server_that_lets_nobody_in_any_more_is_not_asked_for_every_task(labelling: LabellingServer):
    labelling.troubles["tasks/1"] = [401]

    with pytest.raises(ExecutionError, match=r"^3 of 3 tasks .* 2: not tried: ") as caught:
        annotate(labelling)

    assert [one["task_id"] for one in caught.value.details["failures"]] == [1, 2, 3]
    assert labelling.requests("tasks/2") == []


def test_a_task_that_lacks_the_file_is_named(labelling: LabellingServer):
    del labelling.documents["tasks/1"]["data_unit"]["files"]["data_meta_1"]

    with pytest.raises(ExecutionError, match=r"1: the task has no file data_meta_1; it has image_1"):
        annotate(labelling)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"target_specification_name": "data_meta_9"}, "the data collection has image_1, data_meta_1"),
        ({"task_filters": {"done": True}}, "Project 1 has no task that the filters leave"),
        ({"task_filters": {"id__in": []}}, "task_filters have id__in with nothing in it"),
        ({"task_filters": {"project": 2}}, "task_filters name project 2, and the params project 1"),
    ],
)
def test_what_can_not_work_is_told_before_anything_is_submitted(
    more: Any, problem: str, labelling: LabellingServer
):
    with pytest.raises(ExecutionError, match=problem):
        annotate(labelling, **more)

    assert submitted(labelling) == {}


@pytest.mark.parametrize(
    "more", [{"target_specification_name": None}, {"method": "inference"}, {"batch_size": 0}, {"name": ""}]
)
def test_params_that_do_not_fit_are_refused(more: Any, labelling: LabellingServer):
    with pytest.raises(ParamsError):
        annotate(labelling, **more)

    assert labelling.asked == []


def test_an_action_that_can_not_convert_says_so(labelling: LabellingServer):
    with pytest.raises(ExecutionError, match="does not define convert_data_from_file"):
        annotate(labelling, ToTaskAction)


MODEL = {"method": "inference", "model": 7, "pre_processor": 8, "pre_processor_params": {"size": 2}}


@pytest.fixture
def served(labelling: LabellingServer, monkeypatch: pytest.MonkeyPatch) -> LabellingServer:
    """A server with a pre-processor that runs, and answers with what it was asked."""
    monkeypatch.setattr(preprocessor, "START_POLL_S", 0.01)
    monkeypatch.setattr(deferred_wait, "RESULT_POLL_S", 0.01)
    labelling.documents["plugin_releases/8"] = {
        "id": 8, "plugin": {"code": "detector"}, "version": "1.2.0", "config": {"threshold": 1},
    }  # fmt: skip
    labelling.documents["serve_applications"] = {"count": 1, "next": None, "results": [{"status": "RUNNING"}]}
    labelling.documents["POST plugins/detector/run"] = lambda asked: asked.body["params"]
    return labelling


def test_every_task_gets_what_the_model_found(served: LabellingServer):
    annotate(served, FromModel, **MODEL)

    assert submitted(served)[3]["data"] == {"found": {"model": 7, "image": "3.png", "size": 2}}
    (listed,) = served.requests("serve_applications")
    assert listed.query == {"plugin_code": "detector", "job__agent": "2"}
    run = served.requests("plugins/detector/run", "POST")[0].body
    assert {name: run[name] for name in ("agent", "action", "version")} == {
        "agent": 2, "action": "inference", "version": "1.2.0",
    }  # fmt: skip


def test_a_pre_processor_that_does_not_run_is_started_and_waited_for(served: LabellingServer):
    statuses = iter(["NOT_STARTED", "DEPLOYING", "DEPLOYING"])

    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.path == "serve_applications":
            status = next(statuses, "RUNNING")
            return 200, {"count": 1, "next": None, "results": [{"status": status}]}
        return LabellingServer.answer(served, asked)

    served.answer = answer  # type: ignore[method-assign]
    sink = RecordingSink()

    annotate(served, FromModel, sink, **MODEL)

    started = [asked.body["action"] for asked in served.requests("plugins/detector/run", "POST")]
    assert started == ["deployment", "inference", "inference", "inference"]
    assert "The pre-processor is ready." in sink.contents()


def test_a_pre_processor_that_can_not_start_ends_it(served: LabellingServer):
    served.documents["serve_applications"]["results"] = [{"status": "DEPLOY_FAILED"}]

    with pytest.raises(ExecutionError, match=r"detector 1\.2\.0 does not run: it is DEPLOY_FAILED"):
        annotate(served, FromModel, **MODEL)

    assert submitted(served) == {}


def test_an_answer_that_takes_long_is_asked_for_until_it_is_there(served: LabellingServer):
    polls: list[str] = []

    def run(asked: Asked) -> Any:
        ticket = asked.body["params"].get(POLL_REQUEST_KEY)
        if ticket is None:
            return pending_envelope(f"t-{asked.body['params']['image']}")
        polls.append(ticket)
        if ticket == "t-2.png":
            return failed_envelope(ticket, "out of memory")
        return pending_envelope(ticket) if polls.count(ticket) < 3 else {"ticket": ticket}

    served.documents["POST plugins/detector/run"] = run

    with pytest.raises(ExecutionError, match="2: The inference failed: out of memory"):
        annotate(served, FromModel, **MODEL)

    assert submitted(served)[1]["data"] == {"found": {"ticket": "t-1.png"}}
    assert polls.count("t-1.png") == 3


def test_the_older_names_do_the_same(labelling: LabellingServer):
    class Older(AddTaskDataAction):
        convert_data_from_file = FromFile.convert_data_from_file

    sink = RecordingSink()

    assert annotate(labelling, Older, sink)["success_count"] == 3
    assert AddTaskDataAction.action_name == "add_task_data"
    steps = {event.step for event in sink.of_kind("progress")}
    assert AddTaskDataAction.progress.ANNOTATE_TASK_DATA in steps


@pytest.mark.parametrize("more", [{}, MODEL])
def test_a_rehearsal_makes_up_tasks_and_keeps_nothing(more: Any):
    class Both(FromModel):
        def setup_inference_params(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {}

        def convert_data_from_file(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {}

    params = {"name": "pre", "project": 1, "agent": 2, "target_specification_name": "data_meta_1", **more}
    executor = LocalExecutor(sinks=[], rehearse=True)

    assert executor.execute(Both, params)["success_count"] == 3
    assert "the answer to PUT tasks/3/annotate_task_data/ was made up; no server was asked." in (
        executor.rehearsed
    )


def test_without_a_server_it_says_so():
    with pytest.raises(ExecutionError, match=r"^Backend client is None: FromFile"):
        LocalExecutor(sinks=[], open_client=lambda: None).execute(
            FromFile, {"name": "a", "project": 1, "agent": 1, "target_specification_name": "x"}
        )


@pytest.mark.parametrize("code", list(ToTaskLogMessageCode))
def test_every_code_has_a_text_in_both_languages(code: ToTaskLogMessageCode):
    texts = {resolve_log_message(code, language)[0] for language in ("en", "ko")}

    assert len(texts | {code.value}) == 3
