"""Without a terminal nothing is ever asked: what is missing is named, and the command ends."""

from __future__ import annotations

import pytest

from tests.cli_process import Synapse
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN


@pytest.mark.parametrize("stdin", [None, "", "y\ny\ny\ny\n"])
@pytest.mark.parametrize("arguments", [[], ["--yes"], ["--code", "x"], ["--code", "x", "--yes"]])
def test_create_names_what_is_missing(synapse: Synapse, arguments: list[str], stdin: str | None):
    answer = synapse("plugin", "create", *arguments, stdin=stdin, timeout_s=20)

    assert answer.returncode == 2, answer
    assert "--name" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(synapse.cwd.iterdir()) == []


@pytest.mark.parametrize("stdin", [None, "y\n"])
@pytest.mark.parametrize(
    "line",
    [
        *("plugin run", "plugin run train", "plugin info", "plugin check", "plugin update-config"),
        *("plugin test", "plugin publish --dry-run", "plugin publish", "run list", "run show"),
        *("dataset register", "dataset show", "model show", "model export", "doctor"),
    ],
)
def test_no_command_waits_for_an_answer(
    synapse: Synapse, write_plugin: WritePlugin, line: str, stdin: str | None
):
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})

    answer = synapse(*line.split(), cwd=plugin, stdin=stdin, timeout_s=30)

    assert answer.returncode in (0, 1, 2, 3), answer
    assert "?" not in answer.stdout
