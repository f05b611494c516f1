"""The progress of a run, shown as it comes.

Source: interface sheet `core.md` §9 and Appendix B. On a terminal the picture is drawn over itself;
elsewhere each change of a state leaves a line.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import TextIO

from synapse_sdk._internal.columns import pad
from synapse_sdk._internal.terminal import is_terminal
from synapse_sdk.plugins.models.progress import ActionProgress, PipelineProgress


def display_progress(
    progress_stream: Iterator[PipelineProgress], *, show_actions: bool = True, refresh_rate: float = 4.0
) -> PipelineProgress:
    """Show on stderr what comes, until it ends; return the last of it.

    Args:
        progress_stream: One state of the run after the other.
        show_actions: Also show each action.
        refresh_rate: How often a second a terminal is drawn at most. The last state is always shown.

    Raises:
        ValueError: Nothing came, or `refresh_rate` is not positive.
    """
    picture = _Picture(sys.stderr, show_actions=show_actions, refresh_rate=refresh_rate)
    for progress in progress_stream:
        picture.show(progress)
    return picture.finish()


async def display_progress_async(
    progress_stream: AsyncIterator[PipelineProgress], *, show_actions: bool = True, refresh_rate: float = 4.0
) -> PipelineProgress:
    """Do as `display_progress` does, for a stream that is waited for."""
    picture = _Picture(sys.stderr, show_actions=show_actions, refresh_rate=refresh_rate)
    async for progress in progress_stream:
        picture.show(progress)
    return picture.finish()


def print_progress_summary(progress: PipelineProgress) -> None:
    """Write on stdout how a run stands, a line for it and one for each action."""
    sys.stdout.write("\n".join(_describe(progress, show_actions=True)) + "\n")


class _Picture:
    """What was last drawn, and when."""

    def __init__(self, stream: TextIO, *, show_actions: bool, refresh_rate: float) -> None:
        if refresh_rate <= 0:
            raise ValueError(f"refresh_rate must be positive, not {refresh_rate}")
        self._stream = stream
        self._is_live = is_terminal(stream)
        self._show_actions = show_actions
        self._pause_s = 1 / refresh_rate
        self._drawn_at = float("-inf")
        self._drawn_lines = 0
        self._states: dict[str | None, str] = {}
        self._last: PipelineProgress | None = None

    def show(self, progress: PipelineProgress) -> None:
        self._last = progress
        if not self._is_live:
            self._tell_changes(progress)
        elif time.monotonic() - self._drawn_at >= self._pause_s:
            self._draw(progress)

    def finish(self) -> PipelineProgress:
        if self._last is None:
            raise ValueError("the stream of progress ended before anything came")
        if self._is_live:
            self._draw(self._last)
        return self._last

    def _draw(self, progress: PipelineProgress) -> None:
        lines = _describe(progress, show_actions=self._show_actions)
        # Up to where the last picture began, and away with it.
        back = f"\x1b[{self._drawn_lines}A\x1b[J" if self._drawn_lines else ""
        self._stream.write(back + "\n".join(lines) + "\n")
        self._stream.flush()
        self._drawn_at, self._drawn_lines = time.monotonic(), len(lines)

    def _tell_changes(self, progress: PipelineProgress) -> None:
        if self._show_actions:
            for action in progress.actions.values():
                self._tell(action.name, action.status.value, _describe_action(action))
        self._tell(None, progress.status.value, _describe_run(progress))

    def _tell(self, name: str | None, state: str, line: str) -> None:
        if self._states.get(name) != state:
            self._states[name] = state
            self._stream.write(line + "\n")
            self._stream.flush()


def _describe(progress: PipelineProgress, *, show_actions: bool) -> list[str]:
    actions = progress.actions.values() if show_actions else ()
    return [_describe_run(progress), *map(_describe_action, actions)]


def _describe_run(progress: PipelineProgress) -> str:
    done = f"{progress.completed_actions} of {len(progress.actions)} actions"
    line = f"{progress.run_id}  {progress.status.value}  {_percent(progress.overall_progress)}  {done}"
    return _printable(f"{line}  {progress.error}" if progress.error else line)


def _describe_action(action: ActionProgress) -> str:
    line = f"  {pad(_printable(action.name), 20)}  {pad(action.status.value, 9)}  {_percent(action.progress)}"
    more = [text for text in (action.progress_step, action.error or action.message) if text]
    return _printable("  ".join([line, *more]))


def _percent(part: float) -> str:
    # The unit is 0 to 1; services of the older dialect count to 100.
    return f"{part * 100 if part <= 1 else part:3.0f}%"


def _printable(text: str) -> str:
    # What services send must neither move the cursor nor add lines to the picture.
    return "".join(char if char.isprintable() else "�" for char in text)
