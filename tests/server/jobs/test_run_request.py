"""Params that can not fit are refused before a machine is busy with them."""

from __future__ import annotations

import pytest

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
