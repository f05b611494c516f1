"""Where a person watches: a live line that fits, is cleared, and leaves ordinary lines behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli_process import SYNAPSE, Synapse
from tests.conftest import WritePlugin
from tests.journeys.small_plugins import DEMO_CONFIG, action_source
from tests.terminal_session import open_terminal

CLEAR = "\r\x1b[2K"
COLOUR = re.compile(r"\x1b\[\d+(;\d+)*m")

#: Reports a phase, and has each of its states shown.
TRAIN_SEEN = action_source("""
    for epoch in range(3):
        self.set_progress(epoch + 1, 3, "train")
        self.set_metrics({"epoch": epoch + 1, "a_metric_of_a_long_name": 0.12345, "loss": 1.5}, step="train")
        self.ctx.logger.flush()
    self.ctx.log_message("all done", "success")
    return {"loss": 0.5}
""")


def draw_screen(raw: bytes) -> list[str]:
    """Return the lines as a terminal shows them in the end: what was cleared is gone."""
    lines = [""]
    for token in re.split(r"(\r\n|\n|\r|\x1b\[2K|\x1b\[K|\x1b\[[0-9;]*m)", raw.decode()):
        if token in ("\r\n", "\n"):
            lines.append("")
        elif token in ("\x1b[2K", "\x1b[K", "\r"):
            lines[-1] = "" if token != "\r" else lines[-1]
        elif not COLOUR.fullmatch(token):
            lines[-1] += token
    return [line.rstrip() for line in lines]


@pytest.fixture
def plugin(write_plugin: WritePlugin) -> Path:
    return write_plugin(DEMO_CONFIG, {"plugin/train.py": TRAIN_SEEN})


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_live_line_appears_fits_and_ends_as_one_ordinary_line(
    synapse: Synapse, plugin: Path, columns: int
):
    argv = [*SYNAPSE, "plugin", "run", "train", "--no-debug"]
    with open_terminal(argv, cwd=plugin, env=synapse.env(), columns=columns) as terminal:
        code = terminal.wait()
        raw = bytes(terminal.raw)

    assert code == 0, terminal.screen
    live = [piece for piece in raw.decode().split(CLEAR)[1:] if piece and "\n" not in piece]
    assert any("33%" in piece for piece in live)
    assert any("67%" in piece for piece in live)
    assert all(len(COLOUR.sub("", piece)) < columns for piece in live), live
    shown = draw_screen(raw)
    assert shown[0] == "demo 0.1.0 · train · local"
    assert sum("train" in line and "100%" in line for line in shown) == 1, shown
    assert not any("33%" in line or "67%" in line for line in shown), shown
    assert [line for line in shown if line.startswith("Succeeded in")], shown
    assert "loss  0.5" in shown


def test_a_message_stands_on_a_line_of_its_own_above_the_live_line(synapse: Synapse, plugin: Path):
    argv = [*SYNAPSE, "plugin", "run", "train", "--no-debug"]
    with open_terminal(argv, cwd=plugin, env=synapse.env()) as terminal:
        terminal.wait()
        shown = draw_screen(bytes(terminal.raw))

    assert "  all done" in shown


def test_colour_marks_how_it_ended_and_no_color_takes_it_away(synapse: Synapse, plugin: Path):
    shown = {}
    for setting in ("", "1"):
        argv = [*SYNAPSE, "plugin", "run", "train", "--no-debug"]
        with open_terminal(argv, cwd=plugin, env=synapse.env({"NO_COLOR": setting})) as terminal:
            terminal.wait()
            shown[setting] = terminal.raw.decode()

    assert "\x1b[32mSucceeded\x1b[0m" in shown[""]
    assert not COLOUR.search(shown["1"])
    assert "Succeeded in" in shown["1"]


def test_a_terminal_that_can_not_redraw_gets_plain_lines(synapse: Synapse, plugin: Path):
    # TERM is set by the terminal, so a program in between says otherwise.
    argv = ["/usr/bin/env", "TERM=dumb", *SYNAPSE, "plugin", "run", "train", "--no-debug"]
    with open_terminal(argv, cwd=plugin, env=synapse.env({"NO_COLOR": ""})) as terminal:
        code = terminal.wait()
        raw = terminal.raw.decode()

    assert code == 0, raw
    assert "\x1b" not in raw


def test_ctrl_c_on_the_keyboard_leaves_a_tidy_screen(synapse: Synapse, write_plugin: WritePlugin):
    source = action_source("""
        self.set_progress(1, 3, "train")
        while True:  # a signal that comes just before a sleep is seen after it
            time.sleep(0.2)
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    argv = [*SYNAPSE, "plugin", "run", "train", "--no-debug"]
    with open_terminal(argv, cwd=plugin, env=synapse.env()) as terminal:
        terminal.expect("33%")
        terminal.type("\x03")
        code = terminal.wait()
        shown = draw_screen(bytes(terminal.raw))

    assert code == 130, shown
    assert not any("Traceback" in line for line in shown)
    stopped = next(line for line in shown if "Stopped in" in line)
    assert stopped.startswith("Stopped in"), "it does not share a line with what was there"


def test_an_action_that_fails_in_the_middle_of_a_phase_does_not_leave_half_a_line(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source("""
        self.set_progress(1, 3, "train")
        self.ctx.logger.flush()
        raise ValueError("no way")
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    argv = [*SYNAPSE, "plugin", "run", "train", "--no-debug"]

    with open_terminal(argv, cwd=plugin, env=synapse.env()) as terminal:
        code = terminal.wait()
        shown = draw_screen(bytes(terminal.raw))

    assert code == 1
    assert "Traceback (most recent call last):" in shown
    assert [line.split() for line in shown if "33%" in line] == [["train", "33%"]], shown


def test_what_an_action_prints_does_not_end_up_inside_the_live_line(
    synapse: Synapse, write_plugin: WritePlugin
):
    source = action_source("""
        self.set_progress(1, 3, "train")
        self.ctx.logger.flush()
        print("a line of its own")
    """)
    plugin = write_plugin(DEMO_CONFIG, {"plugin/train.py": source})
    argv = [*SYNAPSE, "plugin", "run", "train", "--no-debug"]

    with open_terminal(argv, cwd=plugin, env=synapse.env()) as terminal:
        terminal.wait()
        shown = draw_screen(bytes(terminal.raw))

    assert "a line of its own" in shown
