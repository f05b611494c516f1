"""`compare_models`: does one model take whatever another one gives?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import pydantic
from pydantic import BaseModel
from pydantic_core import ErrorDetails, SchemaError

from synapse_sdk.plugins.composition.answers import Answer, Refused, Taken, Unproven
from synapse_sdk.plugins.composition.coverage import Coverage
from synapse_sdk.plugins.composition.reading import read_model
from synapse_sdk.plugins.composition.record_coverage import compare_record
from synapse_sdk.plugins.composition.samples import Sample, find_samples
from synapse_sdk.plugins.composition.shapes import Opaque, Record, Shape, as_source, as_target


class Verdict(StrEnum):
    """What is known of a pair of models."""

    #: Whatever the source gives is taken.
    ACCEPTED = "accepted"
    #: There is an instance of the source that the target refuses.
    REFUSED = "refused"
    #: Neither is proven.
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer for a pair of models."""

    verdict: Verdict
    #: Where: the target's field, or the source's where it is unproven; then names and indices inside.
    path: tuple[str | int, ...] = ()
    #: Why it is refused, in pydantic's words; or why it is unproven.
    why: str = ""
    #: An instance of the source that the target refuses.
    witness: BaseModel | None = None
    #: What of the instance is refused.
    value: Any = None


def compare_models(
    source: type[BaseModel], target: type[BaseModel], *, only: Collection[str] | None = None
) -> Comparison:
    """Say whether `target` validates what any instance of `source` dumps, by the Python names of its fields.

    An instance is what validation makes of plain values; whole numbers up to 2**1023 and texts of Unicode are
    looked at. No function of the target's author is run; of the source's, only what a witness has to pass.

    Args:
        source: The model of what is given.
        target: The model of what is taken.
        only: The source's fields that count. What else the target requires is then given by others.

    Returns:
        The verdict, with a witness where it is refused.
    """
    given, wanted = read_model(source), read_model(target)
    try:
        answer = _compare(given, wanted, only)
    except (SchemaError, RecursionError) as error:
        answer = Unproven(f"its schema can not be taken apart: {type(error).__name__}")
    if isinstance(answer, Unproven):
        return Comparison(Verdict.UNPROVEN, answer.path, answer.why)
    samples = [answer.sample] if isinstance(answer, Refused) else find_samples(given)
    for sample in samples:
        if (found := _try(source, wanted, sample, only)) is not None:
            return found
    if isinstance(answer, Taken):
        return Comparison(Verdict.ACCEPTED)
    return Comparison(Verdict.UNPROVEN, (), "no instance could be made up that is refused")


def _compare(given: Shape, wanted: Shape, only: Collection[str] | None) -> Answer:
    given, wanted = as_source(given), as_target(wanted)
    if only is None:
        return Coverage().compare(given, wanted)
    if not isinstance(given, Record):
        return Unproven(given.why if isinstance(given, Opaque) else "the names that it gives are not known")
    slots = tuple(slot if slot.name in only else replace(slot, comes_out=False) for slot in given.slots)
    narrow = replace(given, slots=slots, extra="ignore")
    why = ""
    if isinstance(wanted, Opaque) and wanted.inner is not None:
        why, wanted = wanted.why, as_target(wanted.inner)
    if not isinstance(wanted, Record):
        return Unproven(why or "it takes no names")
    answer = compare_record(narrow, wanted, Coverage().compare, is_partial=True)
    return answer if isinstance(answer, Refused) or not why else Unproven(why)


def _try(
    source: type[BaseModel], wanted: Shape, sample: Sample, only: Collection[str] | None
) -> Comparison | None:
    """Make an instance of the source; return the refusal, if it is refused. Here pydantic decides."""
    try:
        witness = source.__pydantic_validator__.validate_python(sample.given)
        dumped = witness.model_dump(by_alias=False, warnings=False)
    except Exception:  # noqa: BLE001 - border of foreign code: what the source's validators refuse is no sample
        return None
    if only is not None:
        dumped = {name: value for name, value in dumped.items() if name in only}
    problem = _find_problem(wanted, dumped, is_partial=only is not None)
    if problem is None:
        return None
    return Comparison(Verdict.REFUSED, problem["loc"], problem["msg"], witness, problem["input"])


def _find_problem(wanted: Shape, dumped: Any, *, is_partial: bool) -> ErrorDetails | None:
    try:
        wanted.check.validate(dumped)
    except pydantic.ValidationError as error:
        for problem in error.errors(include_url=False, include_context=False):
            if not (is_partial and problem["type"] == "missing" and len(problem["loc"]) == 1):
                return problem
    return None
