"""Over random pairs of models: what is accepted is never refused, and each refusal has a witness that is."""

from __future__ import annotations

import warnings
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from tests.plugins.composition.model_pairs import make_instance, models

from synapse_sdk.plugins.composition import Verdict, compare_models

QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def draw_pair(data: Any) -> tuple[type[BaseModel], type[BaseModel]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydantic warns of defaults and names that are drawn on purpose
        return data.draw(models()), data.draw(models())


def is_taken(model: type[BaseModel], instance: BaseModel) -> bool:
    try:
        model.model_validate(instance.model_dump(by_alias=False, warnings=False))
    except ValidationError:
        return False
    return True


@settings(max_examples=400, deadline=None, suppress_health_check=QUIET)
@given(st.data())
def test_no_accepted_pair_has_an_instance_that_is_refused(data: Any) -> None:
    source, target = draw_pair(data)
    answer = compare_models(source, target)
    if answer.verdict is Verdict.REFUSED:
        assert type(answer.witness) is source
        assert not is_taken(target, answer.witness)
        return
    for _ in range(5):
        instance = make_instance(source, data.draw)
        if instance is not None and answer.verdict is Verdict.ACCEPTED:
            assert is_taken(target, instance)


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(st.data())
def test_a_model_takes_what_it_gives_itself_or_a_witness_says_why_not(data: Any) -> None:
    source, _ = draw_pair(data)
    answer = compare_models(source, source)
    for _ in range(5):
        instance = make_instance(source, data.draw)
        if instance is not None and answer.verdict is Verdict.ACCEPTED:
            assert is_taken(source, instance)
    if answer.verdict is Verdict.REFUSED:
        assert answer.witness is not None
        assert not is_taken(source, answer.witness)
