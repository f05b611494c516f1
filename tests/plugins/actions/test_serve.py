"""A replica's own side: models that it loads and keeps, answers that take longer than a request may."""

from __future__ import annotations

import asyncio
import io
import shutil
import zipfile
from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel, ValidationError
from tests.labelling_server import LabellingServer

from synapse_sdk.plugins import BaseServeDeployment, LocalExecutor
from synapse_sdk.plugins.actions.inference import create_serve_multiplexed_model_id
from synapse_sdk.plugins.actions.inference.deferred import (
    POLL_REQUEST_KEY,
    TicketStore,
    extract_ticket,
    is_pending,
)
from synapse_sdk.plugins.errors import ExecutionError, ModelLoadError, RayNotInstalledError


class Detector(BaseServeDeployment):
    """Its model is the text of the file `weights.txt`."""

    loads = 0

    async def _get_model(self, model_info: dict[str, Any]) -> Any:
        self.loads += 1
        self.folder = model_info["path"]
        return f"{model_info['name']}: {(self.folder / 'weights.txt').read_text()}"

    async def infer(self, value: int) -> int:
        return value * 2


@pytest.fixture
def with_models(labelling: LabellingServer) -> LabellingServer:
    for number in range(1, 7):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("weights.txt", f"weights {number}")
        labelling.files[f"{number}.zip"] = stream.getvalue()
        url = f"{labelling.url}/files/{number}.zip?sig=1"
        labelling.documents[f"models/{number}"] = {"id": number, "name": f"m{number}", "file": url}
    return labelling


def name(labelling: LabellingServer, model: int) -> str:
    return create_serve_multiplexed_model_id(model, "the-token", labelling.url, "lab")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 60))


def test_a_model_is_loaded_once_with_the_token_of_the_one_who_asks(
    with_models: LabellingServer, capfd: pytest.CaptureFixture[str]
):
    async def ask_twice() -> Any:
        replica = Detector(with_models.url)
        token = name(with_models, 1)
        models = await asyncio.gather(replica.get_model(token), replica.get_model(token))
        return replica, [*models, await replica.get_model(token)]

    replica, models = run(ask_twice())

    assert models == ["m1: weights 1"] * 3
    assert replica.loads == 1
    (asked,) = with_models.requests("models/1")
    assert (asked.headers["authorization"], asked.headers["synapse-tenant"]) == ("Token the-token", "lab")
    assert capfd.readouterr() == ("", ""), "a token would be in it"


def test_the_folder_of_a_model_is_there_as_long_as_the_model_and_models_are_not_kept_without_bound(
    with_models: LabellingServer,
):
    async def ask_for_many() -> tuple[Detector, list[Path]]:
        replica, folders = Detector(with_models.url), []
        for number in range(1, 7):
            await replica.get_model(name(with_models, number))
            folders.append(replica.folder)
        await asyncio.sleep(0)
        return replica, folders

    replica, folders = run(ask_for_many())

    assert len(replica._models) == Detector.models_at_most == 4
    assert [folder.is_dir() for folder in folders] == [False, False, True, True, True, True]


def test_a_model_that_could_not_be_loaded_is_told_without_its_token_and_tried_anew(
    with_models: LabellingServer,
):
    record = with_models.documents.pop("models/2")

    async def ask() -> Any:
        replica = Detector(with_models.url)
        with pytest.raises(ModelLoadError, match="The model could not be loaded: NotFoundError") as caught:
            await replica.get_model(name(with_models, 2))
        with_models.documents["models/2"] = record
        return caught, await replica.get_model(name(with_models, 2))

    caught, model = run(ask())

    assert model == "m2: weights 2"
    assert "the-token" not in f"{caught.value!r} {caught.value.details}"


NAMES = {
    "best.pt": "best.pt",
    quote("모델" * 15 + ".pt"): "모델" * 15 + ".pt",
    "x" * 220 + ".pt": "model.pt",
    "..%2F..%2Fbest.pt": "best.pt",
    "a%2F..": "model",
}


@pytest.mark.parametrize("address", NAMES)
def test_weights_that_are_an_archive_of_their_own_stay_whole_under_their_name(
    address: str, with_models: LabellingServer
):
    class Weights(Detector):
        async def _get_model(self, model_info: dict[str, Any]) -> Any:
            return {file.name: zipfile.is_zipfile(file) for file in model_info["path"].iterdir()}

    with_models.files[address] = with_models.files["1.zip"]
    with_models.documents["models/1"]["file"] = f"{with_models.url}/files/{address}?sig=1"

    found = run(Weights(with_models.url).get_model(name(with_models, 1)))

    assert found == ({NAMES[address]: True} if NAMES[address] != "model" else {"weights.txt": False})


def test_an_archive_that_can_not_be_unpacked_is_said_to_be_one(with_models: LabellingServer):
    content = bytearray(with_models.files["1.zip"])
    content[45] ^= 0xFF  # in the middle of its member
    with_models.files["1.zip"] = bytes(content)

    with pytest.raises(ModelLoadError, match="can not be unpacked: Bad CRC-32"):
        run(Detector(with_models.url).get_model(name(with_models, 1)))


def test_an_archive_that_unpacks_to_more_than_there_is_room_for_is_left_packed(
    with_models: LabellingServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5))

    with pytest.raises(ModelLoadError, match=r"The model unpacks to 9 .*, and 5 .* are free"):
        run(Detector(with_models.url).get_model(name(with_models, 1)))


def test_a_header_for_another_server_loads_nothing(with_models: LabellingServer):
    token = create_serve_multiplexed_model_id(1, "the-token", "http://other.example")

    with pytest.raises(ModelLoadError, match="made for another server"):
        run(Detector(with_models.url).get_model(token))

    assert with_models.asked == []


def test_which_request_is_at_hand_only_ray_knows():
    with pytest.raises(RayNotInstalledError):
        run(Detector("http://x").get_model())


def test_a_batch_is_answered_one_after_the_other():
    assert run(Detector("http://x").infer_batch([1, 2, 3])) == [2, 4, 6]


class Body(BaseModel):
    value: int


def test_a_result_in_time_is_the_answer():
    async def ask() -> Any:
        replica = Detector("http://x")
        by_function = await replica.handle_inference({"value": 4}, Body, lambda body: body.value)
        with pytest.raises(ValidationError):
            await replica.handle_inference({"value": "x"}, Body, lambda body: body)
        return by_function, await replica.handle_inference(3, None, replica.infer)

    assert run(ask()) == (4, 6)


def test_a_result_that_takes_longer_is_good_for_a_ticket_once():
    async def ask() -> list[Any]:
        replica, gate = Detector("http://x"), asyncio.Event()

        async def slow(_: Any) -> str:
            await gate.wait()
            return "done"

        first = await replica.handle_inference({}, None, slow, deadline_s=0)
        poll = {POLL_REQUEST_KEY: extract_ticket(first)}
        second = await replica.handle_inference(poll, None, slow, deadline_s=0)
        gate.set()
        third = await replica.handle_inference(poll, None, slow)
        fourth = await replica.handle_inference(poll, None, slow)
        return [is_pending(first), is_pending(second), third, fourth["status"]]

    assert run(ask()) == [True, True, "done", "not_found"]


def test_a_result_that_failed_after_its_ticket_says_why():
    async def ask() -> Any:
        replica, gate = Detector("http://x"), asyncio.Event()

        async def failing(_: Any) -> None:
            await gate.wait()
            raise ValueError("out of memory")

        first = await replica.handle_inference({}, None, failing, deadline_s=0)
        gate.set()
        return await replica.handle_inference({POLL_REQUEST_KEY: extract_ticket(first)}, None, failing)

    answer = run(ask())

    assert (answer["status"], answer["error"]) == ("failed", "ValueError: out of memory")


def test_tickets_are_bounded_in_number_and_in_time():
    async def ask() -> Any:
        async def forever() -> None:
            await asyncio.Event().wait()

        store = TicketStore(limit=1)
        ticket = extract_ticket(await store.run(forever(), 0)) or ""
        with pytest.raises(RuntimeError, match="1 results are being made already"):
            await store.run(forever(), 0)
        store.lifetime_s = -1
        return (await store.take(ticket, 0))["status"]

    assert run(ask()) == "not_found"


def test_no_more_results_are_kept_than_there_may_be_however_many_began_at_once():
    async def ask() -> list[Any]:
        store, end = TicketStore(limit=2), asyncio.Event()

        async def work(number: int) -> int:
            await end.wait()
            return number

        asked = [asyncio.create_task(store.run(work(number), 0)) for number in range(5)]
        _, waiting = await asyncio.wait(asked, timeout=0.1)
        assert len(store._entries) == 2
        assert len(waiting) == 3
        end.set()
        return await asyncio.gather(*asked)

    answers = run(ask())

    assert [is_pending(answer) for answer in answers] == [True, True, False, False, False]
    assert answers[2:] == [2, 3, 4]


def test_work_whose_caller_has_gone_is_ended():
    async def ask() -> bool:
        ended = asyncio.Event()

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        asked = asyncio.create_task(TicketStore().run(work(), 60))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait_for(ended.wait(), 30)
        return asked.cancelled()

    assert run(ask())


def test_a_serve_class_is_run_by_asking_what_it_serves(with_models: LabellingServer):
    with_models.documents["POST abc"] = lambda asked: {"got": asked.body}
    env = {"RAY_SERVE_ADDRESS": with_models.url, "SYNAPSE_PLUGIN_RELEASE_CHECKSUM": "abc"}

    assert LocalExecutor(env, sinks=[]).execute(Detector, {"json": {"a": 1}}) == {"got": {"a": 1}}

    rehearsal = LocalExecutor(env, sinks=[], rehearse=True)
    assert rehearsal.execute(Detector, {"json": {"a": 1}}) == {}
    assert len(with_models.requests("abc", "POST")) == 1
    with pytest.raises(ExecutionError, match="Which release is to be asked"):
        LocalExecutor(sinks=[], open_client=lambda: None).execute(Detector, {})


def test_what_is_asked_of_a_served_application_comes_back(with_models: LabellingServer):
    from synapse_sdk.plugins.context import PluginEnvironment, RuntimeContext
    from synapse_sdk.plugins.events import EventStream

    with_models.documents["POST abc"] = lambda asked: {"got": asked.body}
    env = {"RAY_SERVE_ADDRESS": with_models.url, "SYNAPSE_PLUGIN_RELEASE_CHECKSUM": "abc"}
    stream = EventStream([])

    answer = Detector.dispatch({"json": [1]}, RuntimeContext(stream, PluginEnvironment(env)))

    stream.close()
    assert answer == {"got": [1]}
