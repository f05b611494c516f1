"""`TuneConfig`: how a search goes on, and what it is after.

Source: interface sheet `actions.md` §2.4, `tune_config`. `seed` is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field, field_validator

from synapse_sdk._internal.closest import find_closest
from synapse_sdk._internal.jsonable import shorten
from synapse_sdk.plugins.actions.train.tune.refusal import Problem, read_problems, refuse

#: What draws: whether this machine can do it.
SEARCH_ALGORITHMS = {
    "basicvariantgenerator": True,
    "bayesoptsearch": False,
    "hyperoptsearch": False,
    "optunasearch": False,
    "axsearch": False,
}
#: What ends trials early, as above.
SCHEDULERS = {"fifo": True, "asha": True, "median": True, "hyperband": False, "pbt": False}

_WHERE = "tune_config"


class Named(BaseModel):
    """An algorithm or scheduler with its options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


class TuneConfig(BaseModel):
    """What a search is after, and how long it goes on."""

    model_config = ConfigDict(extra="allow", frozen=True)

    #: The number that tells a good trial, as it is reported or returned; "category/key" names it exactly.
    metric: str = Field(min_length=1)
    mode: Literal["min", "max"]
    #: How often the grid is gone through; without a grid, how many trials there are.
    num_samples: int = Field(default=1, ge=1)
    #: More than one has no effect here.
    max_concurrent_trials: int | None = Field(default=None, ge=0)
    search_alg: Named = Named(name="basicvariantgenerator")
    scheduler: Named = Named(name="fifo")
    #: What everything random comes from; the run's own seed unless given.
    seed: int | None = None

    @classmethod
    def parse(cls, given: Any) -> TuneConfig:
        """Read the params' `tune_config`.

        Raises:
            ParamsError: It does not fit, or asks for what needs Ray; every problem with its place.
        """
        if isinstance(given, BaseModel):
            given = given.model_dump(exclude_none=True)
        if not isinstance(given, Mapping):
            found = "missing" if given is None else shorten(repr(given))
            raise refuse(
                "The search does not fit:",
                [Problem((_WHERE,), f" is {found}; a search needs an object with a metric and a mode")],
                hint='Such as {"metric": "loss", "mode": "min", "num_samples": 8}.',
            )
        try:
            return cls.model_validate({name: value for name, value in given.items() if value is not None})
        except pydantic.ValidationError as error:
            raise refuse(
                "The search does not fit:",
                read_problems(error, (_WHERE,)),
                hint="The guide's page on tuning lists what tune_config may say.",
            ) from error

    @property
    def unused_fields(self) -> list[str]:
        """Fields that mean nothing here, each with its place."""
        return [f"{_WHERE}.{name}" for name in self.model_extra or ()]

    @field_validator("search_alg", "scheduler", mode="before")
    @classmethod
    def _accept_a_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("search_alg")
    @classmethod
    def _check_algorithm(cls, value: Named) -> Named:
        return _check(value, SEARCH_ALGORITHMS, "search algorithm")

    @field_validator("scheduler")
    @classmethod
    def _check_scheduler(cls, value: Named) -> Named:
        return _check(value, SCHEDULERS, "scheduler")


def _check(value: Named, known: Mapping[str, bool], kind: str) -> Named:
    name = value.name.lower()
    if name not in known:
        close = find_closest(name, known)
        raise ValueError(
            f"there is no {kind} {value.name!r}"
            + (f"; did you mean {close}?" if close else f"; there are {', '.join(known)}")
        )
    if not known[name]:
        able = ", ".join(word for word, is_able in known.items() if is_able)
        raise ValueError(f"{name} needs Ray, which this version can not use; without it there are {able}")
    return value.model_copy(update={"name": name})
