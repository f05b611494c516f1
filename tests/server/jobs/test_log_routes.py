"""Logs over HTTP: shipped by offset, read by range, followed."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

from synapse_sdk.clients.errors import AuthorizationError, HTTPError, NotFoundError
from synapse_sdk.clients.job_logs import follow_log, iter_log


def _ship(desk, offset: int, data: bytes, *, stream: str = "stdout", attempt: int = 1) -> int:
    path = f"jobs/1/attempts/{attempt}/logs/{stream}/"
    return desk.agent.put(path, params={"offset": offset}, content=data)["size_bytes"]


def test_a_log_arrives_once_however_often_it_is_sent(desk):
    desk.start_one()
    assert _ship(desk, 0, b"one\ntwo\n") == 8
    assert _ship(desk, 4, b"two\nthree\n") == 14
    with pytest.raises(HTTPError, match="would leave a gap") as caught:
        _ship(desk, 99, b"x")
    assert (caught.value.status_code, caught.value.details["problem"]["offset"]) == (409, 14)
    page = desk.person.get("jobs/1/logs/")
    assert page["lines"] == ["one", "two", "three"]
    assert (page["attempt"], page["stream"], page["line_count"]) == (1, "stdout", 3)
    assert (page["size_bytes"], page["is_complete"]) == (14, False)
    assert desk.person.get("jobs/1/logs/", params={"stream": "stderr"})["lines"] == []


def test_only_the_agent_that_holds_the_attempt_ships(desk):
    assignment = desk.start_one()
    for sender in (desk.person, desk.server.client(token=assignment["job_token"])):
        with pytest.raises(AuthorizationError):
            sender.put("jobs/1/attempts/1/logs/stdout/", params={"offset": 0}, content=b"x")
    with pytest.raises(NotFoundError, match="no attempt 3"):
        _ship(desk, 0, b"x", attempt=3)


def test_ranges_of_lines_and_bytes_and_a_search(desk):
    desk.start_one()
    _ship(desk, 0, b"".join(b"line %d\n" % number for number in range(3_000)))
    log = "jobs/1/logs/"
    page = desk.person.get(log, params={"from_line": 2_500, "lines": 2})
    assert (page["lines"], page["next_line"]) == (["line 2500", "line 2501"], 2_502)
    tail = desk.person.get(log, params={"tail": 2})
    assert (tail["lines"], tail["from_line"]) == (["line 2998", "line 2999"], 2_998)
    found = desk.person.get(log, params={"contains": "99", "lines": 3})
    assert found["numbers"] == [99, 199, 299]
    more = desk.person.get(log, params={"contains": "99", "lines": 1, "from_line": found["next_line"]})
    assert more["lines"] == ["line 399"]
    raw = desk.person.get("jobs/1/logs/bytes/", params={"offset": 7, "limit_bytes": 6})
    assert raw == "line 1"
    assert len(list(iter_log(desk.person, "1", stream="stdout"))) == 3_000


def test_a_follower_of_the_log_gets_each_line_once_to_the_end(desk):
    assignment = desk.start_one()
    lines: list[str] = []
    own = desk.server.client()
    follower = threading.Thread(target=lambda: lines.extend(follow_log(own, "1", stream="stdout")))
    follower.start()
    _ship(desk, 0, b"one\ntw")
    _ship(desk, 6, b"o\nlast")
    desk.end(assignment)
    follower.join(30)
    assert lines == ["one", "two", "last"]


def test_a_log_streams_as_it_comes_until_the_attempt_has_ended(desk):
    assignment = desk.start_one()
    _ship(desk, 0, b"one\n50%\r100%\n")
    headers = {"Authorization": f"Token {desk.server.token()}"}
    received: list[str] = []

    def follow() -> None:
        with httpx.stream("GET", f"{desk.server.url}/jobs/1/logs/stream/", headers=headers) as response:
            received.extend(response.iter_text())

    follower = threading.Thread(target=follow)
    follower.start()
    _ship(desk, 13, b"last")
    desk.end(assignment)
    follower.join(30)
    text = "".join(received)
    texts = [json.loads(line[6:])["text"] for line in text.splitlines() if line.startswith('data: {"text')]
    assert texts == ["one", "50%\r100%", "last"]
    assert text.endswith("event: end\ndata: {}\n\n")
    again = httpx.get(f"{desk.server.url}/jobs/1/logs/stream/", headers={**headers, "Last-Event-ID": "13"})
    assert again.text.startswith('id: 17\ndata: {"text": "last"}')


def test_over_the_quota_is_counted_and_told_once(desk):
    desk.start_one()
    desk.server.services.jobs.logs._quota_bytes = 10
    assert _ship(desk, 0, b"1234567\n") == 8
    assert _ship(desk, 8, b"abcdef\n", stream="stdout") == 15
    assert _ship(desk, 15, b"more\n") == 20
    assert desk.person.get("jobs/1/logs/")["size_bytes"] == 10
    (loss,) = desk.events(1, kind="loss")
    assert loss["body"] == {
        "what": "stdout over the quota", "stream": "stdout", "kept_bytes": 10, "quota_bytes": 10,
    }  # fmt: skip
    assert _ship(desk, 0, b"err\n", stream="stderr") == 4
    assert len(desk.events(1, kind="loss")) == 2
