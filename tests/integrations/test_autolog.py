"""`autolog`: who may be asked for, and that nothing stays behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from tests.integrations.conftest import Reports

from synapse_sdk.integrations import _base, autolog, disable_autolog, list_integrations
from synapse_sdk.integrations._base import BaseIntegration, register_integration
from synapse_sdk.integrations._context import AutologContext, get_autolog_context, set_autolog_context
from synapse_sdk.integrations._patches import Patches


@pytest.fixture
def framework() -> Iterator[SimpleNamespace]:
    """A framework, and an adapter that counts."""
    found = SimpleNamespace(train=lambda: "trained", action=None, disabled=0, is_there=True)

    @register_integration("homegrown")
    class Homegrown(BaseIntegration):
        def enable(self, action: Any) -> None:
            found.action = action

        def disable(self) -> None:
            found.action = None
            found.disabled += 1

        def is_available(self) -> bool:
            return found.is_there

    yield found
    _base._classes.pop("homegrown")
    _base._integrations.pop("homegrown", None)
    _base.active_integrations.clear()


def test_the_adapters_are_listed_and_another_can_be_added(framework: SimpleNamespace) -> None:
    assert list_integrations() == ["homegrown", "lightgbm", "lightning", "sklearn", "ultralytics", "xgboost"]


def test_an_unknown_framework_is_refused_with_the_known_ones(reports: Reports) -> None:
    action = reports.action(lambda action: action.autolog("keras"))

    with pytest.raises(ValueError, match="no framework 'keras'; known are lightgbm, lightning, sklearn"):
        action.run()
    with pytest.raises(ValueError, match="no framework 'keras'"):
        disable_autolog("keras")


def test_a_framework_that_is_not_installed_is_told_with_its_remedy(
    framework: SimpleNamespace, reports: Reports
) -> None:
    framework.is_there = False

    with pytest.raises(
        ImportError, match=r"needs homegrown, which is not installed here\..*pip install homegrown"
    ):
        autolog("homegrown", reports.action(lambda _: None))


@pytest.mark.parametrize("is_failing", [False, True])
def test_it_ends_with_the_action(framework: SimpleNamespace, reports: Reports, is_failing: bool) -> None:
    def execute(action: Any) -> None:
        action.autolog("homegrown")
        assert framework.action is action
        if is_failing:
            raise RuntimeError("no")

    action = reports.action(execute)
    if is_failing:
        with pytest.raises(RuntimeError):
            action.run()
    else:
        action.run()

    assert framework.action is None


def test_another_action_takes_it_over_and_the_first_one_s_end_leaves_it(
    framework: SimpleNamespace, reports: Reports
) -> None:
    second = reports.action(lambda _: None)

    def execute(first: Any) -> None:
        first.autolog("homegrown")
        autolog("homegrown", second)

    reports.action(execute).run()

    assert framework.action is second
    disable_autolog("homegrown")
    assert framework.action is None


def test_patches_go_back_to_what_was_there_own_inherited_or_absent() -> None:
    class Base:
        def inherited(self) -> str:
            return "base"

    class Child(Base):
        def own(self) -> str:
            return "own"

    before = dict(vars(Child))
    patches = Patches()
    for name in ("own", "inherited", "own"):
        patches.wrap(Child, name, lambda method: lambda self: f"patched {method(self)}")
    assert (Child().own(), Child().inherited()) == ("patched patched own", "patched base")

    patches.undo()
    patches.undo()

    assert dict(vars(Child)) == before
    assert (Child().own(), Child().inherited()) == ("own", "base")


def test_a_patch_that_somebody_put_over_ours_stays_theirs() -> None:
    module = SimpleNamespace(train=lambda: "ours")
    patches = Patches()
    patches.wrap(module, "train", lambda train: lambda: f"patched {train()}")
    inner = module.train
    module.train = lambda: f"theirs {inner()}"

    patches.undo()

    assert module.train() == "theirs patched ours"


def test_what_a_training_knows_of_itself_is_seen_in_other_threads_and_ends_with_the_action(
    reports: Reports,
) -> None:
    seen = []

    def execute(action: Any) -> None:
        asyncio.run(train(action))
        seen.append(get_autolog_context())

    async def train(action: Any) -> None:
        await asyncio.to_thread(set_autolog_context, AutologContext(action, 3))

    action = reports.action(execute)
    action.run()

    assert [context and (context.action, context.total_epochs) for context in seen] == [(action, 3)]
    assert get_autolog_context() is None
