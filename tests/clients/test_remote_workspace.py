"""A server's workspace as an action sees it: real files, a real server."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import pytest
from tests.workspace.folders import make_folder, make_model

from synapse_sdk.clients.datasets import register_dataset
from synapse_sdk.clients.remote_workspace import RemoteWorkspace
from synapse_sdk.wire.envelope import PluginReference
from synapse_sdk.workspace import LocalWorkspace, ModelOrigin, NotFoundError, WorkspaceError
from synapse_sdk.workspace.protocol import Workspace


@pytest.fixture
def transport(server):
    return server.client("developer")


@pytest.fixture
def open_workspace(server, tmp_path):
    token, opened = server.token("developer"), []

    def open_it(cache: str = "cache") -> RemoteWorkspace:
        opened.append(RemoteWorkspace(server.url, token, cache_folder=tmp_path / cache))
        return opened[-1]

    yield open_it
    for workspace in opened:
        workspace.close()


@pytest.fixture
def workspace(open_workspace):
    return open_workspace()


def texts(folder):
    root = Path(folder)
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_a_dataset_is_the_same_as_from_the_local_workspace(transport, workspace, tmp_path):
    folder = make_folder(tmp_path / "digits")
    (folder / "empty.txt").touch()
    (folder / "copy.csv").write_text("a,0")
    (folder / "größe 한글.txt").write_text("ü")
    local = LocalWorkspace(tmp_path / "local")
    local.datasets.register(folder)
    number = register_dataset(transport, folder).version.dataset_id

    here, there = workspace.get_dataset(number), local.get_dataset(1)

    assert texts(here["path"]) == texts(folder)
    for key in ("name", "version", "digest"):
        assert here[key] == there[key]
    assert {name: split["count"] for name, split in here["splits"].items()} == {
        "train": 2, "validation": 1, "test": 1,
    }  # fmt: skip
    assert texts(here["splits"]["val"]["path"]) == {"0/c.png": "another zero"}
    protocol: Workspace = workspace
    assert protocol.name == "default"


def test_the_second_use_downloads_nothing(transport, open_workspace, tmp_path):
    number = register_dataset(transport, make_folder(tmp_path / "digits")).version.dataset_id
    came = []
    first = open_workspace()
    first._on_progress = lambda done, total: came.append(done)
    path = first.get_dataset(number)["path"]
    assert came
    came.clear()

    assert first.get_dataset(number)["path"] == path
    assert came == []


def test_a_copy_that_was_changed_is_made_again(transport, workspace, tmp_path):
    folder = make_folder(tmp_path / "digits")
    number = register_dataset(transport, folder).version.dataset_id
    copy = Path(workspace.get_dataset(number)["path"])
    (copy / "labels.csv").chmod(0o644)
    (copy / "labels.csv").write_text("b,0")
    (copy / "more.txt").write_text("new")

    assert texts(workspace.get_dataset(number)["path"]) == texts(folder)


def test_an_older_version_can_still_be_had(transport, workspace, tmp_path):
    folder = make_folder(tmp_path / "digits")
    number = register_dataset(transport, folder).version.dataset_id
    (folder / "labels.csv").write_text("a,1")
    register_dataset(transport, folder)

    assert texts(workspace.get_dataset(number, version=1)["path"])["labels.csv"] == "a,0"
    assert texts(workspace.get_dataset(number)["path"])["labels.csv"] == "a,1"
    with pytest.raises(NotFoundError, match=r"Dataset 1 \(digits\) has no version 3; its latest is 2"):
        workspace.get_dataset(number, version=3)


def test_several_runs_share_a_cache(transport, open_workspace, tmp_path):
    folder = make_folder(tmp_path / "digits", {f"{number}.txt": str(number) * 1000 for number in range(200)})
    number = register_dataset(transport, folder).version.dataset_id
    paths, threads = [], []
    for _ in range(4):
        workspace = open_workspace()
        threads.append(
            threading.Thread(target=lambda w=workspace: paths.append(w.get_dataset(number)["path"]))
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(paths)) == 1
    assert len(paths) == 4
    assert texts(paths[0]) == texts(folder)
    left = list((tmp_path / "cache").rglob(".*.partial"))
    assert left == []


def test_a_model_goes_there_and_comes_back(open_workspace, tmp_path):
    source = make_model(tmp_path / "best.pt")
    origin = ModelOrigin(job="j", action="train", plugin=PluginReference(code="p", version="1.0.0"))

    made = open_workspace().create_model(
        source, name="digits", description="d", metrics={"loss": math.nan, "f1": 1}, origin=origin
    )
    source.write_text("something else")
    got = open_workspace("another cache").get_model(made["id"])

    assert Path(made["path"]).read_text() == "weights"
    assert Path(got["path"]).read_text() == "weights"
    assert Path(got["path"]).name == "best.pt"
    assert got["metrics"]["f1"] == 1
    assert math.isnan(got["metrics"]["loss"])
    assert {**got, "path": "", "metrics": {}} == {**made, "path": "", "metrics": {}}


def test_a_folder_may_be_a_model(open_workspace, tmp_path):
    source = make_folder(tmp_path / "best", {"a/weights.bin": "w", ".hidden": "h"})
    local = LocalWorkspace(tmp_path / "local").create_model(source, name="x")

    made = open_workspace().create_model(source, name="x")
    got = open_workspace("another cache").get_model(made["id"])

    assert made["digest"] == local["digest"]
    assert texts(got["path"]) == {"a/weights.bin": "w", ".hidden": "h"}


def test_a_damaged_copy_of_a_model_is_fetched_again(open_workspace, tmp_path):
    made = open_workspace().create_model(make_model(tmp_path / "best.pt"), name="x")
    copy = Path(made["path"])
    copy.chmod(0o644)
    copy.write_text("wEights")

    assert Path(open_workspace().get_model(made["id"])["path"]).read_text() == "weights"


def test_a_large_model_travels_in_chunks(open_workspace, tmp_path):
    source = tmp_path / "large.bin"
    source.write_bytes(bytes(range(256)) * 80_000)  # 20 MB: three chunks

    made = open_workspace().create_model(source, name="x")
    got = open_workspace("another cache").get_model(made["id"])

    assert Path(got["path"]).read_bytes() == source.read_bytes()


def test_what_does_not_fit_is_said_in_the_words_of_the_local_workspace(workspace, tmp_path):
    source = make_model(tmp_path / "best.pt")
    local = LocalWorkspace(tmp_path / "local")
    for path, more in (
        (tmp_path / "no.pt", {"name": ""}),
        (source, {"name": "x", "metrics": {"a": "b"}}),
        (source, {"name": "x", "category": "best"}),
    ):
        said = []
        for one in (workspace, local):
            with pytest.raises(WorkspaceError) as refused:
                one.create_model(path, **more)
            said.append(str(refused.value))
        assert said[0] == said[1]
    with pytest.raises(NotFoundError, match="There is no model 9"):
        workspace.create_model(source, name="x", parent_model_id=9)
    with pytest.raises(NotFoundError, match="There is no model 9; this workspace has none yet"):
        workspace.get_model(9)


def test_inputs_are_found_or_not(transport, workspace, tmp_path):
    version = register_dataset(transport, make_folder(tmp_path / "digits")).version
    model = workspace.create_model(make_model(tmp_path / "best.pt"), name="x")

    found = workspace.find_input("dataset", version.dataset_id)
    assert (found.version, found.digest) == (1, version.digest)
    assert workspace.find_input("model", model["id"]).digest == model["digest"]
    assert workspace.find_input("model", 99) is None
    assert workspace.find_input("dataset", 99) is None
