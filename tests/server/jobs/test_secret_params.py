"""A secret among the params: for the agent that runs the job, and for nobody else."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, Field, SecretStr
from tests.server.jobs.desk import Desk, register

from synapse_sdk.clients.errors import HTTPError
from synapse_sdk.server.http import InvalidError
from synapse_sdk.server.jobs.run_request import check_secrets
from synapse_sdk.server.jobs.secret_params import MASK, mask_params

HUSH = "hush-8f1c"


class Account(BaseModel):
    user: str
    password: SecretStr


class Params(BaseModel):
    epochs: int = 1
    token: SecretStr | None = None
    accounts: list[Account] = []
    by_name: dict[str, Account] = {}
    either: Account | int = 1
    spare: str = Field("", json_schema_extra={"formkit": "password"})


KNOWN = {"params": Params.model_json_schema()}


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({"epochs": 2}, {"epochs": 2}),
        ({"token": HUSH}, {"token": MASK}),
        ({"token": None}, {"token": None}),
        ({"token": [HUSH]}, {"token": MASK}),
        ({"accounts": [{"user": "a", "password": HUSH}]}, {"accounts": [{"user": "a", "password": MASK}]}),
        ({"by_name": {"x": {"password": HUSH}}}, {"by_name": {"x": {"password": MASK}}}),
        ({"either": {"user": "a", "password": HUSH}}, {"either": {"user": "a", "password": MASK}}),
        ({"spare": HUSH}, {"spare": MASK}),
    ],
)
def test_every_secret_is_masked_wherever_it_lies(params, shown):
    assert mask_params(params, KNOWN) == shown


def test_the_mask_of_a_secret_is_no_secret():
    check_secrets({"token": HUSH, "either": 1}, KNOWN)
    with pytest.raises(InvalidError) as caught:
        check_secrets({"token": MASK, "accounts": [{"user": MASK, "password": MASK}]}, KNOWN)
    places = [problem["loc"] for problem in caught.value.details["errors"]]
    assert places == [["params", "token"], ["params", "accounts", 0, "password"]]


def test_a_form_without_a_schema_says_what_is_a_secret_too():
    form = [{"$formkit": "password", "name": "key"}, {"$formkit": "text", "name": "user"}, 3]
    assert mask_params({"key": HUSH, "user": "a"}, {"params": None, "ui_schema": form}) == {
        "key": MASK,
        "user": "a",
    }


@pytest.fixture
def guarded(server) -> Desk:
    """A server with a plugin whose action takes a secret."""
    from tests.server.jobs import desk

    person, agent = server.client("publisher"), server.client(token=server.agent_token())
    desk.publish(person, schemas={"train": KNOWN})
    return Desk(server, person, agent, register(agent))


def test_a_secret_reaches_the_agent_and_nobody_else(guarded):
    guarded.submit(params={"token": HUSH})
    (assignment,) = guarded.claim()
    assert assignment["envelope"]["params"] == {"token": HUSH}

    job = guarded.person.get("jobs/1/")
    assert job["params"] == {"token": MASK}
    assert HUSH not in json.dumps(job)


def test_a_job_that_has_ended_has_no_secret_any_more(guarded):
    job = guarded.submit(params={"token": HUSH})
    tables = guarded.server.services.database
    with tables.read() as connection:
        assert HUSH in str(connection.exec_driver_sql("SELECT params FROM job_secret").all())
    guarded.person.post(f"jobs/{job['id']}/stop/")
    with tables.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM job_secret").scalar() == 0


def test_a_masked_secret_that_was_copied_is_refused(guarded):
    with pytest.raises(HTTPError, match=r"params\.token: is the mask of a secret"):
        guarded.submit(params={"token": MASK})


def test_a_refused_secret_is_in_no_answer(guarded):
    with pytest.raises(HTTPError) as caught:
        guarded.submit(params={"token": {"a": HUSH}, "epochs": "x"})
    assert HUSH not in str(caught.value) + json.dumps(caught.value.details)
