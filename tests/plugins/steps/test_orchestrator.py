"""A workflow runs to its end, or back to its beginning, whatever way a step ends badly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.recording import RecordingSink
from tests.plugins.steps.workflow import Scripted, Story, begin_story, build_registry, raising

from synapse_sdk.plugins import (
    ExecutionError,
    LocalExecutor,
    LoggingStep,
    Orchestrator,
    RuntimeContext,
    StepResult,
    TimingStep,
)
from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.errors import StepError


def test_steps_run_in_order_and_are_counted():
    story, _ = begin_story()
    skipped = Scripted("b", can_skip=lambda _: True)
    seen = []

    def before(name: str, context: Story) -> None:
        seen.append((name, context.current_step, context.current_step_order))
        assert context.runtime_ctx.current_step == name

    answer = Orchestrator(
        build_registry(Scripted("a"), skipped, Scripted("c")), story, before_step=before
    ).execute()

    assert answer == {"success": True, "steps_executed": 3, "steps_total": 3}
    assert story.calls == ["execute a", "execute c"]
    assert [result.skipped for result in story.step_results] == [False, True, False]
    assert seen == [("a", "a", 0), ("b", "b", 1), ("c", "c", 2)]
    assert (story.current_step, story.current_step_order, story.runtime_ctx.current_step) == (None,) * 3


def test_no_steps_are_a_workflow_too():
    story, _ = begin_story()

    answer = Orchestrator(build_registry(), story).execute()

    assert answer == {"success": True, "steps_executed": 0, "steps_total": 0}


BADLY: dict[str, tuple[dict[str, Any], str]] = {
    "a failure": ({"execute": lambda _: StepResult(success=False, error="no room")}, "no room"),
    "a failure without words": ({"execute": lambda _: StepResult(success=False)}, "it gave no reason"),
    "None": ({"execute": lambda _: None}, "execute() returned None, not a StepResult"),
    "something else": ({"execute": lambda _: 3}, "execute() returned a int, not a StepResult"),
    "an exception": ({"execute": raising(OSError("disk full"))}, "disk full"),
    "an exception without words": ({"execute": raising(KeyError())}, "KeyError"),
}


@pytest.mark.parametrize("how", BADLY)
def test_a_step_that_ends_badly_is_rolled_back_with_those_before_it_newest_first(how: str):
    options, reason = BADLY[how]
    story, _ = begin_story()
    skipped = Scripted("s", can_skip=lambda _: True)
    failing = Scripted("c", **options)

    with pytest.raises(StepError) as caught:
        Orchestrator(
            build_registry(Scripted("a"), skipped, Scripted("b"), failing, Scripted("d")), story
        ).execute()

    assert str(caught.value) == f"Step 'c' failed: {reason}"
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.details["step"] == "c"
    assert story.calls == [
        "execute a", "execute b", "execute c", "rollback c", "rollback b", "rollback a",
    ]  # fmt: skip
    assert failing.rolled_back_with is story.step_results[-1]
    assert not story.step_results[-1].success
    assert story.current_step is None


def test_the_cause_and_its_facts_are_kept():
    story, _ = begin_story()
    cause = ExecutionError("bad label", {"file": "a.json"}, hint="Look at a.json.")

    with pytest.raises(StepError) as caught:
        Orchestrator(build_registry(Scripted("a", execute=raising(cause))), story).execute()

    assert caught.value.__cause__ is cause
    assert (caught.value.details, caught.value.hint) == ({"file": "a.json", "step": "a"}, "Look at a.json.")


@pytest.mark.parametrize("error", [OSError("no"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("where", ["can_skip", "before_step"])
def test_an_exception_before_a_step_begins_rolls_back_only_those_before_it(where: str, error: BaseException):
    story, _ = begin_story()
    second = Scripted("b", can_skip=raising(error)) if where == "can_skip" else Scripted("b")

    def before(name: str, _: Story) -> None:
        if where == "before_step" and name == "b":
            raise error

    with pytest.raises(StepError if isinstance(error, Exception) else type(error)):
        Orchestrator(build_registry(Scripted("a"), second), story, before_step=before).execute()

    assert story.calls == ["execute a", "rollback a"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_what_is_no_failure_goes_on_unchanged_after_the_rollback(error: BaseException):
    story, _ = begin_story()

    with pytest.raises(type(error)) as caught:
        Orchestrator(build_registry(Scripted("a"), Scripted("b", execute=raising(error))), story).execute()

    assert caught.value is error
    assert story.calls == ["execute a", "execute b", "rollback b", "rollback a"]


class Waiting(Scripted):
    """The same with `async` methods."""

    async def can_skip(self, context: Story) -> bool:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().can_skip(context)

    async def execute(self, context: Story) -> StepResult:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().execute(context)

    async def rollback(self, context: Story, result: StepResult) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().rollback(context, result)


@pytest.mark.parametrize("wrap", [lambda step: step, LoggingStep, TimingStep])
def test_the_methods_of_a_step_may_be_async(wrap: Callable[[Scripted], Any]):
    story, _ = begin_story()
    seen = []

    async def before(name: str, _: Story) -> None:
        seen.append(name)

    steps = [
        Waiting("a"),
        Waiting("skipped", can_skip=lambda _: True),
        Waiting("b", execute=raising(OSError("disk full"))),
    ]

    with pytest.raises(StepError, match="failed: disk full"):
        Orchestrator(build_registry(*map(wrap, steps)), story, before_step=before).execute()  # type: ignore[arg-type]

    assert story.calls == ["execute a", "execute b", "rollback b", "rollback a"]
    assert [result.skipped for result in story.step_results] == [False, True, False]
    assert [name.rpartition("_")[2] for name in seen] == ["a", "skipped", "b"]


def test_a_failing_rollback_does_not_hide_the_cause_and_the_others_still_run():
    story, _ = begin_story()
    steps = [
        Scripted("a"),
        Scripted("b", rollback=raising(OSError("locked"))),
        Scripted("c", execute=raising(ValueError("bad"))),
    ]

    with pytest.raises(StepError, match="Step 'c' failed: bad") as caught:
        Orchestrator(build_registry(*steps), story).execute()

    assert isinstance(caught.value.__cause__, ValueError)
    assert story.calls[-3:] == ["rollback c", "rollback b", "rollback a"]
    assert story.errors == ["Rollback of step 'b' failed: locked"]
    assert caught.value.details["errors"] == story.errors


def test_a_second_interrupt_ends_the_rollback_and_says_what_was_left():
    story, _ = begin_story()
    steps = [
        Scripted("a"),
        Scripted("b", rollback=raising(KeyboardInterrupt())),
        Scripted("c", execute=raising(KeyboardInterrupt())),
    ]

    with pytest.raises(KeyboardInterrupt):
        Orchestrator(build_registry(*steps), story).execute()

    assert story.calls[-2:] == ["rollback c", "rollback b"]
    assert story.errors[-1] == "Step 'a' was not rolled back"


def report(*fractions: float) -> Callable[[Story], StepResult]:
    def execute(context: Story) -> StepResult:
        for fraction in fractions:
            context.set_progress(fraction, 1)
        return StepResult()

    return execute


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([Scripted("a"), Scripted("b")], [50, 100]),
        ([Scripted("a", weight=0.3), Scripted("b", weight=0.7)], [30, 100]),
        ([Scripted("a", weight=0), Scripted("b", weight=0)], [50, 100]),
        ([Scripted("a", proportion=20), Scripted("b", weight=9), Scripted("c", proportion=80)], [20, 100]),
        ([Scripted("a", proportion=1), Scripted("b", proportion=1)], [50, 100]),
        (
            [Scripted("a", execute=report(0.5, 1)), Scripted("b", execute=report(0, 0.5, 1))],
            [25, 50, 75, 99, 100],
        ),
        ([Scripted("a", execute=report(0.5, 0.25, 0.75))], [50, 75, 100]),
        ([Scripted("a", can_skip=lambda _: True), Scripted("b")], [50, 100]),
        ([Scripted(str(number), weight=0.1) for number in range(10)], [*range(10, 101, 10)]),
        ([], [100]),
    ],
)  # fmt: skip
def test_the_whole_moves_with_its_steps_never_back_and_is_100_at_the_end_only(
    steps: list[Scripted], told: list[int]
):
    story, _ = begin_story()
    seen = []

    Orchestrator(
        build_registry(*steps), story, lambda current, total: seen.append((current, total))
    ).execute()

    assert seen == [(percent, 100) for percent in told]


def test_the_whole_of_a_failed_workflow_is_never_100():
    story, _ = begin_story()
    seen = []
    failing = Scripted("b", execute=lambda c: (c.set_progress(1, 1), raising(OSError())(c)))

    with pytest.raises(StepError):
        Orchestrator(build_registry(Scripted("a"), failing), story, lambda *at: seen.append(at)).execute()

    assert seen == [(50, 100), (99, 100)]


def test_what_a_step_reports_carries_its_name_and_the_whole_carries_none():
    sink = RecordingSink()
    story, stream = begin_story(sink)

    def work(context: Story) -> StepResult:
        context.log_message("half way")
        context.set_metrics({"loss": 0.5})
        context.runtime_ctx.log("my_event", {"x": 1})
        context.set_progress(1, 2)
        context.set_progress(1, 2, "other")
        return StepResult()

    Orchestrator(build_registry(Scripted("load"), Scripted("work", execute=work)), story).execute()
    stream.close()

    steps = {(event.kind, event.step) for event in sink.events}
    assert steps == {
        ("message", "work"), ("metric", "work"), ("log", "work"), ("progress", "load"),
        ("progress", "work"), ("progress", "other"), ("progress", None),
    }  # fmt: skip
    last = [event.body["percent"] for event in sink.of_kind("progress") if event.step is None and event.body]
    assert last[-1] == 100


def test_a_step_that_reports_nothing_is_seen_when_it_is_over():
    sink = RecordingSink()
    story, stream = begin_story(sink)
    skipped = Scripted("skipped", can_skip=lambda _: True)
    failing = Scripted("failing", execute=raising(OSError()))

    with pytest.raises(StepError):
        Orchestrator(build_registry(Scripted("quiet"), skipped, failing), story).execute()
    stream.close()

    seen = [(event.step, event.body["percent"]) for event in sink.of_kind("progress") if event.body]
    assert [item for item in seen if item[0]] == [("quiet", 100)]


def test_metrics_outside_of_a_step_need_a_name():
    story, _ = begin_story()

    with pytest.raises(ValueError, match="outside of a step"):
        story.set_metrics({"loss": 1})


class Workflow(BaseAction[Any]):
    """An action whose work is a workflow inside of a step of another."""

    def execute(self) -> Any:
        inner = build_registry(Scripted("inner", execute=raising(OSError("no label file"))))

        def work(context: Story) -> StepResult:
            Orchestrator(inner, Story(context.runtime_ctx)).execute()
            return StepResult()

        return Orchestrator(build_registry(Scripted("outer", execute=work)), Story(self.ctx)).execute()


def test_a_step_of_an_action_fails_the_action_and_says_which():
    with pytest.raises(ExecutionError) as caught:
        LocalExecutor(sinks=[]).execute(Workflow, {})

    assert str(caught.value) == (
        "Action execution failed: Step 'outer' failed: Step 'inner' failed: no label file"
    )
    assert caught.value.details["step"] == "outer"


def test_a_workflow_within_a_step_gives_the_name_back():
    story, _ = begin_story()
    seen = []

    def work(context: Story) -> StepResult:
        Orchestrator(build_registry(Scripted("inner")), Story(context.runtime_ctx)).execute()
        seen.append(context.runtime_ctx.current_step)
        return StepResult()

    Orchestrator(build_registry(Scripted("outer", execute=work)), story).execute()

    assert seen == ["outer"]
    assert isinstance(story.runtime_ctx, RuntimeContext)
