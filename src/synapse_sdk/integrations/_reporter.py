"""What adapters say through an action. No failure of it ends a training."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from synapse_sdk.integrations._context import AutologContext, get_autolog_context, set_autolog_context

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction

#: Epochs that are told in words: the first, the last, and every so many.
TOLD_EVERY = 10


class Reporter:
    """Reports one framework's trainings through one action."""

    def __init__(self, framework: str, action: BaseAction[Any]) -> None:
        self._framework = framework
        self._action = action
        self._has_failed = False
        self._lock = threading.Lock()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Have an error of the body be a warning, once: the training is worth more than its report."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever a framework of another version does differently
            with self._lock:
                is_first, self._has_failed = not self._has_failed, True
            if is_first:
                self._action.log_message(
                    f"autolog({self._framework!r}) could not report: {type(error).__name__}: {error}. "
                    "The training goes on.",
                    "warning",
                )

    def begin(self, total_epochs: int | None, **extra: Any) -> None:
        """Say that a training begins."""
        set_autolog_context(AutologContext(self._action, total_epochs, dict(extra)))
        if total_epochs:
            self._action.set_progress(0, total_epochs, "train")
            self._tell("TRAIN_STARTING", epochs=total_epochs)

    def epoch_done(self, epoch: int, total_epochs: int | None) -> None:
        """Say how many epochs are done, counted from 1."""
        if not total_epochs:
            return
        self._action.set_progress(min(epoch, total_epochs), total_epochs, "train")
        if epoch in (1, total_epochs) or epoch % TOLD_EVERY == 0:
            self._tell("TRAIN_EPOCH_PROGRESS", epoch=epoch, total_epochs=total_epochs)

    def end(self) -> None:
        """Say that the training has ended, perhaps before its last epoch."""
        context = get_autolog_context()
        if context is not None and context.total_epochs:
            self._action.set_progress(context.total_epochs, context.total_epochs, "train")

    def metrics(self, category: str, values: Mapping[str, Any]) -> None:
        """Report numbers of `train`, `validation` or another set of data."""
        if values:
            self._action.set_metrics(dict(values), category)

    def picture(self, category: str, group: str, index: int, file: str) -> None:
        """Report a picture's file."""
        self._action.log_visualization(category, group, index, file)

    def _tell(self, name: str, **values: Any) -> None:
        """Say a message of trainings by its code, where the action has such codes."""
        try:
            codes = self._action.get_log_message_code_class()
        except NotImplementedError:
            return
        code = getattr(codes, name, None)
        if code is not None:
            self._action.log_message(code, **values)
