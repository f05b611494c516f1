"""`SearchSpace`: what each hyperparameter may be, and draws from that.

Source: interface sheet `actions.md` §2.4, "search space item". Both ends of a range belong to it.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, get_args

import pydantic
from pydantic import BaseModel, ConfigDict, Field, model_validator

from synapse_sdk._internal.closest import find_closest
from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.plugins.actions.train.tune.refusal import Problem, read_problems, refuse

RangeType = Literal[
    "uniform",
    "quniform",
    "loguniform",
    "qloguniform",
    "randint",
    "qrandint",
    "lograndint",
    "qlograndint",
]
NormalType = Literal["randn", "qrandn"]
OptionsType = Literal["choice", "grid_search"]

_WHERE = "hyperparameters"
#: The largest whole number that a float says exactly: ranges beyond it would be drawn with gaps.
_LARGEST = 2**53


class _Dimension(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1)


class Range(_Dimension):
    """Numbers from `min` to `max`, both included; with `q` only multiples of it."""

    type: RangeType
    min: float
    max: float
    q: float | None = Field(default=None, gt=0)
    #: Of the logarithm; every base draws the same numbers.
    base: float = Field(default=10, gt=1)

    @model_validator(mode="after")
    def _check(self) -> Range:
        if self.min > self.max:
            raise ValueError(f"min is {self.min:g} and max is {self.max:g}; min must not be above max")
        if not math.isfinite(self.max - self.min):
            raise ValueError(f"from {self.min:g} to {self.max:g} is farther than a number can be large")
        if self._is_log and self.min <= 0:
            raise ValueError(f"min is {self.min:g}; a {self.type} needs a min above 0")
        if self._is_whole:
            for field, value in (("min", self.min), ("max", self.max), ("q", self.q or 1)):
                if value != int(value):
                    raise ValueError(f"{field} is {value:g}; a {self.type} needs whole numbers")
                if abs(value) > _LARGEST:
                    raise ValueError(
                        f"{field} is {value:g}; a {self.type} goes up to {_LARGEST}, or down as far"
                    )
        if self.type.startswith("q") and self.q is None and not self._is_whole:
            raise ValueError(f"q is missing; a {self.type} needs the step between its numbers")
        if self.q is not None and not self.type.startswith("q"):
            raise ValueError(f"q is {self.q:g}; only q{self.type} has one")
        if self._step is not None and self._first > self._last:
            raise ValueError(f"no multiple of q, {self._step}, lies between min and max")
        return self

    @property
    def _is_log(self) -> bool:
        return "log" in self.type

    @property
    def _is_whole(self) -> bool:
        return self.type.endswith("int")

    @property
    def _step(self) -> Decimal | None:
        if self.q is not None:
            return Decimal(repr(self.q))
        return Decimal(1) if self._is_whole else None

    @property
    def _first(self) -> int:
        assert self._step is not None
        return math.ceil(Decimal(repr(self.min)) / self._step)

    @property
    def _last(self) -> int:
        assert self._step is not None
        return math.floor(Decimal(repr(self.max)) / self._step)

    def draw(self, source: random.Random) -> float | int:
        """Return one of the numbers."""
        step = self._step
        if step is None:
            return self._draw_between(source, self.min, self.max)
        if not self._is_log:
            index = source.randint(self._first, self._last)
        elif self.q is None:  # 3 stands for all from 3 up to 4
            index = min(int(self._draw_between(source, self._first, self._last + 1)), self._last)
        else:
            value = self._draw_between(source, float(self._first * step), float(self._last * step))
            index = min(max(round(Decimal(repr(value)) / step), self._first), self._last)
        number = index * step
        return int(number) if self._is_whole else float(number)

    def _draw_between(self, source: random.Random, low: float, high: float) -> float:
        if not self._is_log:
            return min(max(source.uniform(low, high), low), high)
        return min(max(math.exp(source.uniform(math.log(low), math.log(high))), low), high)


class Normal(_Dimension):
    """Numbers around `mean`; with `q` only multiples of it."""

    type: NormalType
    mean: float = 0.0
    sd: float = Field(default=1.0, gt=0)
    q: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _check(self) -> Normal:
        if self.type == "qrandn" and self.q is None:
            raise ValueError("q is missing; a qrandn needs the step between its numbers")
        if self.type == "randn" and self.q is not None:
            raise ValueError(f"q is {self.q:g}; only qrandn has one")
        return self

    def draw(self, source: random.Random) -> float:
        """Return one of the numbers."""
        value = source.gauss(self.mean, self.sd)
        if self.q is None:
            return value
        step = Decimal(repr(self.q))
        return float(round(Decimal(repr(value)) / step) * step)


class Options(_Dimension):
    """One of `options`: any of them in a `choice`, each of them in turn in a `grid_search`."""

    type: OptionsType
    options: list[Any] = Field(min_length=1)

    def draw(self, source: random.Random) -> Any:
        """Return one of them."""
        return source.choice(self.options)


Dimension = Range | Normal | Options
_KINDS: dict[str, type[Range | Normal | Options]] = {
    **dict.fromkeys(get_args(RangeType), Range),
    **dict.fromkeys(get_args(NormalType), Normal),
    **dict.fromkeys(get_args(OptionsType), Options),
}


class SearchSpace:
    """A dimension for each hyperparameter that is searched."""

    def __init__(self, dimensions: Sequence[Dimension]) -> None:
        self.dimensions = tuple(dimensions)

    @classmethod
    def parse(cls, items: Any) -> SearchSpace:
        """Read the list that a params model has as `hyperparameters`.

        Raises:
            ParamsError: It is no such list; the message has every problem with its place.
        """
        if not isinstance(items, Sequence) or isinstance(items, str) or not items:
            found = "missing" if items is None else "empty" if items == [] else shorten(repr(items))
            raise refuse(
                "The search space does not fit:",
                [Problem((_WHERE,), f" is {found}; a search needs a list, an item for each hyperparameter")],
                hint='Such as [{"name": "learning_rate", "type": "loguniform", "min": 0.0001, "max": 0.1}].',
            )
        found_dimensions: list[Dimension] = []
        problems: list[Problem] = []
        for index, item in enumerate(items):
            taken = [dimension.name for dimension in found_dimensions]
            parsed = _parse_dimension(item, (_WHERE, index))
            if isinstance(parsed, list):
                problems += parsed
            elif parsed.name in taken:
                problems.append(Problem((_WHERE, index), "this name was there before", parsed.name))
            else:
                found_dimensions.append(parsed)
        if problems:
            raise refuse(
                "The search space does not fit:",
                problems,
                hint="The guide's page on tuning lists the types and their fields.",
            )
        return cls(found_dimensions)

    @property
    def names(self) -> list[str]:
        """The hyperparameters, in the order in which they were given."""
        return [dimension.name for dimension in self.dimensions]

    @property
    def unused_fields(self) -> list[str]:
        """Fields of the items that mean nothing here, each with its place."""
        return [
            f"{_WHERE}[{index}].{name}"
            for index, dimension in enumerate(self.dimensions)
            for name in dimension.model_extra or ()
        ]

    def count_draws(self, sample_count: int, given: Collection[str] = ()) -> int:
        """Return how many draws `draw_all` makes: every combination of the grid, `sample_count` times."""
        return sample_count * math.prod(len(item.options) for item in self._grid if item.name not in given)

    def draw_all(
        self,
        sample_count: int,
        source: random.Random,
        *,
        given: Mapping[str, Any] | None = None,
        holds_random: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Yield hyperparameters by name.

        Args:
            sample_count: How often the grid is gone through.
            source: Where what is random comes from.
            given: Hyperparameters that are not drawn, by name.
            holds_random: Draw what is not of the grid once for each time, instead of for each combination.
        """
        given = given or {}
        grid = [dimension for dimension in self._grid if dimension.name not in given]
        taken = {*given, *(dimension.name for dimension in grid)}
        others = [dimension for dimension in self.dimensions if dimension.name not in taken]
        for _ in range(sample_count):
            held = {dimension.name: dimension.draw(source) for dimension in others} if holds_random else None
            for combination in itertools.product(*(dimension.options for dimension in grid)):
                drawn = held or {dimension.name: dimension.draw(source) for dimension in others}
                drawn = {
                    **given,
                    **drawn,
                    **dict(zip((item.name for item in grid), combination, strict=True)),
                }
                yield {name: drawn[name] for name in self.names}

    @property
    def _grid(self) -> list[Options]:
        return [
            dimension
            for dimension in self.dimensions
            if isinstance(dimension, Options) and dimension.type == "grid_search"
        ]


def _parse_dimension(item: Any, at: tuple[str | int, ...]) -> Dimension | list[Problem]:
    if not isinstance(item, Mapping):
        return [Problem(at, f" is {shorten(repr(item))}, not an object with a name and a type")]
    name = item.get("name") if isinstance(item.get("name"), str) else None
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        found = "missing" if kind is None else shorten(repr(kind))
        close = find_closest(kind, _KINDS) if isinstance(kind, str) else None
        allowed = f"did you mean {close}?" if close else f"allowed are {', '.join(_KINDS)}"
        return [Problem((*at, "type"), f" is {found}; {allowed}", name)]
    try:
        return _KINDS[kind].model_validate(dict(item))
    except pydantic.ValidationError as error:
        return read_problems(error, at, name)
