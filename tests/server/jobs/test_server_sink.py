"""The sink of a worker against the real server: what a run reports is what the server has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synapse_sdk.clients.event_sink import ServerSink, send_spool
from synapse_sdk.plugins.events import EventStream


def test_what_a_run_reports_is_what_the_server_has(desk: Any, tmp_path: Path) -> None:
    assignment = desk.start_one()
    job, token = assignment["job"], assignment["job_token"]
    said: list[str] = []
    spool = tmp_path / "events.jsonl"
    sink = ServerSink(spool, url=desk.server.url, token=token, job=job, say=said.append)
    stream = EventStream([sink], job=job)

    for step in range(2_500):
        stream.metrics("train", {"loss": 1 / (step + 1), "odd": float("nan")})
    stream.message("done", level="success")
    stream.close()

    assert (stream.failures, said) == ([], [])
    own = [event for event in _all_events(desk, job) if event["producer"] == "worker"]
    assert [event["seq"] for event in own] == list(range(1, 2_502))
    assert own[0]["values"] == {"loss": 1.0, "odd": "NaN"}
    # Sent again, by an agent that lost its note: nothing is there twice.
    spool.with_name("events.jsonl.sent").unlink()
    assert send_spool(spool, url=desk.server.url, token=token, job=job) == (2_501, 0)
    again = [event for event in _all_events(desk, job) if event["producer"] == "worker"]
    assert len(again) == 2_501


def test_lines_that_the_server_refuses_cost_no_other_line(desk: Any, tmp_path: Path) -> None:
    assignment = desk.start_one()
    job, token = assignment["job"], assignment["job_token"]
    spool = tmp_path / "events.jsonl"
    stream = EventStream(
        [ServerSink(spool, url=desk.server.url, token=token, job=job, say=[].append)], job=job
    )
    stream.message("one", level="info")
    stream.flush()
    with spool.open("ab") as file:
        file.write(b'{"torn": \n')
    stream.message("two", level="info")
    stream.close()

    assert "refused 1 events" in str(stream.failures[0].error)
    own = [event for event in _all_events(desk, job) if event["producer"] == "worker"]
    assert [event["body"]["content"] for event in own] == ["one", "two"]


def test_a_token_that_is_over_stops_the_sending(desk: Any, tmp_path: Path) -> None:
    assignment = desk.start_one()
    said: list[str] = []
    sink = ServerSink(
        tmp_path / "events.jsonl",
        url=desk.server.url,
        token="synj_0_notatoken",
        job=assignment["job"],
        say=said.append,
    )
    stream = EventStream([sink], job=assignment["job"])
    stream.message("one", level="info")
    stream.close()

    assert sink.stopped_by is not None
    assert "takes no more events" in said[0]


def _all_events(desk: Any, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := desk.events(job, after=found[-1]["cursor"] if found else 0):
        found += page
    return found
