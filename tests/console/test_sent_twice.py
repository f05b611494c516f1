"""A form that is sent twice makes one thing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

START = "plugins/digits/start/train/"
TYPED = {"p.dataset": "1", "p.epochs": "3"}


def hidden_of(visitor: httpx.Client, path: str) -> dict[str, str]:
    """Return what the form of a page sends besides what is typed."""
    text = visitor.get(path).text
    fields = dict(re.findall(r'type="hidden" name="(csrf_token|form_key|version)" value="([^"]+)"', text))
    assert {"csrf_token", "form_key"} <= set(fields)
    return fields


@pytest.fixture
def twice(world, visitor):
    """Send the same form twice at once; returns the answers."""

    def send(path: str, fields: dict[str, str]) -> list[httpx.Response]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda _: visitor.post(path, data=fields), range(2)))

    return send


def test_a_start_that_is_sent_twice_starts_one_job(world, visitor, twice):
    answers = twice(START, {**hidden_of(visitor, START), **TYPED})
    assert [answer.status_code for answer in answers] == [303, 303]
    assert {answer.headers["location"] for answer in answers} == {"/console/jobs/1/"}
    assert world.person.get("jobs/")["count"] == 1


def test_every_form_that_is_shown_starts_a_job_of_its_own(world, visitor):
    for _ in range(2):
        assert visitor.post(START, data={**hidden_of(visitor, START), **TYPED}).status_code == 303
    assert world.person.get("jobs/")["count"] == 2


def test_a_form_that_comes_back_with_a_mistake_can_be_sent_again(world, visitor):
    fields = {**hidden_of(visitor, START), **TYPED}
    assert visitor.post(START, data={**fields, "p.epochs": "many"}).status_code == 400
    assert visitor.post(START, data=fields).status_code == 303


def test_other_values_under_the_same_key_are_asked_about_first(world, visitor):
    fields = {**hidden_of(visitor, START), **TYPED}
    visitor.post(START, data=fields)
    answer = visitor.post(START, data={**fields, "p.epochs": "9"})
    assert answer.status_code == 400
    assert "started a job already, with other values" in answer.text
    assert 'value="9"' in answer.text
    assert fields["form_key"] not in answer.text
    assert world.person.get("jobs/")["count"] == 1


def test_a_token_that_is_asked_for_twice_is_made_once(world, visitor, twice):
    fields = {**hidden_of(visitor, "tokens/"), "name": "laptop", "kind": "user", "role": "viewer"}
    answers = twice("tokens/", fields)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "made a token already" in refused.text
    names = [token["name"] for token in world.person.get("tokens/")["results"]]
    assert names.count("laptop") == 1
