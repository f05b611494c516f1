"""What a job is told that no agent can take."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.server.jobs.desk import register

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.jobs.agent_service import CONNECTED_FOR
from synapse_sdk.server.jobs.models import Agent, Ask
from synapse_sdk.server.jobs.placement import HOPE, KNOWN_FOR, judge_placement
from synapse_sdk.server.jobs.waiting_service import SETTLING, WaitingService

NOW = utc_now()


def agent(number: int = 1, *, cpus: int = 4, gpus: int = 0, silent: timedelta = timedelta(0)) -> Agent:
    return Agent(
        id=number, workspace_id=1, name=f"box-{number}", interpreter="", platform="", sdk_version="",
        cpus=cpus, gpus=gpus, url=None, created_at=NOW, seen_at=NOW - silent,
    )  # fmt: skip


def judge(*agents: Agent, cpus=None, gpus=None, wanted=None, waited=timedelta(0)):
    ask = Ask(cpus, gpus, wanted, NOW - waited)
    return judge_placement(
        ask, agents, is_connected=lambda agent: NOW - agent.seen_at < CONNECTED_FOR, now=NOW
    )


AWAY, GONE = timedelta(hours=1), KNOWN_FOR


@pytest.mark.parametrize(
    ("agents", "ask", "reason"),
    [
        ([agent()], {}, None),
        ([agent(cpus=4, gpus=1)], {"cpus": 4, "gpus": 1}, None),
        ([], {}, "No agent is connected."),
        ([agent(silent=AWAY)], {"cpus": 2}, "No agent is connected."),
        ([agent(silent=GONE)], {"gpus": 2}, "No agent is connected."),
        ([agent()], {"gpus": 8}, "No agent has 8 GPUs; the largest has 0."),
        ([agent(), agent(2, gpus=2)], {"gpus": 8, "cpus": 2}, "No agent has 8 GPUs; the largest has 2."),
        ([agent()], {"gpus": 1, "cpus": 9}, "No agent has 9 CPUs and 1 GPU; the largest has 4 and 0."),
        ([agent(cpus=9), agent(2, gpus=2)], {"gpus": 2, "cpus": 9},
         "No agent has 9 CPUs and 2 GPUs together."),
        (
            [agent(), agent(2, gpus=8, silent=AWAY)],
            {"gpus": 8},
            "No agent that is connected has 8 GPUs; box-2 would have, and is away.",
        ),
        ([agent(), agent(2, silent=AWAY)], {"wanted": 2}, "The agent box-2 is not connected."),
        ([agent(gpus=8), agent(2)], {"wanted": 2, "gpus": 1},
         "The agent box-2 has 4 CPUs and 0 GPUs; the job asks for 1 GPU."),
    ],
)  # fmt: skip
def test_what_is_lacking_is_said(agents, ask, reason):
    assert judge(*agents, **ask).reason == reason


def test_hope_ends_only_where_every_known_agent_is_too_small():
    late = HOPE + timedelta(seconds=1)
    assert judge(agent(), gpus=8, waited=late).is_hopeless
    assert not judge(agent(), gpus=8, waited=HOPE).is_hopeless
    assert not judge(agent(2, gpus=8, silent=AWAY), gpus=8, waited=late).is_hopeless
    assert not judge(gpus=8, waited=late).is_hopeless


@pytest.fixture
def later(desk):
    """Where jobs wait, as it is seen when so much time has gone."""

    def build(ahead: timedelta) -> WaitingService:
        jobs = desk.server.services.jobs
        service = WaitingService(desk.server.services.database, jobs.notifier, now=lambda: utc_now() + ahead)
        service._began_at -= SETTLING
        jobs.jobs._waiting = service
        return service

    return build


def states_of(desk, number: int = 1) -> list[tuple[str, str | None]]:
    found = desk.person.get(f"jobs/{number}/events/")["results"]
    return [(event["body"]["state"], event["body"].get("reason")) for event in found]


def test_a_job_too_large_for_every_agent_says_so_at_once_and_fails_in_the_end(desk, later):
    said = "No agent has 8 GPUs; the largest has 0."
    later(timedelta(0))
    made = desk.submit(resources={"gpus": 8})
    assert (made["state"], made["cause"], made["reason"]) == ("PENDING", "placement", said)

    assert later(HOPE - timedelta(minutes=1)).review() == 0  # told already
    assert later(HOPE + timedelta(seconds=5)).review() == 1
    job = desk.job(1)
    assert (job["state"], job["cause"], job["reason"]) == ("FAILED", "placement", said)
    assert job["finished"] is not None
    assert states_of(desk) == [("PENDING", said), ("FAILED", said)]


def test_a_job_that_finds_a_place_loses_its_reason(desk, later):
    service = later(timedelta(0))
    desk.submit(resources={"gpus": 2})
    register(desk.agent, gpus=2)

    assert service.review() == 1
    assert (desk.job(1)["cause"], desk.job(1)["reason"]) == (None, None)
    assert len(desk.claim()) == 1


def test_a_job_that_is_claimed_has_a_place(desk, later):
    later(timedelta(0))
    desk.submit(resources={"gpus": 2})
    register(desk.agent, gpus=2)

    desk.claim()  # before anybody reviewed
    assert (desk.job(1)["state"], desk.job(1)["reason"]) == ("PENDING", None)


def test_an_agent_that_falls_silent_is_missed_and_its_return_is_seen(desk, later):
    later(timedelta(0))
    assert desk.submit()["reason"] is None

    assert later(CONNECTED_FOR).review() == 1
    assert desk.job(1)["reason"] == "No agent is connected."
    assert later(timedelta(0)).review() == 1
    assert desk.job(1)["reason"] is None


def test_a_server_that_began_just_now_misses_nobody(desk):
    jobs = desk.server.services.jobs
    fresh = WaitingService(
        desk.server.services.database, jobs.notifier, now=lambda: utc_now() + CONNECTED_FOR
    )
    desk.submit(resources={"gpus": 8})

    assert fresh.review() == 0
    assert desk.job(1)["reason"] is None


def test_a_stop_is_stronger_than_waiting(desk, later):
    later(timedelta(0))
    desk.submit(resources={"gpus": 8})

    desk.person.post("jobs/1/stop/")
    assert (desk.job(1)["state"], desk.job(1)["cause"]) == ("STOPPED", "cancelled")
