"""`BaseStep`: one named phase of a workflow, which can be undone.

Source: interface sheet `core.md` §8.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar

C = TypeVar("C")


@dataclass(slots=True)
class StepResult:
    """How one step ended."""

    success: bool = True
    #: What the step has to say to later readers; kept in `context.step_results`.
    data: dict[str, Any] = field(default_factory=dict)
    #: Why it failed, in a sentence.
    error: str | None = None
    #: What `rollback` needs to know.
    rollback_data: dict[str, Any] = field(default_factory=dict)
    skipped: bool = False
    #: When the step ended; aware, UTC.
    timestamp: datetime = field(default_factory=partial(datetime.now, UTC))


class BaseStep(ABC, Generic[C]):
    """Derive from it, name your context in the brackets, write `execute(context)`.

    `name`, `progress_weight` and `progress_proportion` may be plain class attributes.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What the step is called in progress, metrics and errors; unique in its registry."""

    @property
    @abstractmethod
    def progress_weight(self) -> float:
        """This step's part of the whole, in any unit, when no step has a proportion."""

    @property
    def progress_proportion(self) -> int:
        """This step's part of the whole in percent; 0 where the whole is split by weights."""
        return 0

    @abstractmethod
    def execute(self, context: C) -> StepResult:
        """Do the work. An exception is a failure as `StepResult(success=False, error=…)` is."""

    def can_skip(self, context: C) -> bool:
        """Say whether there is nothing to do. Called just before `execute` would be."""
        return False

    def rollback(self, context: C, result: StepResult) -> None:
        """Undo what `execute` did. Called for the step that failed, too, with what it returned."""
        return
