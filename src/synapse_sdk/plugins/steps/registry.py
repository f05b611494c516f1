"""`StepRegistry`: the steps of a workflow, in order.

Source: interface sheet `core.md` §8. Unlike there, a name stands for one step; what is no step is refused.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from synapse_sdk.plugins.steps.base import BaseStep

C = TypeVar("C")

_NEEDED = ("name", "progress_weight", "execute", "can_skip", "rollback")


class StepRegistry(Generic[C]):
    """Keeps steps in the order in which they run."""

    def __init__(self) -> None:
        self._steps: list[BaseStep[C]] = []

    def __len__(self) -> int:
        return len(self._steps)

    def register(self, step: BaseStep[C]) -> None:
        """Add a step at the end.

        Raises:
            TypeError: It is no step, or a step's class instead of an instance.
            ValueError: There is a step of that name.
        """
        self._insert(len(self._steps), step)

    def insert_after(self, after_name: str, step: BaseStep[C]) -> None:
        """Add a step right behind another. Raises as `register`, and `ValueError` for an unknown name."""
        self._insert(self._find(after_name) + 1, step)

    def insert_before(self, before_name: str, step: BaseStep[C]) -> None:
        """Add a step right before another. Raises as `register`, and `ValueError` for an unknown name."""
        self._insert(self._find(before_name), step)

    def unregister(self, name: str) -> None:
        """Take a step out; a name that is not there is fine."""
        self._steps = [step for step in self._steps if step.name != name]

    def get_steps(self) -> list[BaseStep[C]]:
        """Return the steps; changing the list changes nothing here."""
        return list(self._steps)

    @property
    def total_weight(self) -> float:
        """The weights of all steps together."""
        return sum(step.progress_weight for step in self._steps)

    def get_step_proportions(self) -> dict[str, int]:
        """Return name → percent of the whole, of the steps that have a proportion."""
        proportions = {step.name: get_proportion(step) for step in self._steps}
        return {name: proportion for name, proportion in proportions.items() if proportion > 0}

    def get_step_orders(self) -> dict[str, int]:
        """Return name → place, from 0."""
        return {step.name: order for order, step in enumerate(self._steps)}

    def _insert(self, place: int, step: BaseStep[C]) -> None:
        _require_step(step)
        if any(known.name == step.name for known in self._steps):
            raise ValueError(
                f"There is a step {step.name!r} already; unregister it first, or name this one differently."
            )
        self._steps.insert(place, step)

    def _find(self, name: str) -> int:
        for place, step in enumerate(self._steps):
            if step.name == name:
                return place
        known = ", ".join(step.name for step in self._steps) or "none"
        raise ValueError(f"There is no step {name!r}. There are: {known}.")


def get_proportion(step: BaseStep[C]) -> int:
    """Return a step's percent of the whole; 0 for a step of a plain class that has none."""
    return getattr(step, "progress_proportion", 0)


def _require_step(step: object) -> None:
    if isinstance(step, type):
        raise TypeError(f"{step.__name__} is a class; register an instance: {step.__name__}().")
    if isinstance(step, BaseStep):
        return
    if missing := [name for name in _NEEDED if not hasattr(step, name)]:
        raise TypeError(f"{type(step).__name__} is not a step: it has no {', '.join(missing)}.")
