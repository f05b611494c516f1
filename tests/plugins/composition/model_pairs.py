"""Random models of the constructs that docs/guide/pipelines.md lists as compared, and their instances."""

from __future__ import annotations

import enum
import math
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union
from uuid import UUID

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(enum.StrEnum):
    YES = "yes"
    NO = "no"


class Tree(BaseModel):
    size: int = 0
    children: list[Tree] = []


class Chain(BaseModel):
    size: Annotated[int, Field(ge=0)]
    next: Chain | None = None


NAMES = ("alpha", "beta", "gamma")


def draw_whole(draw: Any) -> Any:
    rules: dict[str, Any] = {}
    if draw(st.booleans()):
        rules[draw(st.sampled_from(["ge", "gt"]))] = draw(st.integers(-6, 6))
    if draw(st.booleans()):
        low = rules.get("ge", rules.get("gt", -3))
        rules[draw(st.sampled_from(["le", "lt"]))] = draw(st.integers(low + 2, low + 12))
    if draw(st.integers(0, 4)) == 0:
        rules["multiple_of"] = draw(st.sampled_from([1, 2, 3]))
    if draw(st.integers(0, 4)) == 0:
        rules["strict"] = True
    return Annotated[int, Field(**rules)] if rules else int


def draw_real(draw: Any) -> Any:
    rules: dict[str, Any] = {}
    if draw(st.booleans()):
        rules[draw(st.sampled_from(["ge", "gt"]))] = draw(st.sampled_from([-1, 0, 0.5, 1]))
    if draw(st.booleans()):
        rules[draw(st.sampled_from(["le", "lt"]))] = draw(st.sampled_from([2, 2.5, 4, 1e6]))
    if draw(st.booleans()):
        rules["allow_inf_nan"] = draw(st.booleans())
    return Annotated[float, Field(**rules)] if rules else float


def draw_text(draw: Any) -> Any:
    rules: dict[str, Any] = {}
    if draw(st.booleans()):
        rules["min_length"] = draw(st.integers(0, 3))
    if draw(st.booleans()):
        rules["max_length"] = draw(st.integers(rules.get("min_length", 0), 6))
    return Annotated[str, Field(**rules)] if rules else str


PLAIN = [bool, None, date, datetime, UUID, Path, Any, Colour, Level, Word]
LITERALS = [Literal["a"], Literal["a", "b"], Literal[1, 2], Literal["yes", 1], Literal[Colour.RED]]


@st.composite
def scalars(draw: Any) -> Any:
    kind = draw(st.integers(0, 9))
    if kind < 3:
        return draw_whole(draw)
    if kind < 5:
        return draw_text(draw)
    if kind < 7:
        return draw_real(draw)
    return draw(st.sampled_from(PLAIN if kind < 9 else LITERALS))


@st.composite
def annotations(draw: Any, depth: int = 2) -> Any:
    kind = draw(st.integers(0, 11)) if depth else 0
    if kind < 5:
        return draw(scalars())
    if kind == 5:
        return Optional[draw(annotations(depth - 1))]  # noqa: UP045 - drawn, not written
    if kind == 6:
        return Union[draw(scalars()), draw(scalars())]  # noqa: UP007, PYI016 - drawn, not written: None | None is none

    if kind == 7:
        return draw(models(depth - 1))
    if kind == 8:
        return draw(st.sampled_from([Tree, Chain]))
    if kind == 9:
        return tuple[draw(scalars()), draw(annotations(depth - 1))]
    if kind == 10:
        return dict[draw(st.sampled_from([str, int, Literal["a", "b"]])), draw(annotations(depth - 1))]
    rules = {}
    if draw(st.booleans()):
        rules["min_length"] = draw(st.integers(0, 2))
    if draw(st.booleans()):
        rules["max_length"] = draw(st.integers(rules.get("min_length", 0), 3))
    container = draw(st.sampled_from(["list", "list", "tuple", "set"]))
    item = draw(scalars() if container == "set" else annotations(depth - 1))
    made = {"list": list[item], "tuple": tuple[item, ...], "set": set[item]}[container]
    return Annotated[made, Field(**rules)] if rules else made


@st.composite
def models(draw: Any, depth: int = 2) -> type[BaseModel]:
    """Draw a model of up to three fields, some with an alias, some with a default."""
    config: dict[str, Any] = {
        "extra": draw(st.sampled_from(["ignore", "ignore", "ignore", "forbid", "allow"]))
    }
    if draw(st.integers(0, 3)) == 0:
        config["populate_by_name"] = True
    if draw(st.integers(0, 5)) == 0:
        config["strict"] = True
    fields: dict[str, Any] = {}
    for name in NAMES[: draw(st.integers(1, 3))]:
        rules: dict[str, Any] = {}
        if draw(st.integers(0, 6)) == 0:
            rules["alias"] = draw(st.sampled_from([name.upper(), "beta", "alpha"]))
        if draw(st.integers(0, 4)) == 0:
            rules["default"] = draw(st.sampled_from([None, 1, "a", 0.5]))
        fields[name] = (draw(annotations(depth)), Field(**rules))
    return create_model("Drawn", __config__=ConfigDict(**config), **fields)


#: Values to make instances of: of every kind, about every bound that is drawn above.
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-8, 20),
        st.integers(-(2**100), 2**100),
        st.floats(),
        st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 2.5, 4.0, 1e6, math.nan, math.inf, -math.inf]),
        st.text(max_size=8),
        st.sampled_from(["a", "b", "yes", "no", "red", " a ", "5", "0.5", "2020-02-29"]),
        st.sampled_from([Colour.RED, Colour.BLUE, Level.LOW, Word.YES]),
        st.sampled_from([date(2020, 2, 29), datetime(2020, 2, 29, 12), UUID(int=3), Path("some/file")]),  # noqa: DTZ001
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.sampled_from([*NAMES, "size", "children", "next", "a", "b"]), inner, max_size=4),
    ),
    max_leaves=8,
)


def fill(annotation: Any, draw: Any, depth: int = 4) -> Any:
    """Draw a value that an annotation may take: any, or one from its JSON Schema's own words."""
    schema = TypeAdapter(annotation).core_schema
    definitions = {part["ref"]: part for part in schema.get("definitions", ())}
    return _fill(schema, draw, definitions, depth)


def _fill(schema: Any, draw: Any, definitions: Any, depth: int) -> Any:
    kind = schema["type"]
    if kind == "definitions":
        return _fill(schema["schema"], draw, definitions, depth)
    if kind == "definition-ref":
        return _fill(definitions[schema["schema_ref"]], draw, definitions, depth - 1)
    if kind == "model":
        values = {}
        for name, field in schema["schema"]["fields"].items():
            if field["schema"]["type"] == "default" and (depth <= 0 or draw(st.booleans())):
                continue
            values[field.get("validation_alias", name)] = _fill(field["schema"], draw, definitions, depth)
        if schema.get("config", {}).get("extra_fields_behavior") == "allow" and draw(st.booleans()):
            values[draw(st.sampled_from([*NAMES, "other"]))] = draw(VALUES)
        return values
    if kind == "default":
        return _fill(schema["schema"], draw, definitions, depth)
    if kind == "nullable":
        return (
            None if depth <= 0 or draw(st.booleans()) else _fill(schema["schema"], draw, definitions, depth)
        )
    if kind == "union":
        choices = [item[0] if isinstance(item, tuple) else item for item in schema["choices"]]
        return _fill(draw(st.sampled_from(choices)), draw, definitions, depth)
    if kind in ("list", "set") or (kind == "tuple" and "variadic_item_index" in schema):
        low = schema.get("min_length", 0)
        high = low if depth <= 0 else schema.get("max_length", low + 4)
        item = schema["items_schema"][0] if kind == "tuple" else schema["items_schema"]
        return [_fill(item, draw, definitions, depth - 1) for _ in range(draw(st.integers(low, high)))]
    if kind == "tuple":
        return [_fill(item, draw, definitions, depth) for item in schema["items_schema"]]
    if kind == "dict":
        keys = draw(st.lists(st.sampled_from([*NAMES, "a", "b", "", 1, 5]), max_size=3))
        return {key: _fill(schema["values_schema"], draw, definitions, depth) for key in keys}
    if kind == "int":
        return draw(st.one_of(st.integers(-8, 20), st.integers(-(2**1023), 2**1023)))
    if kind == "float":
        return draw(st.one_of(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 2.5, 4.0]), st.floats()))
    if kind == "str":
        return draw(st.one_of(st.text(max_size=8), st.sampled_from(["a", "b", "yes", "5", " ", "  "])))
    if kind == "literal":
        return draw(st.sampled_from(schema["expected"]))
    if kind == "enum":
        return draw(st.sampled_from(schema["members"]))
    return draw(VALUES)


def make_instance(model: type[BaseModel], draw: Any) -> BaseModel | None:
    """Draw an instance of a model; None where what was drawn does not fit."""
    try:
        return model.model_validate(fill(model, draw))
    except ValidationError:
        return None
