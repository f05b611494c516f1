"""Several processes at once, processes that are killed, disks that are full."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.workspace.folders import make_folder, make_model, visible_records

from synapse_sdk.workspace import LocalWorkspace

PRELUDE = """
import resource, sys
from pathlib import Path
from synapse_sdk.storage.errors import DiskFullError
from synapse_sdk.workspace import LocalWorkspace

workspace, source = LocalWorkspace(Path(sys.argv[1])), Path(sys.argv[2])
"""
CREATE_TEN = (
    PRELUDE + 'for n in range(10): print(workspace.create_model(source, name=f"n{n}")["id"], flush=True)'
)
CREATE_FOREVER = PRELUDE + 'while True: print(workspace.create_model(source, name="n")["id"], flush=True)'
CREATE_ONE = PRELUDE + 'workspace.create_model(source, name="large")'
REGISTER = PRELUDE + "print(workspace.datasets.register(source, name=sys.argv[3]).version.model_dump_json())"
LIMITED = (
    PRELUDE
    + """
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
try:
    if sys.argv[3] == "dataset":
        workspace.datasets.register(source)
    else:
        workspace.create_model(source, name="digits")
except DiskFullError as error:
    print(error.message)
"""
)


def start(code: str, *args: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, args)], stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.splitlines()


def test_four_processes_that_save_at_once_share_no_id_and_lose_no_model(tmp_path: Path):
    root, source = tmp_path / "workspace", make_model(tmp_path / "best.pt")

    processes = [start(CREATE_TEN, root, source) for _ in range(4)]
    ids = [int(line) for process in processes for line in finish(process)]

    assert sorted(ids) == list(range(1, 41))
    models = LocalWorkspace(root).models.list_models()
    assert [model.id for model in models] == list(range(1, 41))
    assert sorted(model.name for model in models) == sorted([f"n{n}" for n in range(10)] * 4)


def test_processes_that_register_one_name_at_once_make_one_dataset(tmp_path: Path):
    root = tmp_path / "workspace"
    folders = [make_folder(tmp_path / str(n), {"a.txt": str(n)}) for n in range(4)]

    for process in [start(REGISTER, root, folder, "digits") for folder in folders]:
        finish(process)

    (dataset,) = LocalWorkspace(root).datasets.list_datasets()
    assert [version.number for version in dataset.versions] == [1, 2, 3, 4]
    assert [version.id for version in dataset.versions] == [1, 2, 3, 4]
    assert {version.root for version in dataset.versions} == {str(folder) for folder in folders}


@pytest.mark.parametrize("saved_before", [1, 2, 5, 9])
def test_a_process_killed_while_saving_leaves_whole_models_only(tmp_path: Path, saved_before: int):
    root, source = tmp_path / "workspace", make_folder(tmp_path / "bert", {"a": "a" * 50_000, "b/c": "c"})

    with start(CREATE_FOREVER, root, source) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(saved_before)]
        process.kill()

    workspace = LocalWorkspace(root)
    saved = [workspace.get_model(model.id)["id"] for model in workspace.models.list_models()]
    assert saved[:saved_before] == told
    assert workspace.create_model(source, name="next")["id"] == len(saved) + 1


def test_a_process_killed_in_the_middle_of_a_large_model_leaves_none(tmp_path: Path):
    root, source = tmp_path / "workspace", tmp_path / "large.bin"
    with source.open("wb") as stream:
        stream.truncate(400_000_000)  # sparse: reading it is quick, copying and hashing it takes a moment

    process = start(CREATE_ONE, root, source)
    deadline = time.monotonic() + 30
    while not any(part.stat().st_size for part in (root / "blobs").glob(".*.partial")):
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.kill()
    process.communicate()

    workspace = LocalWorkspace(root)
    assert visible_records(workspace.root / "models") == []
    assert workspace.models.list_models() == []
    assert workspace.create_model(make_model(tmp_path / "small"), name="next")["id"] == 1
    shutil.rmtree(root)  # half of a large file is not worth keeping for a look afterwards


def test_a_full_disk_leaves_no_model_and_takes_no_id(tmp_path: Path):
    root, source = tmp_path / "workspace", make_model(tmp_path / "best.pt", "x" * 50_000)

    (message,) = finish(start(LIMITED, root, source, "model"))

    assert message.startswith("There is no room for 50.0 kB in ")
    assert "File too large" in message
    assert visible_records(root / "models") == []
    assert LocalWorkspace(root).create_model(source, name="digits")["id"] == 1


def test_a_full_disk_leaves_no_dataset(tmp_path: Path):
    folder = make_folder(tmp_path / "digits", {f"{n}.png": str(n) for n in range(100)})

    (message,) = finish(start(LIMITED, tmp_path / "workspace", folder, "dataset"))

    assert message.startswith(f"There is no room for 20.0 kB in {tmp_path / 'workspace'}: File too large")
    assert LocalWorkspace(tmp_path / "workspace").datasets.list_datasets() == []
    assert list((tmp_path / "workspace").rglob("*.partial")) == []


def test_a_full_disk_leaves_the_destination_of_an_export_as_it_was(tmp_path: Path):
    root, source = tmp_path / "workspace", make_model(tmp_path / "best.pt", "x" * 50_000)
    LocalWorkspace(root).create_model(source, name="digits")
    mine = make_model(tmp_path / "mine.pt", "precious")
    export = PRELUDE + (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))\n"
        "try: workspace.models.export(1, source, overwrite=True)\n"
        "except DiskFullError as error: print(error.message)"
    )

    (message,) = finish(start(export, root, mine))

    assert message.startswith(f"There is no room for 50.0 kB in {tmp_path}")
    assert mine.read_text() == "precious"
    assert list(tmp_path.glob(".*")) == []
