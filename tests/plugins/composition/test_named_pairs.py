"""Constructs of docs/guide/pipelines.md that random models do not draw, each with the answer it must have."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    HttpUrl,
    PastDate,
    SecretStr,
    ValidationError,
    create_model,
)

from synapse_sdk.plugins.composition import Verdict, compare_models
from synapse_sdk.plugins.composition.answers import Refused
from synapse_sdk.plugins.composition.coverage import Coverage
from synapse_sdk.plugins.composition.reading import read_model


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class ShortDog(BaseModel):
    kind: Literal["dog"]
    name: str = Field(max_length=3)


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
ShortPet = Annotated[Cat | ShortDog, Field(discriminator="kind")]
OnlyA = Annotated[str, Field(pattern="^a+$")]
AOrB = Annotated[str, Field(pattern="^[ab]+$")]
Fourth = Annotated[int, Field(multiple_of=4)]
Even = Annotated[int, Field(multiple_of=2)]
OddDecimal = Annotated[Decimal, Field(allow_inf_nan=True)]
Checked = Annotated[int, AfterValidator(abs)]

ACCEPTED: list[tuple[Any, Any]] = [
    (Pet, Pet),
    (ShortPet, Pet),
    (Cat, Pet),
    (Cat, dict[str, Any]),
    (OnlyA, OnlyA),
    (OnlyA, str),
    (Fourth, Even),
    (Annotated[float, Field(multiple_of=0.5)], float),
    (frozenset[int], set[int]),
    (set[int], list[int]),
    (Decimal, Decimal),
    (Decimal, OddDecimal),
    (OddDecimal, OddDecimal),
    (bytes, bytes),
    (time, time),
    (PastDate, date),
    (Literal["a"], Literal["a", "b"]),
]
REFUSED: list[tuple[Any, Any, tuple[str | int, ...]]] = [
    (Pet, ShortPet, ("x", "dog", "name")),
    (Pet, Cat, ("x", "kind")),
    (str, OnlyA, ("x",)),
    (Even, Fourth, ("x",)),
    (float, Decimal, ("x",)),
    (OddDecimal, Decimal, ("x",)),
    (bytes, str, ("x",)),
    (datetime, date, ("x",)),
    (timedelta, float, ("x",)),
    (UUID, str, ("x",)),
    (Path, str, ("x",)),
    (list[int | None], list[int], ("x", 0)),
]
UNPROVEN: list[tuple[Any, Any]] = [
    (OnlyA, AOrB),
    (date, PastDate),
    (SecretStr, str),
    (HttpUrl, str),
    (int, Checked),
    (Checked, int),
]


class Branch(BaseModel):
    kind: Literal["leaf", "twig"]
    on_it: list[Branch] = []


class Leaf(BaseModel):
    kind: Literal["leaf"]
    on_it: list[Leaf] = []


class Twig(BaseModel):
    kind: Literal["twig"]
    on_it: list[Branch] = []


def hold(annotation: Any) -> type[BaseModel]:
    return create_model("Holds", x=(annotation, ...))


@pytest.mark.parametrize(("given", "taken"), ACCEPTED)
def test_whatever_comes_out_is_taken(given: Any, taken: Any):
    assert compare_models(hold(given), hold(taken)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(("given", "taken", "path"), REFUSED)
def test_a_witness_is_refused_at_the_place_that_is_named(given: Any, taken: Any, path: tuple[str | int, ...]):
    answer = compare_models(hold(given), hold(taken))

    assert answer.verdict is Verdict.REFUSED
    assert answer.witness is not None
    with pytest.raises(ValidationError) as caught:
        hold(taken).model_validate(answer.witness.model_dump())
    assert answer.path in [problem["loc"] for problem in caught.value.errors()]
    assert answer.path == path


@pytest.mark.parametrize(("given", "taken"), UNPROVEN)
def test_what_is_not_compared_is_neither(given: Any, taken: Any):
    answer = compare_models(hold(given), hold(taken))

    assert (answer.verdict, answer.witness) == (Verdict.UNPROVEN, None)
    assert answer.why


def test_what_is_shown_of_one_alternative_is_not_taken_as_shown_of_all():
    leaf_or_twig = Annotated[Leaf | Twig, Field(discriminator="kind")]

    # Of a branch that is a leaf it is asked whether what is on it are leaves; any branch may be.
    answer = Coverage().compare(read_model(hold(Branch)), read_model(hold(leaf_or_twig)))

    assert isinstance(answer, Refused)
    assert compare_models(hold(Branch), hold(leaf_or_twig)).verdict is Verdict.REFUSED
    assert compare_models(hold(Leaf), hold(leaf_or_twig)).verdict is Verdict.ACCEPTED
