"""Random params models of the constructs that a form can say, and values to try on them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, create_model

_bound = st.integers(-6, 6)
_plain_texts = st.text("abc", max_size=4)


def _bounded(kind: type) -> st.SearchStrategy[Any]:
    bounds = st.fixed_dictionaries({}, optional=dict.fromkeys(("ge", "gt", "le", "lt"), _bound))
    steps = st.sampled_from([{}, {}, {"multiple_of": 2}, {"multiple_of": 3}])
    return st.builds(lambda found, step: Annotated[kind, Field(**found, **step)], bounds, steps)


_lengths = st.fixed_dictionaries(
    {}, optional={"min_length": st.integers(0, 2), "max_length": st.integers(2, 3)}
)
_patterns = st.sampled_from([{}, {"pattern": "^a"}, {"pattern": "b+c?$"}])
_texts = st.builds(lambda found, more: Annotated[str, Field(**found, **more)], _lengths, _patterns)
_scalars = st.one_of(
    _bounded(int),
    _bounded(float),
    _texts,
    st.just(bool),
    st.sampled_from([Literal["a", "b"], Literal[1, 2], Literal["a", 1]]),
)


def _wrap(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda item, found: Annotated[list[item], Field(**found)], inner, _lengths),
        st.builds(lambda one: one | None, inner),
        st.builds(lambda one, other: one | other, inner, inner),
        st.dictionaries(st.sampled_from(["x", "y"]), inner, min_size=1).map(make_model),
    )


def make_model(fields: dict[str, Any]) -> type[BaseModel]:
    """Return a strict model of these fields."""
    config = ConfigDict(extra="forbid", strict=True)
    return create_model("Made", __config__=config, **{name: (kind, ...) for name, kind in fields.items()})


ANNOTATIONS = st.recursive(_scalars, _wrap, max_leaves=4)
_scalar_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-8, 8),
    st.sampled_from([-5.5, -1.5, 0.5, 2.25]),  # a browser writes 3.0 as 3
    _plain_texts,
)
VALUES = st.recursive(
    _scalar_values,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2)
    ),
    max_leaves=6,
)
