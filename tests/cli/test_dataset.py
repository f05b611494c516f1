"""`synapse dataset`, as a person and as a program sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli_process import SYNAPSE, Synapse, private_environment
from tests.terminal_session import open_terminal
from tests.workspace.folders import make_folder


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "digits")


def test_registering_shows_what_was_found_and_the_next_command(synapse: Synapse, digits: Path):
    finished = synapse("dataset", "register", digits)

    assert finished.returncode == 0
    assert "dataset     1 (digits)\n" in finished.stdout
    assert "files       5 (" in finished.stdout
    assert "splits      train 2 · validation (val/) 1 · test 1\n" in finished.stdout
    assert "Registered as dataset 1 (digits), version 1." in finished.stderr
    assert finished.stderr.rstrip().endswith("""synapse plugin run train --params '{"dataset": 1}'""")


def test_registering_again_says_that_nothing_is_new(synapse: Synapse, digits: Path):
    synapse("dataset", "register", digits)

    finished = synapse("dataset", "register", digits, "--json")

    assert "Nothing new" in finished.stderr
    assert finished.json()["outcome"] == "unchanged"


def test_what_is_left_out_is_told(synapse: Synapse, digits: Path):
    make_folder(digits, {".DS_Store": "x"})

    finished = synapse("dataset", "register", digits)

    assert "Left out, as hidden or cached: 1 (.DS_Store)." in finished.stderr


def test_the_current_folder_is_called_by_its_name(synapse: Synapse, digits: Path):
    finished = synapse("dataset", "register", ".", "--json", cwd=digits)

    assert finished.json()["version"]["dataset_name"] == "digits"


def test_the_list_of_nothing_says_how_to_begin(synapse: Synapse):
    finished = synapse("dataset", "list")

    assert (finished.returncode, finished.stdout) == (0, "")
    assert "Register one with: synapse dataset register FOLDER" in finished.stderr
    assert synapse("dataset", "list", "--json").json() == {"datasets": []}


def test_the_list_marks_what_is_gone(synapse: Synapse, digits: Path, tmp_path: Path):
    synapse("dataset", "register", digits)
    synapse("dataset", "register", make_folder(tmp_path / "coins"), "--name", "Münzen")
    shutil.rmtree(digits)

    listed = synapse("dataset", "list").stdout.splitlines()

    assert listed[0].split() == ["id", "name", "version", "files", "size", "folder"]
    assert listed[1].split()[:2] == ["1", "digits"]
    assert listed[1].endswith(f"{digits}  (gone)")
    assert "Münzen" in listed[2]
    assert "gone" not in listed[2]


def test_show_finds_by_name_and_lists_the_versions(synapse: Synapse, digits: Path):
    synapse("dataset", "register", digits)
    (digits / "labels.csv").write_text("a,1")
    synapse("dataset", "register", digits)

    shown = synapse("dataset", "show", "digits")

    assert "version     2\n" in shown.stdout
    assert "state       as registered\n" in shown.stdout
    document = synapse("dataset", "show", "1", "--json").json()
    assert [version["number"] for version in document["dataset"]["versions"]] == [1, 2]
    assert document["state"] == "as registered"


def test_show_tells_what_changed_and_the_command_that_mends_it(synapse: Synapse, digits: Path):
    synapse("dataset", "register", digits)
    (digits / "labels.csv").unlink()

    shown = synapse("dataset", "show", "1")

    assert shown.returncode == 0
    assert "state       changed\n" in shown.stdout
    assert "1 file is missing (labels.csv)" in shown.stderr
    assert f"synapse dataset register {digits} --name digits" in shown.stderr
    document = synapse("dataset", "show", "1", "--json").json()
    assert (document["state"], document["problem"]["missing"]) == ("changed", ["labels.csv"])


def test_show_tells_that_the_folder_is_gone(synapse: Synapse, digits: Path):
    synapse("dataset", "register", digits)
    shutil.rmtree(digits)

    shown = synapse("dataset", "show", "1", "--json")

    assert shown.json()["state"] == "gone"
    assert "that folder is gone" in shown.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("register", "nowhere"), "There is no folder"),
        (("show", "7"), "There is no dataset 7; this workspace has none yet."),
        (("show", "digits"), "There is no dataset 'digits'"),
        (("regster",), "Did you mean 'register'?"),
    ],
)
def test_what_is_asked_wrongly_ends_with_2(synapse: Synapse, args: tuple[str, ...], said: str):
    finished = synapse("dataset", *args)

    assert finished.returncode == 2
    assert said in finished.stderr
    assert "Traceback" not in finished.said


def test_a_newer_workspace_is_refused_with_the_way_on(synapse: Synapse, digits: Path):
    make_folder(synapse.home / ".synapse/data/workspaces/local", {"format": "2"})

    finished = synapse("dataset", "register", digits, "--json")

    assert finished.returncode == 2
    assert "has format 2" in finished.json()["error"]["message"]
    assert "upgrade synapse-sdk" in finished.json()["error"]["hint"]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A folder that takes a moment to read and no room to keep."""
    folder = make_folder(tmp_path / "large", {"small.txt": "x"})
    with (folder / "sparse.bin").open("wb") as stream:
        stream.truncate(2_000_000_000)
    return folder


def test_reading_much_is_shown_on_a_terminal_and_an_interrupt_leaves_nothing(synapse: Synapse, large: Path):
    argv = [*SYNAPSE, "dataset", "register", str(large)]

    with open_terminal(argv, cwd=synapse.cwd, env=private_environment(synapse.home)) as terminal:
        terminal.expect("reading")
        terminal.expect("of 2.0 GB")
        terminal.type("\x03")
        ended = terminal.wait()

    assert ended == 130
    after_the_last_state = terminal.raw.rpartition(b"GB")[2]
    assert b"\r\x1b[K" in after_the_last_state  # the live line is taken away again
    assert b"Interrupted" in after_the_last_state
    assert synapse("dataset", "list", "--json").json() == {"datasets": []}
