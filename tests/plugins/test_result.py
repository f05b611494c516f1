"""Results: a model stays what it is and also reads as a mapping; what does not fit is warned about."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel

from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.plugins.result import NoResult, enforce_result, readable, validate_result


class Plain(BaseModel):
    loss: float = 0.5
    name: str = "best"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)

    loss: float = 0.5


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    loss: float = 0.5


class Own(BaseModel):
    loss: float = 0.5

    def __getitem__(self, key: str) -> str:
        return f"own {key}"


class Heir(Own):
    more: int = 1


T = TypeVar("T")


class Generic_(BaseModel, Generic[T]):  # noqa: N801
    loss: T


Specific = Generic_[float]


class Root(RootModel[dict[str, float]]):
    pass


class Private(BaseModel):
    loss: float = 0.5
    _hidden: int = PrivateAttr(default=7)


class Aliased(BaseModel):
    loss: float = Field(0.5, alias="the-loss")


class Registered(BaseModel):
    loss: float = 0.5

    def __init_subclass__(cls, *, tag: str = "", **options: Any) -> None:
        if not tag:
            raise TypeError("a tag is needed")
        super().__init_subclass__(**options)


class Tagged(Registered, tag="t"):
    pass


class Slotted(BaseModel):
    __slots__ = ("cache",)
    loss: float = 0.5


MODELS = [
    Plain, Frozen, Own, Heir, Private, Aliased, Slotted,
    lambda: Open(extra=1), lambda: Specific(loss=0.5), lambda: Root({"loss": 0.5}),
]  # fmt: skip


@pytest.mark.parametrize("make", MODELS)
def test_a_model_stays_what_it_is(make: Any):
    original, expected = make(), make()
    kind = type(original)

    result = readable(original)

    assert result is original
    assert isinstance(result, kind)
    assert result == expected
    assert expected == result
    assert result == expected
    assert repr(result) == repr(expected)
    assert result.model_dump() == expected.model_dump()
    assert result.model_dump_json() == expected.model_dump_json()
    assert copy.copy(result) == copy.deepcopy(result) == result.model_copy() == expected
    assert kind.model_validate(result) is result
    assert kind.model_json_schema() == type(expected).model_json_schema()


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_model_goes_to_another_process_and_still_reads_there(make: Any, protocol: int):
    result = readable(make())

    again = pickle.loads(pickle.dumps(result, protocol))

    assert again == make()
    assert again["loss"] == result["loss"]


@pytest.mark.parametrize("make", MODELS)
def test_a_model_reads_as_a_mapping(make: Any):
    result = readable(make())

    assert "loss" in result
    assert "nope" not in result
    assert result["loss"] in (0.5, "own loss")
    assert result.get("loss") == result["loss"]
    assert result.get("nope") is None
    assert result.get("nope", 1) == 1
    assert "loss" in result.keys()  # noqa: SIM118 - this is what is tested


def test_a_key_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError, match="nope"):
        readable(Plain())["nope"]  # type: ignore[index]


def test_extra_fields_read_too_and_aliases_read_by_their_field():
    assert readable(Open(extra=1))["extra"] == 1  # type: ignore[index]
    assert readable(Aliased(**{"the-loss": 1.0}))["loss"] == 1.0  # type: ignore[index]


def test_fields_called_like_the_methods_of_a_mapping_stay_fields():
    class Clash(BaseModel):
        keys: list[str] = ["a"]
        get: int = 3

    result: Any = readable(Clash())

    assert (result.keys, result.get) == (["a"], 3)
    assert (result["keys"], result["get"]) == (["a"], 3)
    assert "keys" in result


def test_a_class_that_will_not_be_derived_from_stays_as_it_is():
    assert readable(Tagged()) == Tagged()


def test_frozen_stays_frozen_and_hashable():
    result = readable(Frozen())

    assert hash(result) == hash(Frozen())
    with pytest.raises(ValueError, match="frozen"):
        result.loss = 1.0  # type: ignore[attr-defined]


def test_private_attributes_and_assignments_still_work():
    result: Any = readable(Private())

    result.loss = 2.0

    assert (result._hidden, result["loss"]) == (7, 2.0)


def test_asking_again_and_again_makes_one_class():
    first, second = readable(Plain()), readable(Plain())
    kinds = {type(readable(readable(first))), type(second)}

    assert len(kinds) == 1
    assert len([base for base in kinds.pop().__mro__ if base.__name__ == "Plain"]) == 2
    assert Plain.__subclasses__() == [type(first)]


def test_results_of_many_threads_are_equal():
    class Fresh(BaseModel):
        x: int = 1

    barrier = threading.Barrier(8)
    found: list[BaseModel] = []

    def work() -> None:
        barrier.wait()
        found.append(readable(Fresh()))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(result == Fresh() for result in found)


def test_other_models_of_the_class_are_not_touched():
    readable(Plain())

    assert not hasattr(Plain(), "keys")


# Checking


def check(result: Any, model: Any) -> tuple[Any, list[str]]:
    warnings: list[str] = []
    return validate_result(result, model, warnings.append), warnings


@pytest.mark.parametrize("result", [None, 5, {"a": 1}, object(), [1]])
def test_no_promise_takes_anything_unchanged(result: object):
    assert check(result, NoResult) == (result, [])


def test_a_dict_that_fits_stays_that_dict():
    given = {"loss": "0.25", "more": 1}

    result, warnings = check(given, Plain)

    assert result is given
    assert result == {"loss": "0.25", "more": 1}
    assert warnings == []


@pytest.mark.parametrize(
    ("result", "model", "warning"),
    [
        (
            {"loss": "low", "name": 5},
            Plain,
            ["loss: Input should be a valid number", "name: Input should be"],
        ),
        (None, Plain, ["The result is a NoneType, not a Plain."]),
        (Open(), Plain, ["The result is a Open, not a Plain."]),
        ([1], dict, ["The result is a list, not a dict."]),
        ({"a": "x"}, dict[str, float], ["a: Input should be a valid number"]),
        (5, Plain | None, ["The result does not fit"]),
    ],
)
def test_what_does_not_fit_is_warned_about_and_returned(result: Any, model: Any, warning: list[str]):
    returned, warnings = check(result, model)

    assert returned is result
    assert len(warnings) == 1
    for part in warning:
        assert part in warnings[0]


@pytest.mark.parametrize(
    ("result", "model"), [({"a": 1.0}, dict[str, float]), (None, Plain | None), (Plain(), Plain), ([1], list)]
)
def test_what_fits_is_returned_without_a_word(result: Any, model: Any):
    assert check(result, model) == (result, [])


def test_a_validator_that_breaks_does_not_lose_the_result():
    class Breaks(BaseModel):
        @classmethod
        def model_validate(cls, *_: Any, **__: Any) -> Any:
            raise RuntimeError("not this way")

        def model_post_init(self, _: Any) -> None:
            raise RuntimeError("broken")

    returned, warnings = check({"a": 1}, Breaks)

    assert returned == {"a": 1}
    assert "broken" in warnings[0]


def test_without_anyone_to_warn_nothing_happens():
    assert validate_result(None, Plain) is None


def test_a_readable_model_is_still_written_as_json_by_those_who_dump_it():
    assert json.loads(readable(Plain()).model_dump_json()) == {"loss": 0.5, "name": "best"}


# Enforcing


@pytest.mark.parametrize(
    ("result", "model", "enforced"),
    [
        ({"loss": "0.25", "more": 1}, Plain, Plain(loss=0.25)),
        (Plain(loss=1), Plain, Plain(loss=1)),
        ({"a": "1"}, dict[str, float], {"a": 1.0}),
        (None, Plain | None, None),
        (object, NoResult, object),
    ],
)
def test_what_fits_becomes_what_was_promised(result: Any, model: Any, enforced: Any):
    found = enforce_result(result, model)

    assert found == enforced
    assert type(found) is type(readable(enforced) if isinstance(enforced, BaseModel) else enforced)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"loss": "low"}, "Action execution failed: the result does not fit Plain: loss: Input should be"),
        (None, "Action execution failed: the result is a NoneType, not a Plain."),
    ],
)
def test_what_does_not_fit_is_refused(result: Any, message: str):
    with pytest.raises(ExecutionError) as caught:
        enforce_result(result, Plain)

    assert caught.value.message.startswith(message)
    assert caught.value.details == {"result_model": "Plain"}
