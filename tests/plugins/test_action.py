"""`BaseAction`: its params model, its call, its result, and what it passes on to the context."""

from __future__ import annotations

import asyncio
from typing import Any, Generic, TypeVar

import pydantic
import pytest
from pydantic import BaseModel
from tests.plugins.recording import RecordingSink

from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.actions.add_task_data import AddTaskDataAction
from synapse_sdk.plugins.actions.dataset import DatasetAction
from synapse_sdk.plugins.actions.export import DefaultExportAction, ExportAction
from synapse_sdk.plugins.actions.to_task import ToTaskAction
from synapse_sdk.plugins.actions.train import BaseTrainAction
from synapse_sdk.plugins.actions.upload import DefaultUploadAction
from synapse_sdk.plugins.context import RuntimeContext
from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.events import EventStream


class Params(BaseModel):
    x: int = 1


class OtherParams(BaseModel):
    y: int = 2


class Result(BaseModel):
    total: int


P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T", bound=BaseModel)


class Middle(BaseAction[P], Generic[P]):
    def execute(self) -> Any: ...


class Swapped(BaseTrainAction[P], Generic[R, P]):
    def execute(self) -> Any: ...


class Deep(Swapped[Result, T], Generic[T]): ...


class Fixed(Swapped[R, Params], Generic[R]): ...


class Explicit(BaseAction[Params]):
    params_model = OtherParams

    def execute(self) -> Any: ...


class Mixin(Generic[T]): ...


class GenericParams(BaseModel, Generic[T]):
    inner: T


def derive(*bases: Any) -> Any:
    import types

    return types.new_class("Leaf", bases)


@pytest.mark.parametrize(
    ("bases", "model"),
    [
        ((BaseAction[Params],), Params),
        ((Middle[Params],), Params),
        ((Swapped[Result, Params],), Params),
        ((Deep[Params],), Params),
        ((Fixed[Result],), Params),
        ((Mixin[OtherParams], BaseAction[Params]), Params),
        ((derive(BaseAction[Params]),), Params),
        ((Explicit,), OtherParams),
        ((Explicit, Mixin[Params]), OtherParams),
        ((BaseAction[GenericParams[Params]],), GenericParams[Params]),
    ],
)
def test_the_params_model_is_what_stands_in_the_brackets(bases: tuple[Any, ...], model: type[BaseModel]):
    assert derive(*bases).params_model is model


@pytest.mark.parametrize("bases", [(BaseAction,), (BaseAction[dict],), (Middle,), (BaseAction[Any],)])
def test_without_a_model_in_the_brackets_there_is_none(bases: tuple[Any, ...]):
    assert not hasattr(derive(*bases), "params_model")


@pytest.mark.parametrize(
    "complete",
    [DefaultUploadAction, DefaultExportAction, ExportAction, DatasetAction, ToTaskAction, AddTaskDataAction],
)
def test_a_complete_action_takes_its_own_params_or_more_of_them_in_the_brackets(complete: Any):
    own = complete.params_model
    wider = pydantic.create_model("Wider", __base__=own, colour=(str, "red"))

    assert derive(complete).params_model is own
    assert derive(complete[wider]).params_model is wider
    with pytest.raises(
        TypeError, match=f"Params is not derived from {own.__name__}, which {complete.__name__} needs"
    ):
        derive(complete[Params])


def make(action_cls: type[BaseAction[Any]], params: Any = None, **options: Any):
    sink = RecordingSink()
    stream = EventStream([sink])
    return action_cls(params, RuntimeContext(stream, {}, **options)), sink, stream


class Sum(BaseAction[Params]):
    result_model = Result

    def execute(self) -> Any:
        return Result(total=self.params.x + 1)


def test_an_action_stores_its_params_and_context_and_nothing_else():
    action, _, _ = make(Sum, Params())

    assert set(vars(action)) == {"params", "ctx"}
    assert action.logger is action.ctx.logger


def test_a_class_without_execute_can_not_be_built():
    class Empty(BaseAction[Params]): ...

    with pytest.raises(TypeError, match="abstract"):
        make(Empty)


def test_running_returns_the_model_which_also_reads_as_a_mapping():
    result = make(Sum, Params(x=2))[0].run()

    assert result == Result(total=3)
    assert result["total"] == 3


def test_a_result_that_does_not_fit_is_a_warning_and_is_returned():
    class Wrong(Sum):
        def execute(self) -> Any:
            return {"total": "many"}

    action, sink, stream = make(Wrong, Params())

    assert action.run() == {"total": "many"}

    stream.close()
    assert [event.level for event in sink.events] == ["warning"]
    assert "total: Input should be a valid integer" in sink.contents()[0]


def test_a_strict_result_is_the_model_or_a_failure():
    class Strict(Sum):
        strict_result = True

        def execute(self) -> Any:
            return {"total": "3"} if self.params.x else {"total": "many"}

    assert make(Strict, Params(x=1))[0].run() == Result(total=3)
    with pytest.raises(ExecutionError, match="does not fit Result: total: Input should be a valid integer"):
        make(Strict, Params(x=0))[0].run()


class Waits(BaseAction[Params]):
    async def execute(self) -> int:
        await asyncio.sleep(0)
        return self.params.x


def test_an_async_execute_is_awaited():
    assert make(Waits, Params(x=5))[0].run() == 5


def test_an_async_execute_is_awaited_inside_a_running_loop_too():
    async def notebook() -> Any:
        return make(Waits, Params(x=5))[0].run()

    assert asyncio.run(notebook()) == 5


def test_an_error_of_an_async_execute_comes_out():
    class Fails(BaseAction[Params]):
        async def execute(self) -> None:
            raise LookupError("gone")

    async def notebook() -> None:
        make(Fails, Params())[0].run()

    with pytest.raises(LookupError, match="gone"):
        asyncio.run(notebook())


def test_dispatch_validates_builds_and_runs():
    ctx = make(Sum, Params())[0].ctx

    assert Sum.dispatch({"x": "4"}, ctx) == Result(total=5)
    assert Sum.dispatch(Params(x=4), ctx) == Result(total=5)
    with pytest.raises(pydantic.ValidationError):
        Sum.dispatch({"x": "four"}, ctx)


def test_dispatch_without_a_model_hands_the_dict_on():
    class Bare(BaseAction):  # type: ignore[type-arg]
        def execute(self) -> Any:
            return self.params

    given = {"any": "thing"}
    assert Bare.dispatch(given, make(Bare)[0].ctx) is given


@pytest.mark.parametrize(
    "speak",
    [
        lambda a: (a.set_progress(1, 2, "s"), a.set_metrics({"m": 1}, "s")),
        lambda a: (a.set_progress(1, 2, step="s"), a.set_metrics({"m": 1}, step="s")),
        lambda a: (a.set_progress(1, 2, category="s"), a.set_metrics({"m": 1}, category="s")),
        lambda a: (a.set_progress(1, 2, "s", category="t"), a.set_metrics({"m": 1}, "s", category="t")),
    ],
)
@pytest.mark.parametrize(
    "speaker", [lambda action: action, lambda action: action.ctx], ids=["action", "context"]
)
def test_a_step_may_also_be_called_category(speak: Any, speaker: Any):
    action, sink, stream = make(Sum, Params())

    speak(speaker(action))

    stream.close()
    assert [(event.kind, event.step) for event in sink.events] == [("progress", "s"), ("metric", "s")]


def test_an_action_passes_everything_on_to_its_context():
    action, sink, stream = make(Sum, Params())

    action.log("mine", {"a": 1}, "out.txt")
    action.log_message("hello {who}", "success", who="you")
    action.log_message("careful", context="warning")
    action.log_metric("train", "loss", 0.5, accuracy=1)
    action.log_visualization("train", "samples", 0, "a.png", width=3)

    stream.close()
    found = [(item.kind, item.name, item.level, item.step, item.values, item.body) for item in sink.events]
    assert found == [
        ("log", "mine", "info", None, None, {"a": 1, "file": "out.txt"}),
        ("message", None, "success", None, None, {"content": "hello you"}),
        ("message", None, "warning", None, None, {"content": "careful"}),
        ("metric", None, None, "train", {"loss": 0.5, "accuracy": 1.0}, None),
        ("log", "visualization", "info", None, None,
         {"category": "train", "group": "samples", "index": 0, "file": "a.png", "width": 3}),
    ]  # fmt: skip
