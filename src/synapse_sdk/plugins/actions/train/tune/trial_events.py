"""`TrialEvents`: what a trial reports, into the search's own events, under the trial's name.

Series stay apart: `loss` of `train` is `trial_3/train` in the third trial. The trial's progress is a part of
the search's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from synapse_sdk.plugins.actions.train.tune.trial import Trial
from synapse_sdk.plugins.events import EventTarget, as_number

#: The step of a trial whose progress is the trial's; so is what is told of the whole.
_MAIN_STEP = "train"


class TrialEvents:
    """Where the context of a trial reports to."""

    def __init__(
        self,
        events: EventTarget,
        trial: Trial,
        *,
        on_progress: Callable[[float], None],
        on_report: Callable[[str, Mapping[str, float]], None],
    ) -> None:
        """Set up one trial.

        Args:
            events: The search's.
            trial: What reports.
            on_progress: Called with how far the trial has come, from 0 to 1.
            on_report: Called with a category and its numbers, after they were recorded.
        """
        self._events = events
        self._trial = trial
        self._on_progress = on_progress
        self._on_report = on_report

    def progress(self, step: str | None, current: float, total: float) -> None:
        """Count the progress of the training itself; a trial's other steps are no part of the search's."""
        done, whole = as_number(current), as_number(total)
        if done is None or whole is None:
            raise TypeError("progress must be given in numbers")
        if not 0 <= done <= whole or whole <= 0:
            raise ValueError(
                f"progress must be 0 <= current <= total with total > 0, not {current} of {total}"
            )
        if step in (None, _MAIN_STEP):
            self._on_progress(done / whole)

    def metrics(self, step: str | None, values: Mapping[str, Any]) -> None:
        """Record numbers of a step as a series of the trial's own."""
        self._events.metrics(self._name(step), {**values, "trial_id": self._trial.trial_id})
        numbers = {str(key): as_number(value) for key, value in values.items()}
        known = {key: float(value) for key, value in numbers.items() if value is not None}
        if known:
            self._on_report(step or _MAIN_STEP, known)

    def metric(self, category: str, key: str, value: float, others: Mapping[str, Any]) -> None:
        """Record one number, and others that were measured with it."""
        self.metrics(category, {key: value, **others})

    def message(self, text: str, *, level: str, step: str | None = None, key: str | None = None) -> None:
        """Tell a person something."""
        self._events.message(text, level=level, step=self._name(step), key=key)

    def log(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        level: str,
        step: str | None = None,
        file: str | None = None,
    ) -> None:
        """Record an event."""
        self._events.log(name, body, level=level, step=self._name(step), file=file)

    def flush(self) -> None:
        """Return when everything that was reported so far has been handed on."""
        self._events.flush()

    def _name(self, step: str | None) -> str:
        return self._trial.trial_id if step is None else f"{self._trial.trial_id}/{step}"
