"""Steps around steps keep what the step is, and tell of it even when it raises."""

from __future__ import annotations

import pytest
from tests.plugins.recording import RecordingSink
from tests.plugins.steps.workflow import Scripted, Story, begin_story, build_registry, raising

from synapse_sdk.plugins import LoggingStep, Orchestrator, StepResult, TimingStep, ValidationStep
from synapse_sdk.plugins.errors import StepError


@pytest.mark.parametrize(("kind", "prefix"), [(LoggingStep, "logged"), (TimingStep, "timed")])
def test_a_wrapped_step_is_still_that_step(kind: type, prefix: str):
    story, _ = begin_story()
    inner = Scripted("a", weight=0.3, proportion=40, can_skip=lambda _: True)
    step = kind(inner)
    undone = StepResult(rollback_data={"x": 1})

    assert (step.name, step.progress_weight, step.progress_proportion) == (f"{prefix}_a", 0.3, 40)
    assert step.can_skip(story)
    step.rollback(story, undone)
    assert inner.rolled_back_with is undone


def test_wrapped_steps_count_in_the_whole():
    story, _ = begin_story()
    seen = []
    steps = [TimingStep(Scripted("a", proportion=20)), LoggingStep(Scripted("b", proportion=80))]

    Orchestrator(build_registry(*steps), story, lambda current, _: seen.append(current)).execute()

    assert seen == [20, 100]


def test_a_timed_step_says_how_long_it_took():
    story, _ = begin_story()

    result = TimingStep(Scripted("a")).execute(story)

    assert 0 <= result.data["duration_seconds"] < 60


def tell(step: Scripted) -> list[dict]:
    sink = RecordingSink()
    story, stream = begin_story(sink)
    try:
        LoggingStep(step).execute(story)
    except OSError:
        pass
    finally:
        stream.close()
    return [{"event": event.name, **(event.body or {})} for event in sink.of_kind("log")]


@pytest.mark.parametrize(
    ("step", "end"),
    [
        (Scripted("a"), {"success": True, "skipped": False}),
        (Scripted("a", execute=lambda _: StepResult(success=False)), {"success": False, "skipped": False}),
        (
            Scripted("a", execute=raising(OSError("no"))),
            {"success": False, "skipped": False, "error": "OSError: no"},
        ),
    ],
)
def test_a_logged_step_tells_of_its_beginning_and_of_its_end_whatever_that_is(step: Scripted, end: dict):
    started, ended = tell(step)

    assert started == {"event": "step_start", "step": "a"}
    assert ended.pop("elapsed") >= 0
    assert ended == {"event": "step_end", "step": "a", **end}


def test_a_check_is_a_step():
    story, _ = begin_story()

    good = ValidationStep(lambda _: (True, None))
    assert (good.name, good.progress_weight, good.execute(story).success) == ("validate", 0.05, True)
    bad = ValidationStep(lambda _: (False, "no label"), "labels", 0.2)
    assert (bad.name, bad.progress_weight) == ("labels", 0.2)
    with pytest.raises(StepError, match="Step 'labels' failed: no label"):
        Orchestrator(build_registry(bad), story).execute()


def test_a_check_may_be_async():
    async def validator(_: Story) -> tuple[bool, str]:
        return False, "no label"

    result = ValidationStep(validator).execute(begin_story()[0])  # type: ignore[arg-type]

    assert (result.success, result.error) == (False, "no label")


@pytest.mark.parametrize("answer", [True, None, (True,), "no"])
def test_a_check_that_answers_no_pair_is_told_so(answer: object):
    story, _ = begin_story()

    def validator(_: Story) -> object:
        return answer

    with pytest.raises(TypeError, match="the validator of step 'validate' returned"):
        ValidationStep(validator).execute(story)  # type: ignore[arg-type]
