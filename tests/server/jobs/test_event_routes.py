"""Events over HTTP: in once, out in order, followed to the end."""

from __future__ import annotations

import gzip
import json
import threading

import httpx
import pytest
from tests.server.jobs.desk import make_event, make_metric

from synapse_sdk.clients.errors import AuthorizationError, HTTPError, ValidationError
from synapse_sdk.clients.jobs import follow_events
from synapse_sdk.server.jobs import event_streams


def _ours(events):
    return [event for event in events if event["producer"] != "server"]


def test_events_come_back_in_the_order_of_their_arrival(desk):
    job = desk.start_one()["job"]
    answer = desk.send(job, [make_event(job, seq, body={"content": f"line {seq}"}) for seq in (1, 2, 3)])
    assert answer == {"accepted": 3, "duplicate": 0, "refused": 0, "last_seq": {"worker": 3}}
    found = _ours(desk.events(job))
    assert [event["body"]["content"] for event in found] == ["line 1", "line 2", "line 3"]
    assert [event["cursor"] for event in found] == [3, 4, 5]
    assert all(event["received_at"].endswith("Z") for event in found)


def test_sending_again_is_harmless_also_in_part(desk):
    job = desk.start_one()["job"]
    events = [make_event(job, seq) for seq in range(1, 7)]
    desk.send(job, events[:3])
    assert desk.send(job, events[1:5]) == {
        "accepted": 2, "duplicate": 2, "refused": 0, "last_seq": {"worker": 5},
    }  # fmt: skip
    assert desk.send(job, [events[5], events[5]])["duplicate"] == 1
    assert [event["seq"] for event in _ours(desk.events(job))] == [1, 2, 3, 4, 5, 6]


def test_what_was_left_out_may_come_later(desk):
    job = desk.start_one()["job"]
    desk.send(job, [make_event(job, 5)])
    assert desk.send(job, [make_event(job, 2)])["accepted"] == 1
    assert [event["seq"] for event in _ours(desk.events(job))] == [5, 2]


def test_an_equal_identity_with_other_content_is_refused_and_recorded(desk):
    job = desk.start_one()["job"]
    desk.send(job, [make_event(job, 1, body={"content": "a"})])
    answer = desk.send(job, [make_event(job, 1, body={"content": "b"}), make_event(job, 2)])
    assert (answer["accepted"], answer["refused"]) == (1, 1)
    assert _ours(desk.events(job))[0]["body"] == {"content": "a"}
    entries = desk.server.client("admin").get("audit/")["results"]
    assert "identity of others" in entries[0]["detail"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "Line 2 is no event"),
        (b'{"kind": "message"}', "Line 2 is no event: job"),
        (b"\xff\xfe", "Line 2 is not UTF-8"),
        (b"[1]", "Line 2 is no event"),
    ],
)
def test_one_bad_line_is_named_and_nothing_of_the_batch_is_kept(desk, line, words):
    job = desk.start_one()["job"]
    good = json.dumps(make_event(job, 1)).encode()
    with pytest.raises(ValidationError, match=words):
        desk.agent.post(f"jobs/{job}/events/", content=good + b"\n" + line + b"\n")
    assert _ours(desk.events(job)) == []


def test_lines_that_are_events_only_together_are_none(desk):
    job = desk.start_one()["job"]
    whole = json.dumps(make_event(job, 1, body={"list": [{}, {}]}))
    first, _, second = whole.partition("{}, ")
    body = f"{first}{{}}\n{second}\n{json.dumps(make_event(job, 2))},{json.dumps(make_event(job, 3))}\n"
    with pytest.raises(ValidationError, match="Line 1 is no event"):
        desk.agent.post(f"jobs/{job}/events/", content=body)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"job": "01999999-0000-7000-8000-000000000000"}, "belongs to the job"),
        ({"attempt": 2}, "attempt 2"),
        ({"producer": "server"}, "is counted by 'server'"),
        ({"producer": "agent"}, "is counted by 'agent'"),
        ({"seq": 0}, "does not count from 1"),
        ({"seq": 2**70}, "Line 1"),
        ({"ordinals": {"loss": -1}}, "ordinal"),
    ],
)
def test_a_worker_speaks_for_itself_only(desk, changes, words):
    assignment = desk.start_one()
    worker = desk.server.client(token=assignment["job_token"])
    event = {**make_event(assignment["job"], 1), **changes}
    with pytest.raises(ValidationError, match=words):
        desk.send(assignment["job"], [event], sender=worker)
    assert desk.send(assignment["job"], [make_event(assignment["job"], 1)], sender=worker)["accepted"] == 1


def test_viewers_send_nothing(desk):
    job = desk.start_one()["job"]
    with pytest.raises(AuthorizationError, match="jobs:write"):
        desk.send(job, [make_event(job, 1)], sender=desk.server.client("viewer"))


def test_the_agent_may_send_after_the_end(desk):
    assignment = desk.start_one()
    desk.end(assignment)
    assert desk.send(assignment["job"], [make_event(assignment["job"], 1)])["accepted"] == 1


def test_batches_may_be_packed_and_have_limits(desk):
    job = desk.start_one()["job"]
    lines = b"".join(json.dumps(make_event(job, seq)).encode() + b"\n" for seq in range(1, 10_001))
    packed = {"Content-Encoding": "gzip"}
    path = f"jobs/{job}/events/"
    assert desk.agent.post(path, content=gzip.compress(lines), headers=packed)["accepted"] == 10_000
    with pytest.raises(ValidationError, match="not gzip"):
        desk.agent.post(path, content=lines, headers=packed)
    with pytest.raises(HTTPError, match="at most 10,000 events"):
        desk.agent.post(path, content=lines + lines[:500].partition(b"\n")[0] + b"\n")
    with pytest.raises(HTTPError, match="unpacked"):
        desk.agent.post(path, content=gzip.compress(b" " * (9 << 20)), headers=packed)
    with pytest.raises(ValidationError, match="larger than"):
        desk.send(job, [make_event(job, 20_000, body={"content": "x" * (1 << 20) + "y" * 2000})])


def test_pages_kinds_and_progress(desk):
    job = desk.start_one()["job"]
    body = {"current": 1, "total": 4, "percent": 25.0}
    desk.send(job, [make_event(job, 1), make_event(job, 2, "progress", step="train", body=body)])
    desk.send(job, [make_event(job, 3, "progress", step="train", body={**body, "percent": 50.0})])
    page = desk.person.get(f"jobs/{job}/events/", params={"limit": 2})
    rest = desk.person.get(page["next"])
    assert len(rest["results"]) == 2
    assert [event["seq"] for event in desk.events(job, kind="progress")] == [2, 3]
    assert desk.job(1)["progress"]["train"]["percent"] == 50.0
    with pytest.raises(ValidationError, match="known are message, progress"):
        desk.events(job, kind="noise")


def test_a_follower_hears_everything_once_and_the_end(desk):
    assignment = desk.start_one()
    job = assignment["job"]
    heard = []
    follower = threading.Thread(target=lambda: heard.extend(follow_events(desk.server.client(), job)))
    follower.start()
    for seq in range(1, 6):
        desk.send(job, [make_event(job, seq, body={"content": "between \u2028 lines\r"})])
    desk.end(assignment)
    follower.join(30)
    assert not follower.is_alive()
    assert [cursor for cursor, _ in heard] == list(range(1, 9))
    assert [event.seq for _, event in heard if event.producer == "worker"] == [1, 2, 3, 4, 5]
    assert heard[-1][1].body["state"] == "SUCCEEDED"


def test_a_stream_goes_on_after_the_last_id(desk):
    assignment = desk.start_one()
    desk.end(assignment)
    headers = {"Authorization": f"Token {desk.server.token()}", "Last-Event-ID": "2"}
    text = httpx.get(f"{desk.server.url}/jobs/1/events/stream/", headers=headers).text
    assert text.startswith("id: 3\ndata: {")
    assert text.endswith("event: end\ndata: {}\n\n")


def test_metrics_come_back_as_series_with_what_is_no_number(desk):
    job = desk.start_one()["job"]
    values = [0.5, "NaN", "Infinity", 0.25]
    desk.send(job, [make_metric(job, seq, value, epoch=seq) for seq, value in enumerate(values, 1)])
    (series,) = desk.person.get(f"jobs/{job}/metrics/", params={"x_axis": "epoch"})["series"]
    assert (series["step"], series["key"], series["producer"], series["attempt"]) == (
        "train", "loss", "worker", 1,
    )  # fmt: skip
    assert [point["value"] for point in series["points"]] == [0.5, "NaN", "Infinity", 0.25]
    assert [point["x"] for point in series["points"]] == [1, 2, 3, 4]
    (epochs,) = desk.person.get(f"jobs/{job}/metrics/", params={"key": "epoch"})["series"]
    assert [point["value"] for point in epochs["points"]] == [1, 2, 3, 4]
    assert desk.person.get(f"jobs/{job}/metrics/", params={"step": "other"})["series"] == []


def test_resent_metrics_are_counted_once(desk):
    job = desk.start_one()["job"]
    batch = [make_metric(job, seq, float(seq)) for seq in range(1, 11)]
    desk.send(job, batch)
    desk.send(job, batch)
    (series,) = desk.person.get(f"jobs/{job}/metrics/", params={"points": 2})["series"]
    assert [bucket["count"] for bucket in series["points"]] == [5, 5]
    assert [bucket["mean"] for bucket in series["points"]] == [3, 8]


def test_a_long_series_is_answered_in_buckets_that_miss_no_peak(desk):
    job = desk.start_one()["job"]
    for start in range(0, 8_000, 1_000):
        desk.send(
            job,
            [
                make_metric(job, seq + 1, 1e6 if seq == 4_321 else float(seq % 7))
                for seq in range(start, start + 1_000)
            ],
        )
    for points in (5, 100, 1_000):
        (series,) = desk.person.get(f"jobs/{job}/metrics/", params={"points": points})["series"]
        buckets = series["points"]
        assert series["point_count"] == 8_000
        assert points // 2 <= len(buckets) <= points + 1
        assert sum(bucket["count"] for bucket in buckets) == 8_000
        assert [bucket["max"] for bucket in buckets].count(1e6) == 1
        assert min(bucket["min"] for bucket in buckets) == 0
        assert [bucket["ordinal"] for bucket in buckets] == sorted(bucket["ordinal"] for bucket in buckets)
        assert buckets[-1]["last_ordinal"] == 7_999


@pytest.mark.parametrize("path", ["events/stream/", "logs/stream/", "tail_console_logs/"])
def test_a_stream_ends_soon_after_its_token(desk, monkeypatch, path):
    monkeypatch.setattr(event_streams, "LOOK_AGAIN_S", 0.2)
    job, token = desk.start_one()["job"], desk.server.token("viewer")
    accounts = desk.server.services.accounts
    token_id = accounts.authenticate(token).token_id
    headers = {"Synapse-Access-Token": f"Token {token}"}
    with httpx.stream("GET", f"{desk.server.url}/jobs/{job}/{path}", headers=headers, timeout=30) as answer:
        assert answer.status_code == 200
        accounts.revoke_token(accounts.folder_owner(), token_id)
        said = answer.read().decode()  # it ends, though the job goes on
    assert "event: end" not in said
    assert "complete" not in said
    assert desk.job(job)["state"] == "RUNNING"
