"""The order of steps, and what may stand in it."""

from __future__ import annotations

import pytest
from tests.plugins.steps.workflow import Scripted, build_registry

from synapse_sdk.plugins import BaseStep, StepRegistry, StepResult


def names(registry: StepRegistry) -> list[str]:
    return [step.name for step in registry.get_steps()]


def test_steps_keep_the_order_in_which_they_were_put():
    registry = build_registry(Scripted("a"), Scripted("c"))

    registry.insert_after("a", Scripted("b"))
    registry.insert_before("a", Scripted("first"))
    registry.insert_after("c", Scripted("last"))

    assert names(registry) == ["first", "a", "b", "c", "last"]
    assert len(registry) == 5
    assert registry.get_step_orders() == {"first": 0, "a": 1, "b": 2, "c": 3, "last": 4}
    registry.unregister("b")
    registry.unregister("nobody")
    assert names(registry) == ["first", "a", "c", "last"]


def test_the_list_of_steps_is_the_askers_own():
    registry = build_registry(Scripted("a"))

    registry.get_steps().clear()

    assert names(registry) == ["a"]


def test_weights_and_proportions_are_summed_up():
    registry = build_registry(Scripted("a", weight=0.3, proportion=20), Scripted("b", weight=0.2))

    assert registry.total_weight == pytest.approx(0.5)
    assert registry.get_step_proportions() == {"a": 20}


@pytest.mark.parametrize("insert", ["insert_after", "insert_before"])
def test_a_place_beside_nobody_is_refused_with_the_names_that_are_there(insert: str):
    registry = build_registry(Scripted("a"), Scripted("b"))

    with pytest.raises(ValueError, match=r"There is no step 'x'\. There are: a, b\."):
        getattr(registry, insert)("x", Scripted("c"))


def test_one_name_is_one_step():
    registry = build_registry(Scripted("a"))

    with pytest.raises(ValueError, match="a step 'a' already"):
        registry.register(Scripted("a"))
    assert len(registry) == 1


class Plain:
    """A step by its looks, without the base class and without a proportion."""

    name = "plain"
    progress_weight = 1.0

    def execute(self, _: object) -> StepResult:
        return StepResult()

    def can_skip(self, _: object) -> bool:
        return False

    def rollback(self, _: object, __: StepResult) -> None: ...


class ByAttributes(BaseStep):
    name = "by attributes"
    progress_weight = 0.5

    def execute(self, _: object) -> StepResult:
        return StepResult()


def test_a_class_of_the_same_looks_is_a_step():
    registry = build_registry(Plain(), ByAttributes())  # type: ignore[arg-type]

    assert names(registry) == ["plain", "by attributes"]
    assert registry.get_step_proportions() == {}


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (ByAttributes, r"ByAttributes is a class; register an instance: ByAttributes\(\)\."),
        (object(), "object is not a step: it has no name, progress_weight, execute"),
        (None, "NoneType is not a step"),
    ],
)
def test_what_is_no_step_is_refused(thing: object, message: str):
    with pytest.raises(TypeError, match=message):
        StepRegistry().register(thing)  # type: ignore[arg-type]
