"""What the vendor's clients send and read. Source: interface sheet `platform.md` §3.2, §3.3, §4.3."""

from __future__ import annotations

import json

import httpx

from synapse_sdk._internal.clock import iso_z, utc_now


def test_log_entries_one_or_many_become_events(desk):
    assignment = desk.start_one()
    worker = desk.server.client(token=assignment["job_token"])
    entry = {"event": "message", "data": {"content": "hello"}, "datetime": iso_z(utc_now())}
    entry |= {"job": 1, "level": "info"}
    worker.post("logs/", json=entry)
    metric = {"category": "train", "key": "epoch 1", "metrics": {"loss": 0.5, "name": "x"}}
    worker.post(
        "logs/",
        json=[
            {"event": "metric", "data": metric, "datetime": "2026-01-02T03:04:05", "job": assignment["job"]},
            {"event": "trials", "data": {"base": "x"}, "datetime": "yesterday", "job": 1, "file": "data:…"},
        ],
    )
    found = [event for event in desk.events(1) if event["producer"] == "vendor"]
    assert [(event["seq"], event["kind"]) for event in found] == [(1, "message"), (2, "metric"), (3, "log")]
    assert found[0]["level"] == "info"
    assert found[1]["at"] == "2026-01-02T03:04:05.000000Z"
    assert found[2]["name"] == "trials"
    (series,) = desk.person.get("jobs/1/metrics/")["series"]
    assert (series["step"], series["key"], series["points"][0]["value"]) == ("train", "loss", 0.5)


def test_console_logs_whole_and_followed(desk):
    assignment = desk.start_one()
    path = "jobs/1/attempts/1/logs/{}/"
    desk.agent.put(path.format("stdout"), params={"offset": 0}, content=b"out 1\nout 2\n")
    desk.agent.put(path.format("stderr"), params={"offset": 0}, content=b"err\n")
    lines = desk.person.get("jobs/1/console_logs/")["results"]
    assert [line["message"] for line in lines] == ["out 1", "out 2", "err"]
    desk.end(assignment)

    headers = {"Synapse-Access-Token": f"Token {desk.server.token()}"}
    text = httpx.get(f"{desk.server.url}/jobs/1/tail_console_logs/", headers=headers).text
    told = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data")]
    assert [item["type"] for item in told] == ["connected", "log", "log", "log", "complete"]
    assert [item["data"] for item in told[1:-1]] == ["out 1", "out 2", "err"]


def test_agents_are_listed_as_the_vendors_doctor_reads_them(desk):
    (agent,) = desk.person.get("agents/", params={"url_host": "x"})["results"]
    assert agent["status"] == "connected"
    assert isinstance(agent["id"], int)
