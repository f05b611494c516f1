"""`StreamLogger`: the calls of a logger, on a run's own stream of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synapse_sdk.plugins.base_logger import BaseLogger
from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.events import EventTarget
from synapse_sdk.plugins.models.log_entry import ProgressData


class StreamLogger(BaseLogger):
    """What `ctx.logger` is in a run; what it is told goes where everything of the run goes."""

    def __init__(self, stream: EventTarget, find_step: Callable[[], str | None] | None = None) -> None:
        """Speak to `stream`, which whoever made it closes; `find_step` says which step a workflow is at."""
        super().__init__()
        self.stream = stream
        self._find_step = find_step

    def __reduce__(self) -> tuple[type[StreamLogger], tuple[EventTarget]]:
        return StreamLogger, (self.stream,)  # another process is at no step of this one

    def get_step(self) -> str | None:
        """Return the step that `set_step` named, else the one that a workflow is at."""
        if self._step is None and self._find_step is not None:
            return self._find_step()
        return self._step

    def flush(self) -> None:
        """Return when everything that was reported so far has been handed on."""
        self.stream.flush()

    def _log_impl(
        self,
        event: str,
        data: dict[str, Any],
        file: str | None,
        step: str | None,
        level: LogLevel | str | None = None,
    ) -> None:
        word = str(level or LogLevel.INFO)
        if event in ("message", "debug") and data.keys() <= {"content", "key"} and file is None:
            self.stream.message(data["content"], level=word, step=step, key=data.get("key"))
        else:
            self.stream.log(event, data, file=file, level=word, step=step)

    def log_metric(self, category: str, key: str, value: float, **metrics: Any) -> None:
        """Record one number, and others that were measured with it, as points of the series `category`."""
        self._require_open()
        self.stream.metric(category, key, value, metrics)

    def set_metrics(self, value: Any, step: str | None = None, *, category: str | None = None) -> None:
        """Record numbers of a step; without one they are the whole's."""
        step = self._choose_step(step, category)
        if step is not None:
            super().set_metrics(value, step)
        self._require_open()
        self.stream.metrics(step, value)

    def _on_progress(self, progress: ProgressData, step: str | None) -> None:
        if progress.status == "failed":
            self.stream.log("progress_failed", {"step": step}, level="error", step=step)
        else:
            self.stream.progress(step, progress.percent, 100)
