"""Agents over HTTP: claim, leases, heartbeats, ends."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from tests.server.jobs.desk import Desk, register

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.clients.errors import AuthenticationError, AuthorizationError, HTTPError, NotFoundError
from synapse_sdk.server.jobs.attempt_service import LEASE, PATIENCE, AttemptService
from synapse_sdk.wire.assignment import Assignment


class LaterClock:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self):
        return utc_now() + self.ahead


@pytest.fixture
def clock(desk) -> LaterClock:
    return LaterClock()


@pytest.fixture
def attempts(desk, clock) -> AttemptService:
    """The same attempts, under a clock of the test's own."""
    services = desk.server.services
    return AttemptService(services.database, services.accounts, services.jobs.notifier, now=clock)


def test_an_agent_that_registers_again_is_the_same(desk):
    assert register(desk.agent, cpus=8) == desk.agent_id
    agent = desk.person.get(f"agents/{desk.agent_id}/")
    assert (agent["cpus"], agent["status"], agent["name"]) == (8, "connected", "here")
    assert [item["id"] for item in desk.person.get("agents/")["results"]] == [desk.agent_id]
    with pytest.raises(HTTPError, match="belongs to the agent 'here'"):
        register(desk.agent, "elsewhere")


def test_only_an_agents_token_works(desk):
    with pytest.raises(AuthorizationError, match="agents:work"):
        register(desk.person)
    fresh = desk.server.client(token=desk.server.agent_token())
    with pytest.raises(AuthorizationError, match="does not belong to the agent"):
        fresh.post(f"agents/{desk.agent_id}/claim/", json={"free_slots": 1})


def test_a_job_is_handed_out_once_with_everything_that_it_needs(desk):
    made = desk.submit(time_limit_s=9)
    (found,) = desk.claim(free_slots=5)

    assignment = Assignment.model_validate(found)
    assert (assignment.job, assignment.number, assignment.attempt) == (made["id"], 1, 1)
    assert assignment.release.archive_url == f"plugin_releases/{assignment.release.release_id}/archive/"
    assert (assignment.lease_s, assignment.time_limit_s) == (30, 9)
    assert assignment.env == {"THREADS": "2", "FAST": "true"}
    assert assignment.envelope.environment.interpreter == "cpython 3.11.7"
    assert desk.server.client(token=assignment.job_token).get(f"jobs/{made['id']}/")["state"] == "PENDING"
    assert desk.claim() == []
    assert desk.job(1)["agent"] == {"id": desk.agent_id, "name": "here"}


def test_jobs_go_out_oldest_first_as_far_as_there_are_slots(desk):
    for _ in range(3):
        desk.submit()
    assert [item["number"] for item in desk.claim(free_slots=2)] == [1, 2]
    assert desk.claim(free_slots=0) == []
    assert [item["number"] for item in desk.claim(free_slots=2)] == [3]


def test_a_job_goes_only_where_it_was_sent_and_where_it_fits(desk):
    other = desk.server.client(token=desk.server.agent_token())
    big = Desk(desk.server, desk.person, other, register(other, "big", cpus=64, gpus=2))
    desk.submit(agent=big.agent_id)
    desk.submit(resources={"gpus": 1})
    assert desk.claim(free_slots=5) == []
    assert [item["number"] for item in big.claim(free_slots=5)] == [1, 2]


def test_a_waiting_claim_is_answered_when_a_job_comes(desk):
    answers: list[list[dict]] = []
    waiting = threading.Thread(target=lambda: answers.append(desk.claim(wait_s=20)))
    waiting.start()
    while not desk.server.services.jobs.notifier._waiters:
        time.sleep(0.01)
    began = time.monotonic()
    desk.submit()
    waiting.join(30)
    assert len(answers[0]) == 1
    assert time.monotonic() - began < 15, "it was answered by the job, not by the end of the wait"


def test_a_waiting_claim_ends_when_the_server_ends_or_the_agent_goes(desk):
    notifier = desk.server.services.jobs.notifier
    answers: list[list[dict]] = []
    waiting = threading.Thread(target=lambda: answers.append(desk.claim(wait_s=20)))
    waiting.start()
    while not notifier._waiters:
        time.sleep(0.01)
    desk.server.services.jobs.end_waiting()
    waiting.join(15)
    assert answers == [[]]


def test_started_and_ended_make_the_states(desk):
    assignment = desk.start_one()
    assert desk.job(1)["state"] == "RUNNING"
    outcome = {"state": "SUCCEEDED", "result": {"accuracy": 0.97}}
    desk.end(assignment, outcome)
    job = desk.job(1)
    assert (job["state"], job["result"]) == ("SUCCEEDED", {"accuracy": 0.97})
    assert job["attempts"][0]["exit"]["exit_code"] == 0
    bodies = [event["body"] for event in desk.events(1)]
    assert [body["state"] for body in bodies] == ["PENDING", "RUNNING", "SUCCEEDED"]
    assert bodies[1]["agent"] == "here"
    assert bodies[2]["by"] == "agent here"


def test_the_environment_is_noted_when_the_worker_starts(desk):
    desk.claim_one()
    body = {"at": "2026-01-01T00:00:00Z", "environment_digest": "sha256:ab"}
    desk.agent.post("jobs/1/attempts/1/started/", json=body)
    assert desk.job(1)["envelope"]["environment"]["digest"] == "sha256:ab"


def test_an_end_without_a_start_still_tells_that_it_ran(desk):
    desk.end(desk.claim_one())
    assert [event["body"]["state"] for event in desk.events(1)] == ["PENDING", "RUNNING", "SUCCEEDED"]
    assert desk.job(1)["started"]


def test_an_environment_that_can_not_be_built_never_ran(desk):
    end = {"exit_code": None, "cause": "environment", "reason": "no such package: torchh", "started_at": None}
    desk.end(desk.claim_one(), **end)
    job = desk.job(1)
    assert (job["state"], job["cause"], job["reason"]) == ("FAILED", "environment", "no such package: torchh")
    assert job["started"] is None


def test_saying_an_end_again_changes_nothing_and_the_token_is_over(desk):
    assignment = desk.start_one()
    desk.end(assignment, exit_code=1, cause="action", reason="boom")
    desk.end(assignment)
    assert desk.job(1)["state"] == "FAILED"
    assert len(desk.events(1)) == 3
    with pytest.raises(AuthenticationError, match="revoked"):
        desk.server.client(token=assignment["job_token"]).get("jobs/1/")


def test_another_agent_may_neither_start_nor_end_it(desk):
    assignment = desk.start_one()
    token = desk.server.agent_token()
    stranger = desk.server.client(token=token)
    other = Desk(desk.server, desk.person, stranger, register(stranger, "stranger"))
    with pytest.raises(AuthorizationError, match="not given to this agent"):
        other.end(assignment)
    with pytest.raises(NotFoundError, match="no attempt 7"):
        desk.agent.post("jobs/1/attempts/7/started/")
    assert other.heartbeat(assignment)["action"] == "forget"
    assert desk.job(1)["state"] == "RUNNING"


def test_heartbeats_keep_stop_and_forget(desk):
    assignment = desk.claim_one()
    assert desk.heartbeat(assignment, "preparing")["action"] == "keep"
    assert desk.job(1)["attempts"][0]["phase"] == "preparing"
    assert desk.heartbeat(assignment)["action"] == "keep"
    assert desk.job(1)["state"] == "RUNNING"
    desk.person.post("jobs/1/stop/")
    assert desk.job(1)["state"] == "RUNNING"
    directive = desk.heartbeat(assignment)
    assert (directive["action"], directive["reason"]) == ("stop", "test-publisher asked for it.")
    desk.end(assignment, exit_code=None, signal=15, cause="cancelled")
    assert desk.heartbeat(assignment)["action"] == "forget"
    assert (desk.job(1)["state"], desk.job(1)["cause"]) == ("STOPPED", "cancelled")
    assert desk.heartbeat({"job": "nothing", "attempt": 1})["action"] == "forget"


def test_what_nobody_confirms_is_handed_out_again(desk, attempts, clock):
    first = desk.claim_one()
    clock.ahead = LEASE + timedelta(seconds=5)
    assert attempts.reap() == 1
    assert desk.job(1)["state"] == "PENDING"
    (second,) = desk.claim()
    assert (second["job"], second["attempt"]) == (first["job"], 2)
    assert desk.heartbeat(first)["action"] == "stop"
    with pytest.raises(HTTPError, match="replaced by a later one"):
        desk.end(first)
    with pytest.raises(AuthenticationError):
        desk.server.client(token=first["job_token"]).get("jobs/1/")
    desk.end(second)
    assert desk.job(1)["state"] == "SUCCEEDED"


def test_a_silent_attempt_is_lost_after_its_patience_and_not_before(desk, attempts, clock):
    desk.heartbeat(desk.start_one())
    clock.ahead = LEASE + PATIENCE - timedelta(seconds=5)
    assert attempts.reap() == 0
    clock.ahead = LEASE + PATIENCE + timedelta(seconds=5)
    assert attempts.reap() == 1
    job = desk.job(1)
    assert (job["state"], job["cause"]) == ("FAILED", "lost")
    assert attempts.reap() == 0


def test_the_truth_wins_over_lost(desk, attempts, clock):
    assignment = desk.start_one()
    clock.ahead = LEASE + PATIENCE + timedelta(seconds=5)
    attempts.reap()
    desk.end(assignment, {"state": "SUCCEEDED", "result": 7})
    job = desk.job(1)
    assert (job["state"], job["cause"], job["result"]) == ("SUCCEEDED", None, 7)


def test_a_lost_attempt_that_is_heard_of_runs_again(desk, attempts, clock):
    assignment = desk.start_one()
    clock.ahead = LEASE + PATIENCE + timedelta(seconds=5)
    attempts.reap()
    assert desk.heartbeat(assignment)["action"] == "keep"
    job = desk.job(1)
    assert (job["state"], job["cause"], job["finished"]) == ("RUNNING", None, None)
    # Its worker's token was good all the time.
    assert desk.server.client(token=assignment["job_token"]).get("jobs/1/")["number"] == 1


def test_a_server_that_was_away_gives_agents_time_to_be_heard(desk, clock):
    desk.start_one()
    clock.ahead = timedelta(hours=1)
    services = desk.server.services
    fresh = AttemptService(services.database, services.accounts, services.jobs.notifier, now=clock)
    assert fresh.reap() == 0
    clock.ahead += LEASE + timedelta(seconds=5)
    assert fresh.reap() == 0
    clock.ahead += PATIENCE
    assert fresh.reap() == 1
