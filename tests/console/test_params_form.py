"""From a schema to a form, and back to params."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, ValidationError, create_model
from tests.console.world import SCHEMAS
from tests.plugins.random_models import ANNOTATIONS, VALUES

from synapse_sdk.console.params_form import Field, build_fields, build_sent_fields
from synapse_sdk.console.params_values import fill_in, parse_form, parse_whole, place_problem
from synapse_sdk.console.texts import Texts

T = Texts("en")
TRAIN = SCHEMAS["train"]["params"]


def field_of(schema, **root):
    (field,) = build_fields({"properties": {"x": schema}, **root})
    return field


def test_fields_follow_the_schema():
    found = {field.name: field for field in build_fields(TRAIN)}
    assert list(found) == list(TRAIN["properties"])
    assert {name: field.kind for name, field in found.items()} == {
        "dataset": "integer",
        "epochs": "integer",
        "learning_rate": "number",
        "optimizer": "choice",
        "augment": "boolean",
        "note": "text",
        "layers": "list",
    }
    assert [name for name, field in found.items() if field.is_required] == ["dataset", "epochs"]
    assert (found["epochs"].minimum, found["epochs"].maximum) == (1, 100)
    assert found["epochs"].help == "How often all of the data is seen."
    assert found["dataset"].input_kind == "dataset"
    assert found["optimizer"].choices == [('"sgd"', "sgd"), ('"adam"', "adam")]
    assert found["optimizer"].default_shown == "sgd"


def test_the_form_as_it_is_first_shown_gives_the_defaults():
    fields = [field for field in build_fields(TRAIN) if not field.is_required]
    typed = fill_in(fields)

    params, problems = parse_form(fields, typed, T)

    assert problems == {}
    assert params == {"learning_rate": 0.05, "optimizer": "sgd", "augment": True, "layers": [64, 32]}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 7),
        ({"type": "number"}, 0.25),
        ({"type": "number"}, 3),
        ({"type": "string"}, 'a "quoted" text'),
        ({"type": "boolean"}, True),
        ({"type": "boolean"}, False),
        ({"enum": [1, "1", 2.5]}, "1"),
        ({"enum": [1, "1", 2.5]}, 1),
        ({"type": "object"}, {"a": [1, {"b": None}]}),
        ({}, [True, "x"]),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "auto"),
    ],
)
def test_what_a_job_was_given_comes_back_the_same(schema, value):
    field = field_of(schema)
    typed = fill_in([field], {"x": value})
    params, problems = parse_form([field], typed, T)
    assert problems == {}
    assert json.dumps(params) == json.dumps({"x": value})


@pytest.mark.parametrize(
    ("schema", "typed", "said"),
    [
        ({"type": "integer"}, "3.5", "Not a whole number"),
        ({"type": "number"}, "fast", "Not a number"),
        ({"type": "number"}, "nan", "Not a number"),
        ({"type": "number"}, "inf", "Not a number"),
        ({"type": "object"}, "[1,\n2", "Not JSON: look at line 2, column 2"),
        ({"enum": ["a"]}, '"b"', "Not one of the choices"),
    ],
)
def test_what_can_not_be_read_is_said_beside_its_field(schema, typed, said):
    _, problems = parse_form([field_of(schema)], {"p.x": typed}, T)
    assert problems == {"x": said}


def test_a_required_field_that_is_empty_is_needed():
    assert parse_form([field_of({"type": "string"}, required=["x"])], {"p.x": " "}, T)[1] == {"x": "Needed"}


def test_references_in_circles_end():
    schema = {"$ref": "#/$defs/A"}
    assert field_of(schema, **{"$defs": {"A": {"$ref": "#/$defs/A"}}}).kind == "json"


@pytest.mark.parametrize("schema", [True, {"type": ["integer", "null"]}, {"$ref": "elsewhere"}, {"enum": []}])
def test_odd_schemas_still_make_a_form(schema):
    assert field_of(schema).kind in ("json", "choice")


@pytest.mark.parametrize(
    "hints",
    [
        {"$formkit": "choice"},
        {"$formkit": "choice", "options": [3]},
        {"$formkit": "group"},
        {"$formkit": "repeater", "children": [{"$formkit": "text"}, 3]},
        {"options": 5},
        {"options": {"a": "A"}},
        {"validation": "required|length:1,2"},
        {"validation": [3, {}]},
        {"format": "json", "value": "no JSON", "$formkit": "textarea"},
        {"min": "1", "step": None, "number": True, "$formkit": "number"},
    ],
)
def test_an_element_of_an_odd_shape_still_asks_for_something(hints):
    for fields in (
        build_sent_fields([{"name": "x", **hints}, 3, {"no": "name"}]),
        build_fields({"properties": {"x": {"type": "string", **hints}}}),
    ):
        (field,) = fields
        typed = fill_in(fields)
        parse_form(fields, typed, T)
        facts = [name for name in dir(Field) if isinstance(getattr(Field, name), property)]
        assert all(getattr(field, name) is not Ellipsis for name in facts)


def test_models_that_hold_each_other_make_no_endless_form():
    names = [f"M{index}" for index in range(12)]
    holds_all = {"type": "object", "properties": {name: {"$ref": f"#/$defs/{name}"} for name in names}}
    (field,) = build_fields(
        {"properties": {"x": {"$ref": "#/$defs/M0"}}, "$defs": dict.fromkeys(names, holds_all)}
    )
    assert field.kind == "group"
    assert len(json.dumps(field.element)) < 1_000_000


def _is_blank(value: Any) -> bool:
    """A form says neither an empty text nor an empty list where nothing has to be given."""
    return value in ("", [], {}) or (isinstance(value, str) and not value.strip())


def _takes(model: Any, params: Any) -> bool:
    """Does the model take params as what they are? It takes true for the 1 of a choice, as 1."""
    text = json.dumps(params, sort_keys=True)
    try:
        read = model.model_validate_json(text)
    except ValidationError:
        return False
    return json.dumps(json.loads(read.model_dump_json()), sort_keys=True) == text


@settings(max_examples=300, deadline=None)
@given(ANNOTATIONS, st.lists(VALUES, min_size=4, max_size=12))
@example(list[bool] | None, [None])
@example(list[list[bool] | None], [[None, [True]]])
def test_what_the_model_takes_the_form_says_again(annotation, values):
    model = create_model(
        "Params", __config__=ConfigDict(extra="forbid", strict=True), field=(annotation, ...)
    )
    fields = build_fields(model.model_json_schema())
    for value in values:
        given = {"field": value}
        if _is_blank(value) or not _takes(model, given):
            continue
        params, problems = parse_form(fields, fill_in(fields, given), T)
        assert problems == {}
        assert json.dumps(params, sort_keys=True) == json.dumps(given, sort_keys=True)


@pytest.mark.parametrize(
    ("loc", "place"),
    [
        (["x"], ("x", "")),
        (["x", 1, "width"], ("x/4/width", "")),  # the item that is the second in the form
        (["x", 7], ("x", "")),
        (["x", 0, "free", "a", 2], ("x/0/free", "a[2]")),
        (["y"], None),
        ([], None),
    ],
)
def test_a_problem_is_placed_as_far_in_as_the_form_goes(loc, place):
    box = {"type": "object", "properties": {"width": {"type": "integer"}, "free": {"type": "object"}}}
    fields = build_fields({"properties": {"x": {"type": "array", "items": box}}})
    typed = {"p.x/0#": "1", "p.x/4#": "1", "p.x/four#": "1"}
    assert place_problem(fields, loc, typed) == place


def test_params_without_a_schema_are_one_json_object():
    assert parse_whole('{"a": 1}', T) == ({"a": 1}, None)
    assert parse_whole("", T) == ({}, None)
    assert parse_whole("[1]", T)[1] == 'Not an object: params look like {"name": value}'
    assert "line 1" in parse_whole("{", T)[1]


def test_a_text_of_several_lines_keeps_them():
    field = field_of({"type": "string", "default": "one\ntwo"})
    assert field.is_long
    params, _ = parse_form([field], {field.field_name: "one\r\ntwo"}, T)
    assert params == {"x": "one\ntwo"}


def test_a_param_that_may_be_nothing_can_be_left_so():
    nothing = {"anyOf": [{"type": "boolean"}, {"type": "null"}], "default": None}
    field = field_of(nothing)
    assert [shown for _, shown in field.choices] == ["true", "false", "\u2013"]
    assert parse_form([field], fill_in([field]), T)[0] == {"x": None}
    assert parse_form([field], {field.field_name: "false"}, T)[0] == {"x": False}


@pytest.mark.parametrize("value", [5, 0.5, "5", "a", True, None, {"a": 1}, [1, "x"]])
def test_a_hidden_field_keeps_its_value_whatever_that_is(value):
    (field,) = build_sent_fields([{"$formkit": "hidden", "name": "x", "value": value, "nullable": True}])

    assert field.is_hidden
    assert parse_form([field], fill_in([field]), T) == ({"x": value}, {})
    assert parse_form([field], fill_in([field], {"x": "of a job"}), T) == ({"x": "of a job"}, {})


def test_a_hidden_field_that_nobody_else_can_give_is_shown():
    schema = {"type": "integer", "hidden": True}

    assert field_of(schema).is_hidden
    assert field_of({**schema, "default": 1}, required=["x"]).is_hidden
    assert not field_of(schema, required=["x"]).is_hidden
