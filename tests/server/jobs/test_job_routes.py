"""Jobs over HTTP: submit, look, stop, claim."""

from __future__ import annotations

import pytest
from tests.server.jobs.desk import publish, register

from synapse_sdk.clients.errors import AuthorizationError, HTTPError, NotFoundError, ValidationError


def test_a_submitted_job_waits_and_is_found_by_id_and_number(desk):
    made = desk.submit(language="ko", resources={"cpus": 2}, time_limit_s=60)

    for lookup in (made["id"], made["number"]):
        job = desk.job(lookup)
        assert (job["id"], job["number"], job["state"], job["status"]) == (
            made["id"],
            1,
            "PENDING",
            "PENDING",
        )
    assert job["plugin_release"]["plugin"] == "digits"
    assert job["plugin_release"]["version"] == "0.1.0"
    assert (job["language"], job["resources"]["cpus"], job["time_limit_s"]) == ("ko", 2, 60)
    assert job["envelope"]["plugin"]["release_digest"] == job["plugin_release"]["digest"]
    assert job["envelope"]["entrypoint"] == "plugin.train:Train"
    assert job["params"] == {"epochs": 3}
    assert desk.submit()["number"] == 2


def test_the_same_request_again_is_the_same_job(desk):
    body = {"action": "train", "params": {"epochs": 1}}
    first = desk.person.post("plugins/digits/run/", json=body, idempotency_key="k1")
    again = desk.person.post("plugins/digits/run/", json=body, idempotency_key="k1")
    assert again["id"] == first["id"]
    with pytest.raises(HTTPError, match="already used for another request"):
        desk.person.post("plugins/digits/run/", json={**body, "debug": True}, idempotency_key="k1")
    assert desk.person.get("jobs/")["count"] == 1


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ({"action": "trian"}, NotFoundError, "Action not found: trian"),
        ({"action": "train", "params": {}}, ValidationError, "params.epochs: is missing"),
        ({"action": "train", "params": {"epochs": 1, "dataset": 77}}, ValidationError, "no dataset 77"),
        ({"action": "train", "params": {"epochs": 1}, "version": "9.9.9"}, NotFoundError, "9.9.9"),
        ({"action": "train", "params": {"epochs": 1}, "agent": 99}, ValidationError, "no agent 99"),
        ({"action": "train", "colour": "red"}, ValidationError, "colour"),
    ],
)
def test_what_does_not_fit_is_refused_and_makes_no_job(desk, body, error, words):
    with pytest.raises(error, match=words):
        desk.person.post("plugins/digits/run/", json=body)
    assert desk.person.get("jobs/")["results"] == []


def test_the_plugin_may_be_named_in_the_body_and_the_newest_release_runs(desk):
    publish(desk.person, version="0.2.0")
    job = desk.person.post("jobs/", json={"plugin": "digits", "action": "inference"})
    assert job["plugin_release"]["version"] == "0.2.0"
    with pytest.raises(NotFoundError):
        desk.person.post("jobs/", json={"plugin": "digit", "action": "inference"})


def test_viewers_look_and_do_not_submit_or_stop(desk):
    desk.submit()
    viewer = desk.server.client("viewer")
    assert viewer.get("jobs/1/")["number"] == 1
    with pytest.raises(AuthorizationError, match="jobs:write"):
        viewer.post("plugins/digits/run/", json={"action": "train", "params": {"epochs": 1}})
    with pytest.raises(AuthorizationError, match="jobs:write"):
        viewer.post("jobs/1/stop/")


def test_lists_are_newest_first_by_pages_and_filters(desk):
    for _ in range(5):
        desk.submit()
    desk.person.post("jobs/1/stop/")

    first = desk.person.get("jobs/", params={"limit": 2})
    second = desk.person.get(first["next"])

    assert [job["number"] for job in first["results"] + second["results"]] == [5, 4, 3, 2]
    assert first["count"] == 5
    stopped = desk.person.get("jobs/", params={"state": "STOPPED"})
    assert [job["number"] for job in stopped["results"]] == [1]
    assert desk.person.get("jobs/", params={"plugin": "other"})["results"] == []
    assert desk.person.get("jobs/", params={"action": "train"})["count"] == 5


def test_a_job_that_nobody_has_taken_stops_at_once_and_says_who(desk):
    desk.submit()
    job = desk.person.post("jobs/1/stop/")
    assert (job["state"], job["cause"]) == ("STOPPED", "cancelled")
    assert job["stop_requested_by"] == "test-publisher"
    assert desk.person.post("jobs/1/stop/")["finished"] == job["finished"]
    assert desk.claim() == []
    states = [event["body"]["state"] for event in desk.events(1)]
    assert states == ["PENDING", "STOPPED"]


def test_what_is_not_there_is_said(desk):
    for lookup in ("7", "01999999-0000-7000-8000-000000000000", "9" * 30, "what"):
        with pytest.raises(NotFoundError, match="There is no job"):
            desk.job(lookup)


def test_a_claim_moves_a_job_that_no_agent_of_ours_has(desk):
    desk.submit()
    desk.person.patch("jobs/1/", json={"status": "RUNNING", "progress_record": {"record": {"percent": 5}}})
    assert desk.job(1)["state"] == "RUNNING"
    assert desk.claim() == []
    job = desk.person.patch("jobs/1/", json={"status": "SUCCEEDED", "result": {"x": 1}})
    assert (job["state"], job["result"]) == ("SUCCEEDED", {"x": 1})
    assert job["progress_record"] == {"record": {"percent": 5}}
    assert desk.person.patch("jobs/1/", json={"status": "FAILED"})["state"] == "SUCCEEDED"


def test_a_claim_is_only_a_claim_where_our_agent_runs_the_job(desk):
    assignment = desk.start_one()
    worker = desk.server.client(token=assignment["job_token"])
    job = worker.patch(f"jobs/{assignment['job']}/", json={"status": "SUCCEEDED", "result": 1})
    assert (job["state"], job["result"]) == ("RUNNING", None)
    assert job["claims"] == {"status": "SUCCEEDED", "result": 1}
    desk.end(assignment, exit_code=None, signal=9, cause="signal")
    assert desk.job(1)["state"] == "FAILED"


def test_a_job_token_sees_its_own_job_only(desk):
    assignment = desk.start_one()
    other = desk.submit()
    worker = desk.server.client(token=assignment["job_token"])
    assert worker.get(f"jobs/{assignment['job']}/")["number"] == 1
    for path in (
        f"jobs/{other['id']}/",
        f"jobs/{other['id']}/events/",
        f"jobs/{other['id']}/logs/",
        "jobs/99/",
    ):
        with pytest.raises(AuthorizationError, match="own job only"):
            worker.get(path)
    for path in ("jobs/", "agents/"):
        with pytest.raises(AuthorizationError):
            worker.get(path)
    refused = desk.server.client("admin").get("audit/")["results"]
    assert f"GET /jobs/{other['id']}/" in [entry["what"] for entry in refused]


def test_an_agent_reads_only_what_it_was_given(desk):
    desk.start_one()
    stranger = desk.server.client(token=desk.server.agent_token())
    register(stranger, "stranger")
    with pytest.raises(AuthorizationError, match="not given to this agent"):
        stranger.get("jobs/1/")
    assert desk.agent.get("jobs/1/")["number"] == 1


def test_the_documents_are_described(desk):
    paths = desk.person.get("openapi.json")["paths"]
    assert paths["/plugins/{plugin}/run/"]["post"]["summary"]
    assert "application/x-ndjson" in paths["/jobs/{job}/events/"]["post"]["requestBody"]["content"]
