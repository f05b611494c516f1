"""What a client asks of servers that know projects, tasks and ground truths; and files by their address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import LabellingServer, labelling_server
from tests.server.conftest import RunningServer

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.clients.errors import ClientError, NotFoundError
from synapse_sdk.clients.model_export import export_model
from synapse_sdk.clients.transport import Transport
from synapse_sdk.plugins import LocalExecutor
from synapse_sdk.plugins.actions.dataset import DatasetAction
from synapse_sdk.plugins.actions.export import BaseExporter
from synapse_sdk.plugins.actions.to_task import ToTaskAction
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.storage.errors import StorageError
from synapse_sdk.workspace import LocalWorkspace


@pytest.fixture
def labelling(tmp_path: Path) -> Iterator[LabellingServer]:
    with labelling_server(tmp_path / "storage") as running:
        yield running


@pytest.fixture
def client(labelling: LabellingServer) -> Iterator[BackendClient]:
    client = BackendClient(labelling.url, "the-token")
    yield client
    client.close()


@pytest.mark.parametrize("kind", ["tasks", "assignments", "ground_truth_events"])
def test_every_page_of_a_list_is_asked_for(kind: str, client: BackendClient, labelling: LabellingServer):
    for number in range(5):
        labelling.add(kind, number)
    listing = getattr(client, f"list_{kind}")

    records, count = listing({"project": 1, "page_size": 2}, list_all=True)

    assert (count, [record["id"] for record in records]) == (5, [0, 1, 2, 3, 4])
    assert len(labelling.requests(f"sdk/{kind}")) == 3
    assert listing({"project": 2})["results"] == []


def test_a_list_that_leads_back_to_itself_has_an_end(client: BackendClient, labelling: LabellingServer):
    following = f"{labelling.url}/models/?cursor=1"
    labelling.documents["models"] = {"count": 2, "next": following, "results": [{"id": 1}]}

    models, _ = client.list_models(list_all=True)

    with pytest.raises(ClientError, match="the same page over and over"):
        list(models)
    assert len(labelling.requests("models")) == 2


def test_records_are_asked_for_by_id(client: BackendClient, labelling: LabellingServer):
    paths = ("projects", "data_collections", "data_units", "tasks", "assignments")
    labelling.documents = {f"{path}/7": {"id": 7, "of": path} for path in paths}
    labelling.documents["ground_truth_dataset_versions/7"] = {"id": 7, "of": "versions"}

    answers = [
        client.get_project(7),
        client.get_data_collection(7),
        client.get_data_unit(7),
        client.get_task(7),
        client.get_assignment(7),
        client.get_ground_truth_version(7),
    ]

    assert [answer["of"] for answer in answers] == [*paths, "versions"]
    with pytest.raises(NotFoundError):
        client.get_project(8)


def test_a_task_gets_its_annotations(client: BackendClient, labelling: LabellingServer):
    labelling.documents["PUT tasks/7/annotate_task_data"] = {"id": 7}

    assert client.annotate_task_data(7, {"action": "submit", "data": {"a": 1}}, "any") == {"id": 7}

    (asked,) = labelling.requests("tasks/7/annotate_task_data", "PUT")
    assert (asked.body, asked.query) == ({"action": "submit", "data": {"a": 1}}, {"schema": "any"})


def test_applications_that_are_served_are_recorded_and_listed(
    client: BackendClient, labelling: LabellingServer
):
    labelling.documents["POST serve_applications"] = {"id": 3}
    labelling.documents["serve_applications"] = {"count": 1, "next": None, "results": [{"id": 3}]}

    assert client.create_serve_application({"job": 4, "status": "RUNNING"}) == {"id": 3}
    assert client.list_serve_applications({"plugin_code": "x"})["results"] == [{"id": 3}]


@pytest.mark.parametrize("url", ["{}/files/a?sig=1", "/files/a", "files/a"])
def test_a_file_is_written_from_its_address(
    url: str, client: BackendClient, labelling: LabellingServer, tmp_path: Path
):
    labelling.files["a"] = b"content"

    assert client.download_file(url.format(labelling.url), tmp_path / "a") == 7

    assert (tmp_path / "a").read_bytes() == b"content"


def test_a_file_that_can_not_be_had_leaves_what_was_there_and_tells_no_signature(
    client: BackendClient, labelling: LabellingServer, tmp_path: Path
):
    (tmp_path / "a").write_bytes(b"old")

    with pytest.raises(ClientError) as caught:
        client.download_file(f"{labelling.url}/files/gone?sig=s3cret", tmp_path / "a")

    assert "s3cret" not in f"{caught.value} {caught.value.details}"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.parametrize("url", ["ftp://x/y?sig=s3cret", "file:///etc/passwd", "http://", "http://x:0x/y"])
def test_an_address_that_is_none_is_refused(url: str, client: BackendClient, tmp_path: Path):
    with pytest.raises(ClientError, match="is no address") as caught:
        client.download_file(url, tmp_path / "a")

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["../outside/best.pt", "{outside}/best.pt", ".."])
def test_a_model_is_exported_under_no_name_that_leads_elsewhere(
    name: str, labelling: LabellingServer, tmp_path: Path
):
    outside, folder = tmp_path / "outside", tmp_path / "mine"
    outside.mkdir()
    folder.mkdir()
    (outside / "best.pt").touch()
    labelling.documents["models/1"] = {
        "id": 1,
        "name": "cats",
        "filename": name.format(outside=outside),
        "digest": f"sha256:{'0' * 64}",
        "size_bytes": 1,
        "created_at": "2026-01-01T00:00:00Z",
    }

    with (
        closing(Transport(labelling.url, token="the-token")) as transport,
        pytest.raises(StorageError, match="The server names a model's file"),
    ):
        export_model(transport, 1, folder)

    assert list(folder.iterdir()) == []


class Replaced(dict[str, bytes]):
    """Each time that a file is asked for, another one."""

    def get(self, name: str, default: Any = None) -> bytes:
        return self.pop(name) if name in self and len(self) > 1 else next(iter(self.values()))


def test_a_file_that_is_replaced_while_it_is_taken_up_comes_anew(
    client: BackendClient, labelling: LabellingServer, tmp_path: Path
):
    labelling.files = Replaced(a=b"a" * 20, b=b"b" * 20)
    labelling.troubles["files/a"] = [0]

    client.download_file("/files/a", tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == b"b" * 20


def test_a_part_from_another_place_than_asked_for_is_not_taken_for_the_file(
    client: BackendClient, labelling: LabellingServer, tmp_path: Path
):
    labelling.files["a"] = b"0123456789"
    labelling.troubles["files/a"] = [0]
    labelling.ranges_begin_early_by = 2

    client.download_file("/files/a", tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == b"0123456789"
    assert [asked.headers.get("range") for asked in labelling.requests("files/a")] == [None, "bytes=5-", None]


def test_an_answer_that_keeps_breaking_off_is_given_up(
    client: BackendClient, labelling: LabellingServer, tmp_path: Path
):
    labelling.files["a"] = b"0123456789"
    labelling.troubles["files/a"] = [0, 0, 0, 0]

    with pytest.raises(ClientError):
        client.download_file("/files/a", tmp_path / "a")

    assert not (tmp_path / "a").exists()
    assert len(labelling.requests("files/a")) == 4


EXPORT = {"name": "a", "storage": 1, "path": "b", "target": "task", "filter": {"project": 1}}
TO_TASK = {"name": "a", "project": 1, "agent": 1, "target_specification_name": "data_meta_1"}


@pytest.mark.parametrize(
    ("action", "params", "problem"),
    [
        (BaseExporter, EXPORT, "Step 'fetch_results' failed: This server has no list of task records"),
        (ToTaskAction, TO_TASK, "Step 'initialize' failed: This server has no project 1"),
        (DatasetAction, {"dataset": 9}, "no dataset 9 in the workspace, and this server has no ground"),
    ],
)
def test_a_server_of_ours_has_no_labelling_and_actions_that_need_it_say_so(
    action: Any, params: Any, problem: str, server: RunningServer, tmp_path: Path
):
    with closing(BackendClient(server.url, server.token())) as client:
        executor = LocalExecutor(
            sinks=[], client=client, open_workspace=lambda: LocalWorkspace(tmp_path / "workspace")
        )
        with pytest.raises(ExecutionError, match=problem) as caught:
            executor.execute(action, params)

    assert any(way in (caught.value.hint or "") for way in ("log in to one that has", "synapse dataset list"))
