"""Forms of params: what they look like, and that they take what the model takes."""

from __future__ import annotations

import enum
import json
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, create_model
from tests.plugins.form import accepts
from tests.plugins.random_models import ANNOTATIONS, VALUES, make_model

from synapse_sdk.plugins import get_action_ui_schema, pydantic_to_ui_schema


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Inner(BaseModel):
    depth: int = Field(1, ge=0, lt=5)
    colour: Colour = Colour.RED


class Tree(BaseModel):
    children: list[Tree] = []


def element(annotation: Any, default: Any = ..., **facts: Any) -> dict[str, Any]:
    """Return the form's element of one field."""
    (found,) = pydantic_to_ui_schema(create_model("Params", the_field=(annotation, Field(default, **facts))))
    return found


def test_the_sheet_s_examples_are_the_same() -> None:
    class Params(BaseModel):
        epochs: int = Field(5, ge=1, le=10, description="E")
        ok: bool
        mode: str = Field(
            "a", json_schema_extra={"formkit": "select", "options": [{"label": "A", "value": "a"}]}
        )

    assert get_action_ui_schema(Params, "train") == {
        "action": "train",
        "ui_schemas": [
            {
                "$formkit": "number",
                "name": "epochs",
                "label": "Epochs",
                "value": 5,
                "placeholder": 5,
                "help": "E",
                "min": 1,
                "max": 10,
                "number": True,
            },
            {"$formkit": "checkbox", "name": "ok", "label": "Ok", "required": True},
            {
                "$formkit": "select",
                "name": "mode",
                "label": "Mode",
                "value": "a",
                "placeholder": "a",
                "options": [{"label": "A", "value": "a"}],
            },
        ],
    }
    assert list(pydantic_to_ui_schema(Params)[0]) == [
        *("$formkit", "name", "label", "value", "placeholder", "help", "min", "max", "number")
    ]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            element(Colour, Colour.BLUE),
            {
                "$formkit": "select",
                "options": [{"label": "red", "value": "red"}, {"label": "blue", "value": "blue"}],
                "value": "blue",
            },
        ),
        (element(Literal["x", 3]), {"options": [{"label": "x", "value": "x"}, {"label": "3", "value": 3}]}),
        (element(Size, Size.LARGE), {"$formkit": "select", "value": 2}),
        (element(int, gt=0, lt=5), {"min": 0, "max": 5, "validation": [["not", 0], ["not", 5]]}),
        (element(int, ge=1, multiple_of=4), {"min": 4, "step": 4}),
        (element(float, gt=0, le=1), {"min": 0, "max": 1, "step": "any", "validation": [["not", 0]]}),
        (element(int, multiple_of=32), {"step": 32}),
        (element(str, max_length=3, pattern="^a"), {"validation": [["length", 0, 3], ["matches", "/^a/"]]}),
        (element(int | None), {"$formkit": "number", "required": True, "nullable": True}),
        (element(int | None, None), {"$formkit": "number", "nullable": True}),
        (element(SecretStr, SecretStr("hush")), {"$formkit": "password"}),
        (element(dict[str, int], {"a": 1}), {"$formkit": "textarea", "format": "json", "value": '{"a": 1}'}),
        (element(str, alias="other"), {"name": "the_field", "label": "The Field"}),
        (element(str, title="A title"), {"name": "the_field", "label": "A title"}),
        (element(Colour, title="A title"), {"label": "A title", "$formkit": "select"}),
        (element(Inner, title="A title"), {"label": "A title", "$formkit": "group"}),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_each_construct_has_its_element(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {key: found.get(key) for key in expected} == expected
    assert "hush" not in json.dumps(found)
    assert ("value" in found) == ("value" in expected)


def test_lists_models_and_unions_show_their_parts() -> None:
    plain, models = element(list[int], [1], min_length=1, max_length=3), element(list[Inner])
    union = element(int | list[str] | None, None)

    assert (plain["$formkit"], plain["min"], plain["max"], plain["value"]) == ("repeater", 1, 3, [1])
    assert plain["children"] == [{"$formkit": "number", "number": True}]
    assert [child["name"] for child in models["children"]] == ["depth", "colour"]
    assert element(Inner)["$formkit"] == "group"
    assert [option["label"] for option in union["options"]] == ["Whole number", "List"]
    assert union["$formkit"] == "choice"


def test_a_model_that_holds_itself_is_asked_for_as_json_from_there_on() -> None:
    found = element(Tree)

    (children,) = found["children"]
    assert (children["$formkit"], children["children"]) == (
        "repeater",
        [{"$formkit": "textarea", "format": "json"}],
    )


def test_what_an_author_hints_at_counts() -> None:
    found = element(
        int,
        1,
        description="told",
        title="T",
        json_schema_extra={"label": "L", "help": "H", "step": 5, "$formkit": "range", "placeholder": "P"},
    )

    hints = ("label", "help", "step", "$formkit", "placeholder")
    assert [found[key] for key in hints] == ["L", "H", 5, "range", "P"]
    rules = [["not", 3]]
    assert element(int, json_schema_extra={"validation": rules})["validation"] == rules


def test_a_hidden_field_keeps_its_default() -> None:
    assert element(int, 3, json_schema_extra={"hidden": True})["$formkit"] == "hidden"
    assert element(int, 3, json_schema_extra={"hidden": True})["value"] == 3
    assert element(int, 3, json_schema_extra={"hidden": False})["$formkit"] == "number"
    assert element(SecretStr, json_schema_extra={"hidden": True})["$formkit"] == "password"


SIZES = [1]


@pytest.mark.parametrize(
    ("factory", "value"),
    [
        (list, []),
        (lambda: [64, 32], [64, 32]),
        (lambda: SIZES, None),
        (lambda: list(range(3)), None),
        (lambda data: [1], None),
    ],
)
def test_what_a_factory_gives_is_shown_where_it_is_always_the_same(factory: Any, value: Any) -> None:
    class Params(BaseModel):
        sizes: list[int] = Field(default_factory=factory)

    (found,) = pydantic_to_ui_schema(Params)

    assert found.get("value") == value
    assert "required" not in found


# The form and the model take the same values. Models are strict here: a form sends numbers as numbers.


@settings(max_examples=400, deadline=None)
@given(ANNOTATIONS, st.booleans(), st.lists(VALUES, min_size=1, max_size=12))
@example(list[make_model({"x": int}) | None], False, [[None, {"x": 1}]])
def test_form_and_model_accept_and_refuse_the_same_values(
    annotation: Any, has_default: bool, values: list[Any]
) -> None:
    config = ConfigDict(extra="forbid", strict=True)
    field = (annotation, None) if has_default else (annotation, ...)
    model = create_model("Params", __config__=config, field=field)
    form = pydantic_to_ui_schema(model)

    for sent in ({}, *({"field": value} for value in values)):
        try:
            model.model_validate_json(json.dumps(sent))
            is_good = True
        except ValidationError:
            is_good = False
        assert accepts(form, sent) == is_good, (form, sent)
