"""`BaseStepContext`: what the steps of one workflow share.

Source: interface sheet `core.md` §3 and §8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synapse_sdk.plugins.enums import LogLevel

if TYPE_CHECKING:
    from synapse_sdk.i18n import LocalizedMessage
    from synapse_sdk.plugins.context import RuntimeContext
    from synapse_sdk.plugins.log_messages import LogMessageCode
    from synapse_sdk.plugins.steps.base import StepResult
    from synapse_sdk.plugins.steps.overall import OverallProgress


@dataclass
class BaseStepContext:
    """Derive a dataclass from it for what your steps hand on to each other.

    What is reported here belongs to the step that runs, unless another is named.
    """

    runtime_ctx: RuntimeContext
    step_results: list[StepResult] = field(default_factory=list)
    #: What went wrong on the way without being the failure itself, such as a rollback that failed.
    errors: list[str] = field(default_factory=list)
    current_step: str | None = field(default=None, init=False)
    current_step_order: int | None = field(default=None, init=False)
    #: True when a person has been told of the failure already.
    user_failure_message_emitted: bool = field(default=False, init=False)
    #: How far the whole has come; the orchestrator's.
    _overall: OverallProgress | None = field(default=None, init=False, repr=False, compare=False)

    def mark_user_failure_emitted(self) -> None:
        """Say that a person has been told of the failure."""
        self.user_failure_message_emitted = True

    def log(
        self,
        event: str,
        data: Mapping[str, Any],
        file: str | None = None,
        level: LogLevel | str = LogLevel.INFO,
        *,
        step: str | None = None,
    ) -> None:
        """Record an event of your own. Raises as `RuntimeContext.log`."""
        self.runtime_ctx.log(event, data, file, level, step=step or self.current_step)

    def log_message(
        self,
        message: str | Mapping[str, str] | LogMessageCode | LocalizedMessage,
        level: LogLevel | str = LogLevel.INFO,
        *,
        context: LogLevel | str | None = None,
        step: str | None = None,
        **values: Any,
    ) -> None:
        """Tell a person something. See `RuntimeContext.log_message`."""
        self.runtime_ctx.log_message(
            message, level, context=context, step=step or self.current_step, **values
        )

    def set_progress(
        self, current: float, total: float, step: str | None = None, *, category: str | None = None
    ) -> None:
        """Say how far a step has come. Raises as `RuntimeContext.set_progress`."""
        named = step or category or self.current_step
        self.runtime_ctx.set_progress(current, total, named)
        if self._overall is not None and named == self.current_step:
            self._overall.move(current / total)

    def set_metrics(
        self, value: Mapping[str, Any], step: str | None = None, *, category: str | None = None
    ) -> None:
        """Record numbers of a step.

        Raises:
            ValueError: No step runs and none is named.
            TypeError: `value` is not a mapping.
        """
        named = step or category or self.current_step
        if named is None:
            raise ValueError("set_metrics() was called outside of a step; name one: step='…'.")
        self.runtime_ctx.set_metrics(value, named)
