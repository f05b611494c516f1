"""`BaseLogger`: what a logger checks and remembers; a subclass says where things go.

Source: interface sheet `core.md` §4.2, §0 and Appendix B, `synapse_sdk.loggers`. Both dialects: `log` takes
the level first or not at all, and a hook is called with as many values as it declares.
"""

from __future__ import annotations

import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.models.log_entry import MessageLogData, ProgressData

_LEVELS = frozenset(level.value for level in LogLevel)


class BaseLogger(ABC):
    """Derive from it and write `_log_impl`; `_on_progress`, `_on_metrics` and `_on_finish` are optional."""

    def __init__(self) -> None:
        self._step: str | None = None
        self._step_order: int | None = None
        self._orders: dict[str, int] = {}
        self._started_s: dict[str | None, float] = {}
        self._progress: dict[str | None, ProgressData] = {}
        self._metrics: dict[str, dict[str, Any]] = {}
        self._is_finished = False
        self._log_value_count = count_positional(self._log_impl, most=5)

    @abstractmethod
    def _log_impl(
        self,
        event: str,
        data: dict[str, Any],
        file: str | None,
        step: str | None,
        level: LogLevel | str | None = None,
    ) -> None:
        """Take one event. The older dialect declares the first three, and has a level in `data`."""

    def _on_progress(self, progress: ProgressData, step: str | None) -> None:  # noqa: B027 - a hook that most leave alone
        """Take how far a step has come."""

    def _on_metrics(self, step: str, metrics: dict[str, Any]) -> None:  # noqa: B027 - a hook that most leave alone
        """Take everything that is known of a step's numbers."""

    def _on_finish(self) -> None:  # noqa: B027 - a hook that most leave alone
        """Take that nothing more comes. Called once."""

    def set_step(self, step: str | None, order: int | None = None) -> None:
        """Name the step of what comes without one, and its place among the steps."""
        self._step, self._step_order = step, order
        if step is not None and order is not None:
            self._orders[step] = order

    def get_step(self) -> str | None:
        """Return the step that `set_step` named."""
        return self._step

    def get_step_order(self) -> int | None:
        """Return the place that `set_step` named."""
        return self._step_order

    def log(
        self,
        level: LogLevel | str,
        event: Any = None,
        data: Any = None,
        file: str | None = None,
        step: str | None = None,
    ) -> None:
        """Record an event: `log(level, event, data, file, step)`, or `log(event, data, file)` as it once was.

        Raises:
            TypeError: `data` is not a mapping, or `level` is no level.
            RuntimeError: The logger has finished.
        """
        if isinstance(event, Mapping):
            level, event, data, file = LogLevel.INFO, level, event, data if file is None else file
        if not isinstance(data, Mapping):
            raise TypeError(f"the data of an event must be a mapping, not {type(data).__name__}")
        if not isinstance(level, LogLevel) and level not in _LEVELS:
            raise TypeError(f"a level must be one of {', '.join(sorted(_LEVELS))}, not {level!r}")
        self._take(event, dict(data), file, step, LogLevel(level))

    def info(self, message: str) -> None:
        """Say something."""
        self._say(message, LogLevel.INFO)

    def debug(self, message: str) -> None:
        """Say something to the developer: an event `debug`."""
        self._say(message, LogLevel.DEBUG, event="debug")

    def warning(self, message: str) -> None:
        """Say that something looks wrong."""
        self._say(message, LogLevel.WARNING)

    def error(self, message: str) -> None:
        """Say that something went wrong."""
        self._say(message, LogLevel.ERROR)

    def critical(self, message: str) -> None:
        """Say that the run can not go on."""
        self._say(message, LogLevel.CRITICAL)

    def log_message(
        self, message: str, level: LogLevel | str | None = None, *, context: LogLevel | str | None = None
    ) -> None:
        """Say something; `context` is the older name of `level`. An unknown word is kept as the level."""
        self._say(message, as_level(level or context or LogLevel.INFO))

    def log_event(self, event: str, data: Mapping[str, Any], file: str | None = None) -> None:
        """Record an event of level info."""
        self.log(LogLevel.INFO, event, data, file)

    def log_metric(self, category: str, key: str, value: float, **metrics: Any) -> None:
        """Record one number, and others that were measured with it."""
        self.log_event("metric", {"category": category, "key": key, "value": value, "metrics": metrics})

    def log_visualization(self, category: str, group: str, index: int, image: str, **meta: Any) -> None:
        """Record a picture's file as part of a gallery."""
        self.log_event("visualization", {"category": category, "group": group, "index": index, **meta}, image)

    def log_trials(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        trials: Mapping[str, Any] | None = None,
        base: Sequence[str] | None = None,
        hyperparameters: Sequence[str] | None = None,
        metrics: Sequence[str] | None = None,
        best_trial: str = "",
    ) -> None:
        """Record the table of a tuning's trials, as `data` or in its parts.

        Raises:
            ValueError: `data` has no `trials`.
        """
        if data is not None and "trials" not in data:
            raise ValueError("a table of trials needs 'trials'")
        parts = {
            "base": list(base or ()),
            "trials": dict(trials or {}),
            "hyperparameters": list(hyperparameters or ()),
            "metrics": list(metrics or ()),
            "best_trial": best_trial,
        }
        self.log_event("trials", parts if data is None else data)

    def set_progress(
        self, current: float, total: float, step: str | None = None, *, category: str | None = None
    ) -> None:
        """Say how far a step has come. `category` is the older name of `step`.

        Raises:
            ValueError: `total` is not positive, or `current` lies outside 0..total.
            RuntimeError: The logger has finished.
        """
        self._require_open()
        if total <= 0 or not 0 <= current <= total:
            raise ValueError(
                f"progress must be 0 <= current <= total with total > 0, not {current} of {total}"
            )
        step = self._choose_step(step, category)
        progress = self._measure(current, total, step)
        self._progress[step] = progress
        self._on_progress(progress, step)

    def set_progress_failed(self, step: str | None = None, *, category: str | None = None) -> None:
        """Say that a step failed, known or not."""
        self._require_open()
        step = self._choose_step(step, category)
        began = self._started_s.get(step)
        elapsed = None if began is None else round(time.monotonic() - began, 2)
        progress = ProgressData(0.0, None, elapsed, "failed", step)
        self._progress[step] = progress
        self._on_progress(progress, step)

    def set_metrics(
        self, value: Mapping[str, Any], step: str | None = None, *, category: str | None = None
    ) -> None:
        """Add numbers to a step's. `category` is the older name of `step`.

        Raises:
            TypeError: `value` is not a mapping.
            ValueError: There is no step: none is given and none is set.
            RuntimeError: The logger has finished.
        """
        self._require_open()
        if not isinstance(value, Mapping):
            raise TypeError(f"metrics must be a mapping of names to numbers, not {type(value).__name__}")
        step = self._choose_step(step, category)
        if step is None:
            raise ValueError("metrics need a step: give one, or name the current one with set_step")
        self._metrics[step] = {**self._metrics.get(step, {}), **value}
        self._on_metrics(step, dict(self._metrics[step]))

    def get_progress(self, step: str | None = None) -> ProgressData | None:
        """Return how far a step was at last; None when it was not heard of."""
        return self._progress.get(step)

    def get_metrics(self, step: str | None = None) -> dict[str, Any]:
        """Return a step's numbers; of all steps, by their names, without one."""
        if step is None:
            return {name: dict(numbers) for name, numbers in self._metrics.items()}
        return dict(self._metrics.get(step, {}))

    def get_progress_record(self, *, time_elapsed: int | None = None) -> dict[str, Any] | None:
        """Return how far everything is, for loggers that keep that."""
        return None

    def finish(self) -> None:
        """Take nothing more from here on. A second call does nothing."""
        if not self._is_finished:
            self._is_finished = True
            self._on_finish()

    def _say(self, message: str, level: LogLevel | str, event: str = "message") -> None:
        self._take(event, MessageLogData(content=message), None, None, level)

    def _take(
        self, event: str, data: dict[str, Any], file: str | None, step: str | None, level: LogLevel | str
    ) -> None:
        self._require_open()
        if event == "message" and self._log_value_count < 5:
            data = {"context": str(level), **data}  # where the older dialect has it; else it would be lost
        values: tuple[Any, ...] = (event, data, file, self.get_step() if step is None else step, level)
        self._log_impl(*values[: self._log_value_count])

    def _require_open(self) -> None:
        if self._is_finished:
            raise RuntimeError("this logger has finished; nothing more can be reported to it")

    def _choose_step(self, step: str | None, category: str | None) -> str | None:
        if step is None:
            return self.get_step() if category is None else category
        return step

    def _measure(self, current: float, total: float, step: str | None) -> ProgressData:
        now = time.monotonic()
        began = now if current == 0 else self._started_s.get(step, now)
        self._started_s[step] = began
        elapsed = now - began
        remaining = None if current == 0 else round(elapsed * (total - current) / current, 2)
        return ProgressData(100 * current / total, remaining, round(elapsed, 2), "running", step)


class LoggerEvents:
    """What a `RuntimeContext` reports to, where somebody gave it a logger instead of an `EventStream`."""

    def __init__(self, logger: BaseLogger) -> None:
        self._logger = logger

    def progress(self, step: str | None, current: float, total: float) -> None:
        """Pass on how far a step has come."""
        self._logger.set_progress(current, total, step)

    def metrics(self, step: str | None, values: Mapping[str, Any]) -> None:
        """Pass numbers on."""
        self._logger.set_metrics(values, step)

    def metric(self, category: str, key: str, value: float, others: Mapping[str, Any]) -> None:
        """Pass one number on."""
        self._logger.log_metric(category, key, value, **others)

    def message(self, text: str, *, level: str, step: str | None = None, key: str | None = None) -> None:
        """Pass a message on."""
        data = MessageLogData(content=text) if key is None else MessageLogData(content=text, key=key)
        self._logger._take("message", data, None, step, as_level(level))  # noqa: SLF001 - same module, one subject

    def log(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        level: str,
        step: str | None = None,
        file: str | None = None,
    ) -> None:
        """Pass an event on; a picture or a table of trials to the logger's own call for it."""
        if name == "visualization" and file is not None and body.keys() >= {"category", "group", "index"}:
            self._logger.log_visualization(**{**body, "image": file})
        elif name == "trials" and "trials" in body:
            self._logger.log_trials(body)
        else:
            self._logger._take(name, dict(body), file, step, as_level(level))  # noqa: SLF001 - as above

    def flush(self) -> None:
        """Nothing waits here."""


def as_level(level: LogLevel | str) -> LogLevel | str:
    """Return the level of that name, whatever its case; an unknown word as it is."""
    word = str(level).lower()
    return LogLevel(word) if word in _LEVELS else level


def count_positional(function: Any, *, most: int) -> int:
    """Return how many positional values `function` takes, `most` at the most."""
    kinds = [parameter.kind for parameter in inspect.signature(function).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return most
    keyword = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    return min(most, sum(kind not in keyword for kind in kinds))
