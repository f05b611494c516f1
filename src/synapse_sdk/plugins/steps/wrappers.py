"""Steps around steps: one that tells of it, one that times it; and a check as a step.

Source: interface sheet `core.md` §8. Unlike there, a wrapped step keeps its part of the whole, and
its end is told when it raises, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from synapse_sdk._internal.awaiting import wait_for
from synapse_sdk.plugins.steps.base import BaseStep, StepResult
from synapse_sdk.plugins.steps.context import BaseStepContext
from synapse_sdk.plugins.steps.registry import get_proportion

C = TypeVar("C", bound=BaseStepContext)


class _Wrapper(BaseStep[C], Generic[C]):
    """What a step around another passes on."""

    prefix = ""

    def __init__(self, step: BaseStep[C]) -> None:
        self._step = step

    @property
    def name(self) -> str:
        """The wrapped step's name with a prefix."""
        return f"{self.prefix}_{self._step.name}"

    @property
    def progress_weight(self) -> float:
        """The wrapped step's."""
        return self._step.progress_weight

    @property
    def progress_proportion(self) -> int:
        """The wrapped step's."""
        return get_proportion(self._step)

    def can_skip(self, context: C) -> bool:
        """Ask the wrapped step."""
        return bool(wait_for(self._step.can_skip(context)))

    def rollback(self, context: C, result: StepResult) -> None:
        """Undo the wrapped step."""
        wait_for(self._step.rollback(context, result))  # type: ignore[func-returns-value]


class LoggingStep(_Wrapper[C], Generic[C]):
    """Records `step_start` and `step_end` (seconds, success, skipped, error) around a step."""

    prefix = "logged"

    def execute(self, context: C) -> StepResult:
        """Run the step between the two events."""
        name, begun = self._step.name, time.perf_counter()
        context.log("step_start", {"step": name})
        facts: dict[str, object] = {"success": False, "skipped": False}
        try:
            result: StepResult = wait_for(self._step.execute(context))
            facts = {"success": result.success, "skipped": result.skipped}
            return result
        except BaseException as error:
            facts["error"] = f"{type(error).__name__}: {error}"
            raise
        finally:
            elapsed_s = round(time.perf_counter() - begun, 6)
            context.log("step_end", {"step": name, "elapsed": elapsed_s, **facts})


class TimingStep(_Wrapper[C], Generic[C]):
    """Adds `duration_seconds`, with six decimals, to the data of a step's result."""

    prefix = "timed"

    def execute(self, context: C) -> StepResult:
        """Run the step and time it."""
        begun = time.perf_counter()
        result: StepResult = wait_for(self._step.execute(context))
        result.data["duration_seconds"] = round(time.perf_counter() - begun, 6)
        return result


class ValidationStep(BaseStep[C], Generic[C]):
    """A check of the context: `validator(context) -> (is_good, why_not)`."""

    def __init__(
        self,
        validator: Callable[[C], tuple[bool, str | None]],
        name: str = "validate",
        progress_weight: float = 0.05,
    ) -> None:
        self._validator = validator
        self._name = name
        self._progress_weight = progress_weight

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    @property
    def progress_weight(self) -> float:
        """As given."""
        return self._progress_weight

    def execute(self, context: C) -> StepResult:
        """Check.

        Raises:
            TypeError: The validator returned something else than a pair.
        """
        answer = wait_for(self._validator(context))
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise TypeError(f"the validator of step {self._name!r} returned {answer!r}, not (ok, error)")
        is_good, error = answer
        return StepResult() if is_good else StepResult(success=False, error=error or "Validation failed")
