"""The folder of a local workspace: absent, ours, newer, or not ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.workspace.folders import make_folder, make_model

from synapse_sdk.workspace import LocalWorkspace, WorkspaceError


def tree(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_an_absent_workspace_is_empty_and_reading_does_not_make_it(tmp_path: Path):
    workspace = LocalWorkspace(tmp_path / "absent")

    assert workspace.datasets.list_datasets() == []
    assert workspace.models.list_models() == []
    assert not (tmp_path / "absent").exists()


def test_the_first_write_notes_the_format(tmp_path: Path):
    LocalWorkspace(tmp_path / "deep/workspace").create_model(make_model(tmp_path / "best.pt"), name="digits")

    assert (tmp_path / "deep/workspace/format").read_text() == "1\n"


@pytest.mark.parametrize(
    "use",
    [
        lambda workspace, folder: workspace.datasets.list_datasets(),
        lambda workspace, folder: workspace.datasets.register(folder),
        lambda workspace, folder: workspace.get_dataset(1),
        lambda workspace, folder: workspace.models.list_models(),
        lambda workspace, folder: workspace.create_model(folder, name="digits"),
        lambda workspace, folder: workspace.get_model(1),
    ],
)
def test_a_newer_format_is_refused_and_nothing_is_touched(tmp_path: Path, use):
    root = make_folder(tmp_path / "workspace", {"format": "2\n", "tomorrow/data": "x"})
    folder = make_folder(tmp_path / "digits")
    before = tree(root)

    with pytest.raises(WorkspaceError, match="has format 2; this SDK knows formats up to 1") as refusal:
        use(LocalWorkspace(root), folder)

    assert "upgrade synapse-sdk" in str(refusal.value.hint)
    assert tree(root) == before


def test_a_folder_that_is_something_else_is_refused(tmp_path: Path):
    root = make_folder(tmp_path / "workspace", {"format": "png\n"})

    with pytest.raises(WorkspaceError, match=r"is not a workspace: .* says 'png' where a number belongs"):
        LocalWorkspace(root).models.list_models()


def test_a_file_in_the_way_is_named(tmp_path: Path):
    make_model(tmp_path / "workspace")

    with pytest.raises(WorkspaceError, match="/workspace/format can not be read: Not a directory"):
        LocalWorkspace(tmp_path / "workspace").models.list_models()


def test_naming_the_protocol_of_workspaces_loads_nothing():
    names = "pydantic", "synapse_sdk.workspace.local", "click", "rich", "numpy"
    code = f"import sys, synapse_sdk.workspace; print([name for name in {names} if name in sys.modules])"

    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert child.stdout == "[]\n"
