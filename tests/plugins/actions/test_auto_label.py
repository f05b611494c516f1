"""Smart tools against applications that are served on a socket."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import Asked, LabellingServer
from tests.plugins.recording import RecordingSink

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.clients.serving import MODEL_HEADER, read_serve_multiplexed_model_id
from synapse_sdk.plugins import LocalExecutor
from synapse_sdk.plugins.actions import _served
from synapse_sdk.plugins.actions.auto_label import AutoLabelParams, BaseAutoLabelAction
from synapse_sdk.plugins.actions.inference import deferred_wait
from synapse_sdk.plugins.actions.inference.deferred import is_poll_request, pending_envelope
from synapse_sdk.plugins.errors import ExecutionError

ROUTE = _served.name_route("detector@1.0.0")


class Tool(BaseAutoLabelAction[AutoLabelParams]):
    def handle_input(self, input_data: dict[str, Any]) -> dict[str, Any]:
        return {"image": input_data["file_url"], "threshold": 0.5}

    def handle_output(self, output_data: Any) -> dict[str, Any]:
        return {"annotations": [{"bbox": box} for box in output_data["boxes"]]}


@pytest.fixture(autouse=True)
def served(labelling: LabellingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(deferred_wait, "RESULT_POLL_S", 0.01)
    labelling.documents["-/routes"] = {f"/{ROUTE}": "detector@1.0.0"}
    labelling.documents[f"POST {ROUTE}"] = {"boxes": [[1, 2, 3, 4]]}
    labelling.documents["POST plugin_releases/detector@1.0.0/run"] = {"id": "j"}


def label(
    labelling: LabellingServer, tool: Any = Tool, sink: RecordingSink | None = None, **more: Any
) -> Any:
    params = {"plugin": "detector", "version": "1.0.0", "file_url": "http://x/a.png", **more}
    env = {
        "RAY_SERVE_ADDRESS": labelling.url,
        "SYNAPSE_AGENT_URL": labelling.url,
        "SYNAPSE_AGENT_TOKEN": "agent-token",
    }
    with closing(BackendClient(labelling.url, "the-token", tenant="lab")) as client:
        executor = LocalExecutor(env, sinks=[] if sink is None else [sink], client=client)
        return executor.execute(tool, params)


def test_a_tool_asks_the_model_that_is_served(labelling: LabellingServer):
    sink = RecordingSink()

    assert label(labelling, sink=sink) == {"annotations": [{"bbox": [1, 2, 3, 4]}]}

    (asked,) = labelling.requests(ROUTE, "POST")
    assert asked.body == {"image": "http://x/a.png", "threshold": 0.5}
    assert MODEL_HEADER not in asked.headers
    assert [event.step for event in sink.of_kind("progress")] == [
        "input_transform", "inference", "output_transform",
    ]  # fmt: skip


def test_a_model_is_named_by_a_header_that_the_application_can_read(labelling: LabellingServer):
    sink = RecordingSink()

    label(labelling, sink=sink, model_id=7)

    (asked,) = labelling.requests(ROUTE, "POST")
    named = read_serve_multiplexed_model_id(asked.headers[MODEL_HEADER], labelling.url)
    assert (named.model, named.token, named.tenant) == ("7", "the-token", "lab")
    assert "the-token" not in repr(named)
    assert "the-token" not in str([encoded.line for encoded in sink.encoded])


def test_a_tool_may_say_how_it_asks(labelling: LabellingServer):
    class Own(Tool):
        def handle_input(self, input_data: dict[str, Any]) -> dict[str, Any]:
            return {"json": [1, 2], "method": "put", "model": 9}

        def handle_output(self, output_data: Any) -> None:
            return None

    labelling.documents[f"PUT {ROUTE}"] = {"as": "it is"}

    assert label(labelling, Own, model_id=7) == {"as": "it is"}

    (asked,) = labelling.requests(ROUTE, "PUT")
    named = read_serve_multiplexed_model_id(asked.headers[MODEL_HEADER], labelling.url)
    assert (asked.body, named.model) == ([1, 2], "9")


def test_an_answer_that_takes_long_is_waited_for(labelling: LabellingServer):
    def answer(asked: Asked) -> Any:
        return {"boxes": []} if is_poll_request(asked.body) else pending_envelope("t1-1")

    labelling.documents[f"POST {ROUTE}"] = answer

    assert label(labelling) == {"annotations": []}


def test_a_release_that_is_not_served_is_deployed_once_a_minute(labelling: LabellingServer):
    labelling.documents["-/routes"] = {"/other": "other"}

    with pytest.raises(
        ExecutionError, match=r"^detector@1\.0\.0 is not served\. Its deployment was asked for\."
    ):
        label(labelling)
    with pytest.raises(ExecutionError, match="less than a minute ago"):
        label(labelling)

    (asked,) = labelling.requests("plugin_releases/detector@1.0.0/run", "POST")
    assert asked.body == {"action": "deployment", "params": {}}
    assert asked.headers["authorization"] == "agent-token"


def test_a_deployment_that_could_not_be_asked_for_is_told_and_may_be_asked_for_again(
    labelling: LabellingServer,
):
    labelling.documents["-/routes"] = {}
    path = "plugin_releases/detector@1.0.0/run"
    labelling.troubles[path] = [403]

    with pytest.raises(ExecutionError, match="could not be asked for: 403"):
        label(labelling)
    with pytest.raises(ExecutionError, match="Its deployment was asked for"):
        label(labelling)


def test_without_an_address_a_tool_says_what_to_do():
    with pytest.raises(ExecutionError, match="RAY_SERVE_ADDRESS is not set") as caught:
        LocalExecutor(sinks=[], open_client=lambda: None).execute(
            Tool, {"plugin": "a", "version": "1.0.0", "file_url": "x"}
        )

    assert "--rehearse" in (caught.value.hint or "")


def test_a_rehearsed_tool_gets_an_empty_answer(labelling: LabellingServer):
    class Tolerant(Tool):
        def handle_output(self, output_data: Any) -> dict[str, Any]:
            return {"annotations": list(output_data)}

    # An address that is known is not asked either.
    executor = LocalExecutor({"RAY_SERVE_ADDRESS": labelling.url}, sinks=[], rehearse=True)

    result = executor.execute(Tolerant, {"plugin": "a", "version": "1.0.0", "file_url": "x"})

    assert labelling.asked == []

    assert (result, executor.rehearsed) == (
        {"annotations": []},
        ["no model was asked; an empty answer was made up."],
    )
