"""Results go to stdout and everything else to stderr; pipes, files and odd terminals take what they get."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli_process import SYNAPSE, Synapse
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, action_source

ESCAPE = "\x1b"


@pytest.fixture
def plugin(write_plugin: WritePlugin, synapse: Synapse) -> Path:
    folder = write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN})
    assert synapse("plugin", "run", "train", cwd=folder).returncode == 0
    return folder


def in_shell(synapse: Synapse, line: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `$synapse` is the program."""
    env = synapse.env({"synapse": " ".join(SYNAPSE)})
    return subprocess.run(
        ["bash", "-c", line], check=False, cwd=cwd, env=env, capture_output=True, text=True, timeout=60
    )


def test_a_file_behind_the_arrow_holds_the_result_and_nothing_else(synapse: Synapse, plugin: Path):
    in_shell(synapse, "$synapse plugin run train > result.txt", cwd=plugin)

    assert (plugin / "result.txt").read_text() == f"final_loss  {1 / 3}\nmodel_path  models/best.pt\n"


def test_no_debug_leaves_the_story_and_takes_the_details(synapse: Synapse, plugin: Path):
    loud = synapse("plugin", "run", "train", cwd=plugin)
    quiet = synapse("plugin", "run", "train", "--no-debug", cwd=plugin)

    assert "debug: " in loud.stderr
    assert "debug: " not in quiet.stderr
    assert len(quiet.stderr.splitlines()) == 5, quiet
    assert quiet.stdout == loud.stdout


@pytest.mark.parametrize(
    "command",
    ["run list", "run show 1", "run metrics 1", "run metrics 1 --json", "plugin info", "doctor", "--help"],
)
def test_a_reader_that_leaves_early_is_no_error_worth_a_word(synapse: Synapse, plugin: Path, command: str):
    answer = in_shell(synapse, f"$synapse {command} | true; exit ${{PIPESTATUS[0]}}", cwd=plugin)

    assert answer.returncode in (0, 1), answer
    assert "Traceback" not in answer.stderr
    assert "Broken pipe" not in answer.stderr
    assert "Exception ignored" not in answer.stderr


def test_a_run_whose_reader_leaves_in_the_middle_is_carried_out_and_recorded_to_its_end(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source("""
        for number in range(2000):
            self.ctx.log_message(f"message {number}")
        return {"answer": 42}
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = in_shell(synapse, "$synapse plugin run train 2>&1 | head -8", cwd=plugin)

    assert answer.stdout.splitlines()[-1] == "  message 2"
    document = synapse("run", "show", "1", "--json", cwd=plugin).json()
    assert (document["state"], document["outcome"]["result"]) == ("SUCCEEDED", {"answer": 42})


@pytest.mark.parametrize("command", ["run list", "plugin run train", "plugin run train --json", "doctor"])
def test_a_result_that_can_not_be_written_is_told_and_is_a_failure(
    synapse: Synapse, plugin: Path, command: str
):
    answer = in_shell(synapse, f"$synapse {command} > /dev/full", cwd=plugin)

    assert answer.returncode == 1, answer
    assert answer.stderr.endswith("error: the output: No space left on device.\n")
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_fail_a_run(synapse: Synapse, plugin: Path, closed: str):
    answer = in_shell(synapse, f"$synapse plugin run train --json {closed}", cwd=plugin)

    assert answer.returncode == 0, answer
    assert ("demo 0.1.0" in answer.stdout) is False, "the story is not a result"
    assert synapse("run", "show", "2", "--json", cwd=plugin).json()["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "command", ["plugin run train", "run list", "run metrics 1", "doctor", "plugin nope"]
)
@pytest.mark.parametrize("setting", [{"NO_COLOR": ""}, {"TERM": "xterm-256color"}, {"FORCE_COLOR": "1"}])
def test_where_no_terminal_is_there_is_no_colour(
    synapse: Synapse, plugin: Path, command: str, setting: dict[str, str]
):
    answer = synapse(*command.split(), cwd=plugin, env={"NO_COLOR": "", **setting})

    assert ESCAPE not in answer.said
    assert "\r" not in answer.said


def test_a_phase_is_one_plain_line_however_often_it_is_reported(synapse: Synapse, write_plugin: WritePlugin):
    source = action_source("""
        for step in ("read", "train"):
            for number in range(500):
                self.set_progress(number + 1, 500, step)
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", "--no-debug", cwd=plugin)

    middle = [line.split() for line in answer.stderr.splitlines()[1:-1]]
    assert middle == [["read", "100%"], ["train", "100%"]], answer


def test_what_is_said_after_a_phase_stands_after_it(synapse: Synapse, write_plugin: WritePlugin):
    source = action_source("""
        self.set_progress(10, 10, "train")
        self.ctx.log_message("the training is over")
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", "--no-debug", cwd=plugin)

    middle = [line.split() for line in answer.stderr.splitlines()[1:-1]]
    assert middle == [["train", "100%"], ["the", "training", "is", "over"]], answer


def test_an_ascii_terminal_gets_everything_somehow(synapse: Synapse, plugin: Path):
    ascii_only = {"PYTHONIOENCODING": "ascii"}

    for command in ("plugin run train", "run metrics 1", "run list", "plugin info", "doctor", "--help"):
        answer = synapse(*command.split(), cwd=plugin, env=ascii_only)

        assert answer.returncode == 0, answer
        assert answer.said.isascii()


def test_control_characters_of_a_message_do_not_reach_the_terminal(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source(r"""
        self.ctx.log_message("clean \x1b[2J\x07 screen")
        self.set_metrics({"lo\x1b[31mss": 1.0}, step="tr\x1b[0main")
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})

    answer = synapse("plugin", "run", "train", cwd=plugin)

    assert answer.returncode == 0, answer
    assert ESCAPE not in answer.said
    assert "\x07" not in answer.said
