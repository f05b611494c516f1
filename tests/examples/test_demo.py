"""`make demo`, in a copy of the example, so that a demo of the reader's own stays as it is."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from tests.cli_process import Finished, private_environment, run_to_end
from tests.examples.digits_demo import copy_example, demo


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout as far as the demo looks at it."""
    root = tmp_path / "checkout"
    copy_example(root / "examples/digits")
    return root


def run_demo(checkout: Path) -> Finished:
    """Run the demo as make does, from the checkout's root, for a user with a login."""
    home = checkout.parent / "home"
    (home / ".synapse").mkdir(parents=True, exist_ok=True)
    (home / ".synapse/config.json").write_text('{"access_token": "mine"}')
    return run_to_end(
        [sys.executable, "examples/digits/demo.py"],
        cwd=checkout,
        env=private_environment(home) | {"EXIT": "1"},
        timeout_s=280,
    )


def test_the_whole_demo_runs(checkout: Path):
    finished = run_demo(checkout)

    assert finished.returncode == 0, finished
    typed = re.findall(r"^\$ (.*)$", finished.stdout, re.MULTILINE)
    commands = [" ".join(line.split()[1:3]) for line in typed if line.startswith("synapse ")]
    assert commands == [
        "dataset register",
        "plugin create",
        "plugin update-config",
        "plugin check",
        "plugin run",
        "plugin run",
        "run list",
        "run metrics",
        "model list",
        "plugin run",
        "plugin test",
        "plugin publish",
        "server start",
        "server token",
        "dataset register",
        "plugin publish",
        "plugin run",
        "job metrics",
        "model list",
        "plugin run",
        "job download",
    ]
    assert "Wrote 1,797 images" in finished.stdout
    accuracies = re.findall(r"(0\.\d+) of 299 digits are read right", finished.stdout)
    assert len(accuracies) == 2  # here, and by the job on the server
    assert min(map(float, accuracies)) >= demo.REQUIRED_ACCURACY
    # The server was ended; its token was in no argument and no output.
    assert not (checkout / ".demo/server/server.json").exists()
    token = json.loads((checkout / ".demo/home/config.json").read_text())["access_token"]
    assert token not in finished.said
    # What a person typed stands above what the command said, though two processes write.
    _, _, listed = finished.stdout.partition("$ synapse model list\n")
    assert "accuracy" in listed.partition("\n$ ")[0]
    # Nothing outside of .demo/ is touched, a login least of all.
    assert sorted(entry.name for entry in checkout.iterdir()) == [".demo", "examples"]
    home = checkout.parent / "home"
    assert [path.name for path in home.rglob("*")] == [".synapse", "config.json"]


def test_a_step_that_fails_ends_the_demo_and_is_named(checkout: Path):
    train = checkout / "examples/digits/plugin/train.py"
    train.write_text(train.read_text().replace("training, validation = self._load_images()", "1 / 0"))

    finished = run_demo(checkout)

    assert finished.returncode == 1, finished
    assert "ZeroDivisionError" in finished.stderr
    assert "the demo stopped: synapse plugin run train --mode local" in finished.stderr
    assert "inference" not in finished.stdout.partition("3  Trained")[2]


def test_a_folder_that_the_demo_did_not_make_is_left_alone(checkout: Path):
    precious = checkout / ".demo/precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")

    finished = run_demo(checkout)

    assert finished.returncode == 2, finished
    assert "was not made by this demo" in finished.stderr
    assert precious.read_text() == "mine"


def test_the_folder_of_an_earlier_demo_is_made_anew(tmp_path: Path):
    folder = tmp_path / ".demo"
    assert demo.remake_folder(folder) is None
    (folder / "old").mkdir()

    assert demo.remake_folder(folder) is None

    assert [path.name for path in folder.iterdir()] == [demo.MARKER]
