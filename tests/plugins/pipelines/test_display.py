"""The progress of a run: its values in both dialects, and how it is shown."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from synapse_sdk.plugins.models.progress import ActionProgress, Checkpoint, PipelineProgress
from synapse_sdk.plugins.pipelines import (
    ActionStatus,
    RunStatus,
    display_progress,
    display_progress_async,
    print_progress_summary,
)

MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def make_progress(done: float, *, status: RunStatus = RunStatus.RUNNING) -> PipelineProgress:
    first = ActionProgress("download", ActionStatus.COMPLETED, 1.0, started_at=MOMENT)
    second = ActionProgress("train", ActionStatus.RUNNING, done, progress_step="epochs")
    actions = {"download": first, "train": second}
    return PipelineProgress("run-1", status, actions, current_action="train", started_at=MOMENT)


def test_progress_comes_back_as_it_was_written():
    progress = make_progress(0.5)

    document = progress.to_dict()

    assert PipelineProgress.from_dict(document) == progress
    assert (document["overall_progress"], document["completed_actions"], document["total_actions"]) == (
        0.75,
        1,
        2,
    )
    assert progress.current_action_index == 1
    assert PipelineProgress("empty").overall_progress == 0


def test_actions_of_the_older_dialect_are_a_list():
    actions = [
        {"name": "a", "status": "completed", "progress": 1},
        {"name": "b", "progress_category": "train"},
    ]

    progress = PipelineProgress.from_dict({"run_id": "r", "pipeline_id": "p", "actions": actions})

    assert list(progress.actions) == ["a", "b"]
    assert progress.actions["b"].progress_step == progress.actions["b"].progress_category == "train"
    with pytest.raises(ValueError, match="one name"):
        PipelineProgress.from_dict({"run_id": "r", "actions": [actions[0], actions[0]]})
    with pytest.raises(ValueError, match="asleep"):
        PipelineProgress.from_dict({"run_id": "r", "status": "asleep"})


def test_a_checkpoint_writes_a_moment_that_knows_its_zone():
    written = Checkpoint("run-1", "train", {"loss": 0.5}).to_dict()

    assert written["result"] == {"loss": 0.5}
    assert datetime.fromisoformat(written["created_at"]).tzinfo is not None


def test_elsewhere_than_on_a_terminal_each_change_of_a_state_is_a_line(capsys: pytest.CaptureFixture[str]):
    states = [make_progress(0.1), make_progress(0.5), make_progress(1.0, status=RunStatus.COMPLETED)]

    last = display_progress(iter(states))

    assert last is states[-1]
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["download", "completed"],
        ["train", "running"],
        ["run-1", "running"],
        ["run-1", "completed"],
    ]


def test_actions_may_be_left_out_and_a_stream_may_be_waited_for(capsys: pytest.CaptureFixture[str]):
    async def come() -> AsyncIterator[PipelineProgress]:
        yield make_progress(0.5)

    asyncio.run(display_progress_async(come(), show_actions=False))

    assert capsys.readouterr().err.split() == ["run-1", "running", "75%", "1", "of", "2", "actions"]


@pytest.mark.parametrize("done", [0.5, 50.0])
def test_a_summary_shows_either_scale(done: float, capsys: pytest.CaptureFixture[str]):
    print_progress_summary(PipelineProgress("r", actions={"a": ActionProgress("a", progress=done)}))

    assert [line.count(" 50%") for line in capsys.readouterr().out.splitlines()] == [1, 1]


def test_what_a_service_sends_moves_no_cursor(capsys: pytest.CaptureFixture[str]):
    print_progress_summary(PipelineProgress("r", error="bad\x1b[2J\nmore"))

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.count("\n") == 1


def test_nothing_to_show_is_an_error():
    with pytest.raises(ValueError, match="before anything came"):
        display_progress(iter(()))
    with pytest.raises(ValueError, match="positive"):
        display_progress(iter([make_progress(0)]), refresh_rate=0)


def test_a_terminal_is_drawn_over_itself_and_ends_with_the_last_state():
    program = (
        "from synapse_sdk.plugins.pipelines import display_progress, PipelineProgress as P\n"
        "states = [P.from_dict({'run_id': 'r', 'actions': [{'name': 'a', 'progress': n / 1000}]})"
        " for n in range(1001)]\n"
        "display_progress(iter(states), refresh_rate=0.001)\n"
    )
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", program], stderr=follower, check=True, env=environment)
    os.close(follower)
    with open(leader, "rb", buffering=0) as terminal:
        shown = terminal.read(65536).decode()

    assert shown.count("\x1b[2A\x1b[J") == 1  # the first state, then the last over it: 1,001 came at once
    assert "100%" in shown.split("\x1b[J")[-1]
