"""A small workflow for tests: steps that say what was called, and fail where a test wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.plugins.recording import RecordingSink

from synapse_sdk.plugins import BaseStep, BaseStepContext, RuntimeContext, StepRegistry, StepResult
from synapse_sdk.plugins.events import EventStream


@dataclass
class Story(BaseStepContext):
    """Remembers who was called."""

    calls: list[str] = field(default_factory=list)


class Scripted(BaseStep[Story]):
    """A step that does what it is told."""

    def __init__(
        self,
        name: str,
        *,
        weight: float = 1.0,
        proportion: int = 0,
        execute: Callable[[Story], Any] = lambda _: StepResult(),
        can_skip: Callable[[Story], bool] = lambda _: False,
        rollback: Callable[[Story], None] = lambda _: None,
    ) -> None:
        self._name, self._weight, self._proportion = name, weight, proportion
        self._execute, self._can_skip, self._rollback = execute, can_skip, rollback
        self.rolled_back_with: StepResult | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def progress_weight(self) -> float:
        return self._weight

    @property
    def progress_proportion(self) -> int:
        return self._proportion

    def can_skip(self, context: Story) -> bool:
        return self._can_skip(context)

    def execute(self, context: Story) -> StepResult:
        context.calls.append(f"execute {self._name}")
        return self._execute(context)

    def rollback(self, context: Story, result: StepResult) -> None:
        self.rolled_back_with = result
        context.calls.append(f"rollback {self._name}")
        self._rollback(context)


def build_registry(*steps: BaseStep[Story]) -> StepRegistry[Story]:
    registry: StepRegistry[Story] = StepRegistry()
    for step in steps:
        registry.register(step)
    return registry


def begin_story(sink: RecordingSink | None = None) -> tuple[Story, EventStream]:
    stream = EventStream([sink] if sink else [])
    return Story(RuntimeContext(stream, {})), stream


def raising(error: BaseException) -> Callable[[Any], Any]:
    def fail(_: Any) -> Any:
        raise error

    return fail
