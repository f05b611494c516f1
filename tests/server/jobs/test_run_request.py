"""Params that can not fit are refused before a machine is busy with them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, create_model
from tests.plugins.random_models import ANNOTATIONS, VALUES

from synapse_sdk.plugins.actions.train import BaseTrainParams
from synapse_sdk.server.http import InvalidError, NotFoundError
from synapse_sdk.server.jobs.run_request import check_params, get_action

SCHEMA = {
    "type": "object",
    "required": ["epochs"],
    "properties": {
        "epochs": {"type": "integer"},
        "name": {"type": "string"},
        "rate": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "colour": {"enum": ["red", "blue"], "type": "string"},
        "flag": {"type": "boolean"},
        "sizes": {"type": "array"},
        "extra": {"$ref": "#/$defs/Extra"},
    },
}


@pytest.mark.parametrize(
    "params",
    [
        {"epochs": 1},
        {"epochs": "12"},  # as the author's own model reads it
        {"epochs": 3.0, "rate": None, "flag": "yes", "sizes": [1], "extra": {"a": 1}},
        {"epochs": 1, "rate": "1e-3", "colour": "red"},
    ],
)
def test_what_may_fit_passes(params):
    check_params(params, SCHEMA)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "params.epochs: is missing"),
        ({"epochs": "many"}, "must be a whole number, not the text 'many'"),
        ({"epochs": 1.5}, "must be a whole number, not 1.5"),
        ({"epochs": 1, "name": 3}, "params.name: must be a text, not 3"),
        ({"epochs": 1, "rate": "fast"}, "params.rate: must be a number"),
        ({"epochs": 1, "flag": "perhaps"}, "must be true or false"),
        ({"epochs": 1, "sizes": {"a": 1}}, "must be a list, not an object"),
        ({"epochs": 1, "colour": "green"}, "must be one of 'red', 'blue'"),
        ({"epoch": 1}, "did you mean 'epochs'"),
    ],
)
def test_what_can_not_fit_is_refused_with_its_field(params, words):
    with pytest.raises(InvalidError) as caught:
        check_params(params, SCHEMA)
    assert words in caught.value.message


def test_all_problems_are_said_at_once():
    with pytest.raises(InvalidError) as caught:
        check_params({"name": 1, "nome": 2}, SCHEMA)
    assert [problem["loc"] for problem in caught.value.details["errors"]] == [
        ["params", "epochs"],
        ["params", "name"],
        ["params", "nome"],
    ]


class Box(BaseModel):
    width: int = Field(ge=1)
    name: str = Field("box", pattern="^[a-z]+$", max_length=5)


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float = Field(gt=0)


class Square(BaseModel):
    kind: Literal["square"]
    side: float = Field(gt=0)


class Tree(BaseModel):
    size: int = Field(1, le=9)
    parts: list[Tree] = []


class Deep(BaseModel):
    boxes: list[Box] = Field([], max_length=2)
    one: Box | None = None
    shape: Circle | Square | None = None
    marked: Annotated[Circle | Square, Field(discriminator="kind")] | None = None
    either: int | list[int] = 1
    tree: Tree = Tree()
    step: int = Field(4, multiple_of=4)
    days: dict[str, int] = {}
    token: SecretStr | None = None


@pytest.mark.parametrize(
    ("params", "place", "said"),
    [
        ({"boxes": [{"width": 1}, {"width": 0}]}, ["boxes", 1, "width"], "must be at least 1"),
        ({"boxes": [{}]}, ["boxes", 0, "width"], "is missing"),
        ({"boxes": [{"width": 1}] * 3}, ["boxes"], "must have at most 2 items"),
        ({"one": {"width": 1, "name": "Box"}}, ["one", "name"], "must match the pattern ^[a-z]+$"),
        ({"one": {"width": 1, "name": "abcdef"}}, ["one", "name"], "must have at most 5 characters"),
        ({"shape": {"kind": "square", "side": 0}}, ["shape", "side"], "must be more than 0"),
        ({"marked": {"kind": "circle", "radius": -1}}, ["marked", "radius"], "must be more than 0"),
        ({"either": "x"}, ["either"], "must be a whole number or a list, not the text 'x'"),
        ({"either": [1, "x"]}, ["either", 1], "must be a whole number, not the text 'x'"),
        (
            {"tree": {"parts": [{"parts": [{"size": 10}]}]}},
            ["tree", "parts", 0, "parts", 0, "size"],
            "at most 9",
        ),
        ({"step": 6}, ["step"], "must be a multiple of 4"),
        ({"days": {"monday": "x"}}, ["days", "monday"], "must be a whole number"),
    ],
)
def test_a_rule_inside_of_lists_groups_and_choices_is_told_at_its_place(params, place, said):
    with pytest.raises(ValidationError):
        Deep.model_validate(params)
    with pytest.raises(InvalidError) as caught:
        check_params(params, Deep.model_json_schema())
    (problem,) = caught.value.details["errors"]
    assert problem["loc"] == ["params", *place]
    assert said in problem["msg"]


def test_a_bound_is_told_to_programs_too():
    with pytest.raises(InvalidError) as caught:
        check_params({"step": 6}, Deep.model_json_schema())
    assert caught.value.details["errors"][0]["ctx"] == {"multiple_of": 4}


def test_a_refused_secret_is_not_shown():
    with pytest.raises(InvalidError) as caught:
        check_params({"token": ["hush"], "boxes": [{"width": 0}]}, Deep.model_json_schema())
    assert "hush" not in json.dumps(caught.value.details) + caught.value.message


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "pattern": "(?=b)b"}, "a"),  # no pattern of ours: it could take for ever
        ({"type": "string", "format": "uuid"}, "a"),
        ({"type": "array", "maxItems": 1, "uniqueItems": True}, [1, 1]),
        ({"$ref": "elsewhere"}, 1),
        ({"type": ["integer", "null"]}, "x"),
        (True, 1),
        ({"enum": [{"a": 1}]}, 1),
        ({"type": "string", "minLength": "x"}, "a"),
    ],
)
def test_where_the_schema_says_nothing_for_sure_nothing_is_refused(schema, value):
    check_params({"x": value}, {"properties": {"x": schema}})


def test_a_pattern_that_keeps_others_busy_is_matched_at_once():
    with pytest.raises(InvalidError, match="must match the pattern"):
        check_params(
            {"x": "a" * 50_000 + "!"}, {"properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}}
        )


@settings(max_examples=300, deadline=None)
@given(ANNOTATIONS, VALUES)
def test_server_and_model_accept_and_refuse_the_same_values(annotation: Any, value: Any) -> None:
    model = create_model("Params", __config__=ConfigDict(extra="forbid"), field=(annotation, ...))
    try:
        model.model_validate_json(json.dumps({"field": value}))
        is_good = True
    except ValidationError:
        is_good = False
    try:
        check_params({"field": value}, model.model_json_schema())
        is_taken = True
    except InvalidError:
        is_taken = False
    # Parts that are strict models are held to lax rules here: of them a refusal is certain, a pass is not.
    assert is_taken or not is_good
    if "Made" not in repr(annotation):
        assert is_taken == is_good


def test_without_a_schema_the_worker_has_the_only_word():
    check_params({"anything": object()}, None)


def test_an_unknown_action_names_the_known_and_the_closest():
    config = {"actions": {"train": {}, "inference": {}}}
    with pytest.raises(
        NotFoundError, match=r"Action not found: trian. This plugin has inference, train."
    ) as caught:
        get_action(config, "trian")
    assert caught.value.hint == "Did you mean 'train'?"
    with pytest.raises(InvalidError, match="action: is missing"):
        get_action(config, None)
    assert get_action({"actions": {"train": {"x": 1}}}, None) == ("train", {"x": 1})


class Training(BaseTrainParams):
    rate: float = Field(gt=0)
    rounds: int = Field(alias="roundCount")
    note: str = ""


RATE = {"name": "rate", "type": "loguniform", "min": 0.1, "max": 1}
ROUNDS = {"name": "roundCount", "type": "choice", "options": [3, 4]}


@pytest.mark.parametrize(
    ("params", "fits"),
    [
        ({"rate": 1, "roundCount": 2}, True),
        ({"hyperparameters": [{"rate": 1, "roundCount": 2}]}, True),
        ({"hyperparameters": [{"rate": 1}], "roundCount": 2}, True),
        ({"hyperparameters": [{"rate": 1}]}, False),
        ({"hyperparameters": [{"rate": 0}], "roundCount": 2}, False),
        ({"hyperparameters": [{"rate": 0}], "roundCount": 2, "rate": 1}, True),
        ({"hyperparameters": [], "rate": 1, "roundCount": 2}, True),
        ({"hyperparameters": 3, "rate": 1, "roundCount": 2}, False),
        ({"is_tune": True, "hyperparameters": [RATE, ROUNDS]}, True),
        ({"is_tune": True, "hyperparameters": [RATE], "roundCount": 2}, True),
        ({"is_tune": True, "hyperparameters": [RATE]}, False),
        ({"is_tune": True, "hyperparameters": [{**RATE, "min": None}, ROUNDS]}, False),
    ],
)
def test_params_of_a_training_may_stand_in_its_hyperparameters(params: dict[str, Any], fits: bool):
    params = {"dataset": 1, **params}
    try:
        Training.model_validate(params)
        accepted = True
    except ValidationError:
        accepted = False
    assert accepted is fits

    if fits:
        check_params(params, Training.model_json_schema())
    else:
        with pytest.raises(InvalidError):
            check_params(params, Training.model_json_schema())
