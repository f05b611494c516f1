"""`ConsoleLogger`: what is reported, as lines on stdout; progress as one line that moves.

Source: interface sheet `core.md` §4.3. Lines are drawn by the same sink as those of `synapse plugin run`;
unlike the vendor's, no line comes twice when `logging` is configured.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

from synapse_sdk.plugins.base_logger import BaseLogger
from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.events import EventStream
from synapse_sdk.plugins.models.log_entry import ProgressData
from synapse_sdk.plugins.terminal import TerminalSink, format_number


class ConsoleLogger(BaseLogger):
    """Lines are there when the call returns; progress is drawn at most ten times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._stream = EventStream([TerminalSink(sys.stdout, show_debug=True)], producer="console")
        # Who never calls finish() still sees the end.
        self._close = weakref.finalize(self, self._stream.close)

    def _log_impl(
        self,
        event: str,
        data: dict[str, Any],
        file: str | None,
        step: str | None,
        level: LogLevel | str | None = None,
    ) -> None:
        text = f"{'' if step is None else f'[STEP: {step}] '}{_describe(event, data, file)}"
        self._stream.message(text, level=str(level or LogLevel.INFO), step=step)
        self._stream.flush()

    def _on_progress(self, progress: ProgressData, step: str | None) -> None:
        if progress.status == "failed":
            self._log_impl("failed", {}, None, step, LogLevel.ERROR)
        else:
            self._stream.progress(step, progress.percent, 100)

    def _on_metrics(self, step: str, metrics: dict[str, Any]) -> None:
        self._stream.metrics(step, metrics)

    def _on_finish(self) -> None:
        self._close()


class TqdmLogger(ConsoleLogger):
    """A line of progress for each step: what `ConsoleLogger` draws too. `tqdm` itself is not needed."""


def _describe(event: str, data: dict[str, Any], file: str | None) -> str:
    if event in ("message", "debug") and data.keys() <= {"content", "key"}:
        return str(data["content"])
    if event == "metric" and data.keys() == {"category", "key", "value", "metrics"}:
        others = {data["key"]: data["value"], **data["metrics"]}
        return f"[metric] {data['category']}: " + ", ".join(
            f"{key} {format_number(value) if isinstance(value, float) else value}"
            for key, value in others.items()
        )
    label = f"[{event}]" if event in ("visualization", "trials") else event
    return " ".join([label, *([str(data)] if data else []), *([str(file)] if file else [])])
