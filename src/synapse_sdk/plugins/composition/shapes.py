"""What a place in a model holds: one small value for each kind of type that is understood.

As a source a shape says which values come out of there; as a target, which rules stand there. Whether a
single value is taken is never decided here but asked of pydantic: `Check.takes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic_core import SchemaValidator, ValidationError


class Check:
    """Asks pydantic whether one place of a model takes a value. Runs none of the author's functions."""

    def __init__(self, schema: Any, config: Any, definitions: Mapping[str, Any]) -> None:
        self.schema = schema
        self._config = config
        self._definitions = definitions

    def takes(self, value: Any) -> bool:
        """Is the value taken?"""
        try:
            self.validate(value)
        except ValidationError:
            return False
        return True

    def validate(self, value: Any) -> None:
        """Have pydantic look at a value.

        Raises:
            pydantic.ValidationError: It is not taken.
        """
        self._validator.validate_python(value)

    @cached_property
    def _validator(self) -> SchemaValidator:
        from synapse_sdk.plugins.composition.plain_schema import without_functions

        reference = self.schema.get("ref")
        schema = without_functions(self.schema)
        if reference in self._definitions:
            schema = {"type": "definition-ref", "schema_ref": reference}
        if self._definitions:
            definitions = [without_functions(item) for item in self._definitions.values()]
            schema = {"type": "definitions", "schema": schema, "definitions": definitions}
        return SchemaValidator(schema, self._config)


@dataclass(frozen=True, eq=False)
class Shape:
    """A place in a model."""

    check: Check
    #: Takes only the very type.
    is_strict: bool


@dataclass(frozen=True, eq=False)
class Anything(Shape):
    """Any value."""


@dataclass(frozen=True, eq=False)
class Choice(Shape):
    """One of some values: of a Literal, an Enum, a bool, None."""

    values: tuple[Any, ...]
    #: A default that nobody checks: it comes out where nothing is given, and could not be given itself.
    is_default: bool = False


@dataclass(frozen=True, eq=False)
class Whole(Shape):
    """Whole numbers between two bounds, both included."""

    low: int
    high: int
    multiple_of: int = 1
    #: A rule that is not one of whole numbers, such as a multiple of 0.5.
    is_odd: bool = False


@dataclass(frozen=True, eq=False)
class Real(Shape):
    """Floats between two bounds, both included; those beside, if any, are NaN and infinite."""

    low: float
    high: float
    has_nan: bool
    multiple_of: float | None = None


@dataclass(frozen=True, eq=False)
class Text(Shape):
    """Texts of so many characters."""

    low: int
    high: int | None
    pattern: str | None = None
    is_stripped: bool = False
    is_recased: bool = False


@dataclass(frozen=True, eq=False)
class Atom(Shape):
    """A moment, a path, a UUID: a type by its name, with its rules as they are written."""

    name: str
    rules: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Many(Shape):
    """A list, set, frozenset or tuple of any length."""

    kind: str
    item: Shape
    low: int
    high: int | None


@dataclass(frozen=True, eq=False)
class Row(Shape):
    """A tuple of fixed length."""

    items: tuple[Shape, ...]


@dataclass(frozen=True, eq=False)
class Table(Shape):
    """A dictionary with keys of one kind."""

    key: Shape
    value: Shape
    low: int
    high: int | None


@dataclass(frozen=True, eq=False)
class Slot:
    """A field of a record."""

    #: Its Python name, under which its value comes out.
    name: str
    #: Names under which a value is taken, the first one that is there; None where that is not told by names.
    keys: tuple[str, ...] | None
    shape: Shape
    is_required: bool
    #: Does its value always come out?
    comes_out: bool = True


@dataclass(frozen=True, eq=False)
class Record(Shape):
    """A model."""

    slots: tuple[Slot, ...]
    #: What happens to names that it does not know: ignore, forbid, allow.
    extra: str = "ignore"
    #: What is allowed under such names.
    extra_shape: Shape | None = None


@dataclass(frozen=True, eq=False)
class Either(Shape):
    """One of several."""

    options: tuple[Shape, ...]


@dataclass(frozen=True, eq=False)
class Defaulted(Shape):
    """What comes out is of the inner shape or is the default, which nobody checks."""

    inner: Shape
    default: Any


@dataclass(frozen=True, eq=False)
class Tagged(Shape):
    """A record that is told by the value of one of its fields."""

    tag: str
    options: Mapping[Any, Shape]


@dataclass(frozen=True, eq=False)
class Opaque(Shape):
    """What is not understood, and why."""

    why: str
    #: What is checked before the function that makes it opaque; None where nothing is.
    inner: Shape | None = None
    #: Only what comes out is not known; what goes in is `inner`.
    is_only_outward: bool = False


@dataclass(frozen=True, eq=False)
class Later(Shape):
    """A model that holds itself, read when it is asked for."""

    reference: str
    found: Mapping[str, Shape] = field(repr=False)


def as_source(shape: Shape) -> Shape:
    """Return the shape of what comes out."""
    shape = _resolve(shape)
    if isinstance(shape, Defaulted):
        default = Choice(shape.check, False, (shape.default,), is_default=True)
        return Either(shape.check, shape.is_strict, (shape.inner, default))
    return shape


def as_target(shape: Shape) -> Shape:
    """Return the shape of what may go in."""
    shape = _resolve(shape)
    while isinstance(shape, Defaulted) or (isinstance(shape, Opaque) and shape.is_only_outward):
        assert shape.inner is not None
        shape = _resolve(shape.inner)
    return shape


def _resolve(shape: Shape) -> Shape:
    while isinstance(shape, Later):
        shape = shape.found[shape.reference]
    return shape
