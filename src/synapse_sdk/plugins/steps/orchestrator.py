"""`Orchestrator`: runs a workflow's steps; undoes them when one ends badly, in whatever way.

Source: interface sheet `core.md` §8. Unlike there, whatever a workflow does is undone, whichever way it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from synapse_sdk._internal.awaiting import wait_for
from synapse_sdk._internal.errors import read_words
from synapse_sdk.plugins.errors import StepError
from synapse_sdk.plugins.steps.base import BaseStep, StepResult
from synapse_sdk.plugins.steps.context import BaseStepContext
from synapse_sdk.plugins.steps.overall import OverallProgress, split_whole
from synapse_sdk.plugins.steps.registry import StepRegistry

C = TypeVar("C", bound=BaseStepContext)


class Orchestrator(Generic[C]):
    """Runs the steps of a registry in order.

    A step ends badly by returning a failure, by returning no `StepResult`, by raising, or by an exception of
    `can_skip` or of `before_step`; Ctrl-C counts as well. Then the step itself, if it had begun, and those
    before it are rolled back, newest first; skipped ones are not.
    """

    def __init__(
        self,
        registry: StepRegistry[C],
        context: C,
        progress_callback: Callable[[int, int], None] | None = None,
        before_step: Callable[[str, C], None] | None = None,
    ) -> None:
        """Set up one run.

        Args:
            registry: The steps.
            context: What they share. Its `step_results` grow as they end.
            progress_callback: Called with (percent of the whole, 100) each time that has grown.
            before_step: Called with the name of each step and the context before anything else of it.
        """
        self.registry = registry
        self.context = context
        self._progress_callback = progress_callback
        self._before_step = before_step

    def execute(self) -> dict[str, Any]:
        """Run the steps.

        Returns:
            `{"success": True, "steps_executed": n, "steps_total": n}`; skipped steps count as executed.

        Raises:
            StepError: A step ended badly; its exception, if it was one, is the cause. It is a `RuntimeError`.
            KeyboardInterrupt: And what else is no `Exception`, unchanged, after the rollback.
        """
        context, steps = self.context, self.registry.get_steps()
        runtime = context.runtime_ctx
        shares = split_whole(steps)
        tell = runtime.set_overall_progress if self._progress_callback is None else self._tell
        overall = context._overall = OverallProgress(shares, tell)  # noqa: SLF001 - one room, one subject
        outer_step = runtime.current_step
        done: list[tuple[BaseStep[C], StepResult]] = []
        try:
            for order, (step, share) in enumerate(zip(steps, shares, strict=True)):
                name = context.current_step = runtime.current_step = step.name
                context.current_step_order = order
                overall.begin(share)
                result = self._run(step, name, done)
                context.step_results.append(result)
                if not result.skipped:
                    done.append((step, result))
                    if overall.fraction < 1:  # most steps do not report: their end is what there is to see
                        runtime.set_progress(1, 1, name)
            overall.finish()
        finally:
            context.current_step = context.current_step_order = context._overall = None  # noqa: SLF001
            runtime.current_step = outer_step
        return {"success": True, "steps_executed": len(steps), "steps_total": len(steps)}

    def _run(self, step: BaseStep[C], name: str, done: list[tuple[BaseStep[C], StepResult]]) -> StepResult:
        has_begun = False
        try:
            if self._before_step is not None:
                wait_for(self._before_step(name, self.context))
            if wait_for(step.can_skip(self.context)):
                return StepResult(skipped=True)
            has_begun = True
            result = wait_for(step.execute(self.context))
            if not isinstance(result, StepResult):
                raise TypeError(f"execute() returned {_name_kind(result)}, not a StepResult")
        except BaseException as error:
            result = StepResult(success=False, error=_describe(error))
            self._roll_back([*done, (step, result)] if has_begun else done, result)
            if not isinstance(error, Exception):
                raise
            raise self._build_error(name, result, error) from error
        if not result.success:
            self._roll_back([*done, (step, result)], result)
            raise self._build_error(name, result, None)
        return result

    def _roll_back(self, done: list[tuple[BaseStep[C], StepResult]], failed: StepResult) -> None:
        self.context.step_results.append(failed)
        left = list(done)
        while left:
            step, result = left.pop()
            try:
                wait_for(step.rollback(self.context, result))  # type: ignore[func-returns-value]
            except BaseException as error:
                self.context.errors.append(f"Rollback of step '{step.name}' failed: {_describe(error)}")
                if not isinstance(error, Exception):  # a second Ctrl-C: whoever insists is obeyed
                    self.context.errors += [f"Step '{step.name}' was not rolled back" for step, _ in left]
                    raise

    def _build_error(self, name: str, result: StepResult, cause: Exception | None) -> StepError:
        details = {**getattr(cause, "details", {}), "step": name}
        if self.context.errors:
            details["errors"] = list(self.context.errors)
        message = f"Step '{name}' failed: {result.error or 'it gave no reason'}"
        return StepError(message, details, hint=getattr(cause, "hint", None))

    def _tell(self, percent: int) -> None:
        self.context.runtime_ctx.set_overall_progress(percent)
        if self._progress_callback is not None:
            self._progress_callback(percent, 100)


def _describe(error: BaseException) -> str:
    return read_words(error) or type(error).__name__


def _name_kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
