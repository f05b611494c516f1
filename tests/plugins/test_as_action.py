"""Functions and plain classes as actions: they get what their signatures say, and run as any action does."""

from __future__ import annotations

import functools
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field
from tests.plugins.recording import RecordingSink

from synapse_sdk.plugins import BaseAction, LocalExecutor, RuntimeContext, action
from synapse_sdk.plugins.as_action import as_action
from synapse_sdk.plugins.errors import ExecutionError, ParamsError, PluginRunError
from synapse_sdk.plugins.result import NoResult


class Params(BaseModel):
    size: int = Field(default=3, ge=1)


class Result(BaseModel):
    size: int


def execute(target: Any, params: Any = None) -> Any:
    return LocalExecutor(sinks=[]).execute(target, params)


@action("count", description="Counts.", params=Params, result=Result)
def decorated(params: Any, context: RuntimeContext) -> dict:
    context.log_message("counting")
    return {"size": params.size}


@action
def bare(params: dict) -> Any:
    return params


@action()
def without_params() -> str:
    return "done"


@action()
async def waiting(params: Params, context: Any) -> int:
    return params.size


def by_name(size: int, kind: Literal["a", "b"] = "a", *, ctx: Any, **more: Any) -> dict:
    assert isinstance(ctx, RuntimeContext)
    return {"size": size, "kind": kind, **more}


def whole(params: dict, context: Any) -> Any:
    return params


def with_model(wanted: Params) -> int:
    return wanted.size


def by_place(size: int, /, factor: int = 2) -> int:
    return size * factor


def any_params(**kwargs: Any) -> dict:
    return kwargs


async def asynchronous(size: int = 1) -> int:
    return size + 1


@pytest.mark.parametrize(
    ("function", "params", "result"),
    [
        (decorated, {"size": "4"}, {"size": 4}),
        (bare, {"x": 1}, {"x": 1}),
        (without_params, None, "done"),
        (waiting, {"size": 2}, 2),
        (by_name, {"size": "5", "extra": 1}, {"size": 5, "kind": "a", "extra": 1}),
        (whole, {"x": 1}, {"x": 1}),
        (with_model, {"size": 7}, 7),
        (by_place, {"size": "4"}, 8),
        (any_params, {"a": 1, "b": [2]}, {"a": 1, "b": [2]}),
        (any_params, {}, {}),
        (asynchronous, {}, 2),
        (lambda: 3, {}, 3),
        (functools.partial(by_place, factor=10), {"size": 2}, 20),
    ],
)
def test_a_function_gets_what_its_signature_says(function: Any, params: Any, result: Any):
    assert execute(function, params) == result


@pytest.mark.parametrize("function", [decorated, by_name, with_model])
def test_the_params_of_a_function_are_checked(function: Any):
    with pytest.raises(ParamsError) as caught:
        execute(function, {"size": "many"})

    assert "size" in caught.value.message
    assert "'many'" in caught.value.message


def test_a_param_without_a_default_is_required():
    with pytest.raises(ParamsError, match="The params of by_name do not fit: size: Field required"):
        execute(by_name, {})


def test_what_a_function_raises_is_the_actions_failure():
    def fail() -> None:
        raise OSError("no room")

    with pytest.raises(ExecutionError, match="OSError: no room"):
        execute(fail)


def test_a_decorated_function_is_still_that_function_and_carries_its_marks():
    assert bare({"x": 1}) == {"x": 1}
    assert bare.__name__ == "bare"
    assert decorated.__wrapped__  # type: ignore[attr-defined]
    marks = {name: getattr(decorated, name) for name in vars(decorated) if name.startswith("_action_")}
    assert marks == {
        "_action_name": "count", "_action_description": "Counts.", "_action_params": Params,
        "_action_result": Result, "_action_category": None,
    }  # fmt: skip
    assert (decorated._is_action, bare._action_name) == (True, "bare")  # type: ignore[attr-defined]


def test_the_class_of_a_function_says_what_the_function_says():
    made = as_action(decorated)

    assert issubclass(made, BaseAction)
    assert (made.action_name, made.params_model, made.result_model) == ("count", Params, Result)
    assert as_action(by_name, name="train").action_name == "train"
    assert as_action(by_name).result_model is NoResult
    assert not hasattr(as_action(whole), "params_model")
    schema = as_action(by_name).params_model.model_json_schema()
    assert schema["properties"]["kind"] == {
        "default": "a",
        "enum": ["a", "b"],
        "title": "Kind",
        "type": "string",
    }
    assert (schema["required"], schema["additionalProperties"]) == (["size"], True)


def test_a_decorated_function_reports_as_an_action_does():
    sink = RecordingSink()

    LocalExecutor(sinks=[sink]).execute(decorated, {})

    assert sink.contents() == ["counting"]


class Validator:
    """A class of the older kind: made with what it wants, then asked to do its work."""

    def __init__(self, context: Any, strict_mode: bool = False) -> None:
        self.context, self.strict_mode = context, strict_mode

    def validate(self, data: dict | None = None) -> dict:
        return {"valid": True, "strict": self.strict_mode, "data": data}


class Executes:
    params_model = Params

    def execute(self, params: Any) -> int:
        return params.size


class Runs(Validator):
    def run(self, **kwargs: Any) -> dict:
        return kwargs


class Called:
    def __call__(self, size: int) -> int:
        return size


@pytest.mark.parametrize(
    ("target", "name", "params", "result"),
    [
        (
            Validator, "validate", {"strict_mode": "yes", "data": {"a": 1}},
            {"valid": True, "strict": True, "data": {"a": 1}},
        ),
        (Executes, None, {"size": 2}, 2),
        (Runs, "validate", {"a": 1}, {"a": 1, "strict_mode": False}),
        (Called, None, {"size": "2"}, 2),
    ],
)  # fmt: skip
def test_a_plain_class_is_made_and_does_its_work(target: type, name: str | None, params: Any, result: Any):
    made = as_action(target, name=name)

    assert execute(made, params) == result
    assert made.__name__ == target.__name__


class Strict:
    result_model = Result
    strict_result = True

    def run(self, size: Any) -> dict:
        return {"size": size}


def test_a_plain_class_may_be_strict_about_its_result():
    assert execute(Strict, {"size": "3"}) == Result(size=3)
    with pytest.raises(ExecutionError, match="does not fit Result: size"):
        execute(Strict, {"size": "many"})


def test_an_instance_that_can_be_called_is_a_function():
    assert execute(Called(), {"size": 3}) == 3


def test_a_base_action_is_what_it_is():
    class Own(BaseAction[Params]):
        def execute(self) -> int:
            return self.params.size

    assert as_action(Own) is Own


class Nothing:
    def prepare(self) -> None: ...


def unknown_annotation(size: Wrong) -> None:  # type: ignore[name-defined]  # noqa: F821
    ...


def underscored(_size: int) -> None: ...


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (3, "3 is a int: no subclass of BaseAction, no function and no class"),
        (Nothing, r"The class Nothing has no execute\(\), no run\(\), no train\(\), no __call__\(\)"),
        (unknown_annotation, "What unknown_annotation takes can not be told .* 'Wrong' is not defined"),
        (underscored, "The parameters of 'underscored' can not be params"),
        (min, "What min takes can not be told from its signature"),
    ],
)
def test_what_is_no_action_is_refused_with_the_reason(target: Any, message: str):
    with pytest.raises(PluginRunError, match=message) as caught:
        as_action(target, name="train")
    assert caught.value.hint


def test_a_parameter_of_its_own_keeps_its_default():
    def work(size: int, _cache: dict | None = None) -> list:
        return [size, _cache]

    assert execute(work, {"size": 1}) == [1, None]


def test_params_may_be_called_as_a_models_own_methods_are():
    def odd(schema: str, copy: bool = True, model_name: str = "m") -> list:
        return [schema, copy, model_name]

    assert execute(odd, {"schema": "s"}) == ["s", True, "m"]


@pytest.mark.parametrize(
    "place", ["tests.plugins.test_as_action:with_model", "tests.plugins.test_as_action.with_model"]
)
def test_an_action_may_be_named_by_where_it_is(place: str):
    assert execute(place, {"size": 9}) == 9


@pytest.mark.parametrize("place", ["tests.plugins.test_as_action:nothing", "no.such.module:X", "!"])
def test_a_place_that_holds_nothing_is_told(place: str):
    with pytest.raises(PluginRunError, match="can not be imported") as caught:
        execute(place)
    assert "package.module:Name" in (caught.value.hint or "")
