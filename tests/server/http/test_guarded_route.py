"""Bodies as nobody honest sends them: refused with a sentence, and never kept."""

from __future__ import annotations

import socket

import httpx
import pytest
from tests.server.jobs.desk import Desk, publish, register

from synapse_sdk.server.http.guarded_route import BODY_LIMIT_BYTES

BIG = 10**20
ODD_VALUES = {
    "half a character": b'"\\ud800"',
    "no number": b"NaN",
    "a number without end": b"1e400",
    "too many digits": b"9" * 5_000,
    "nested too deep": b"[" * 100_000 + b"]" * 100_000,
    "bytes that are no text": b'"\xff"',
}


@pytest.fixture
def desk(server):
    publish(server.client("publisher"))
    agent = server.client(token=server.agent_token())
    return Desk(server, server.client("developer"), agent, register(agent))


def send(server, token, method, path, body):
    headers = {"Content-Type": "application/json", "Authorization": f"Token {token}"}
    return httpx.request(method, f"{server.url}/{path}", content=body, headers=headers)


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES.keys())
def test_what_could_not_be_told_again_is_not_taken(server, desk, value):
    job = desk.start_one()
    bodies = {
        ("PATCH", f"jobs/{job['job']}/"): b'{"result": %s}' % value,
        ("POST", "logs/"): b'{"event": "x", "job": "%s", "data": %s}' % (job["job"].encode(), value),
    }
    for (method, path), body in bodies.items():
        answer = send(server, job["job_token"], method, path, body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["detail"].startswith("The body is no JSON that can be kept: ")

    submitted = send(
        server, server.token("developer"), "POST", "plugins/digits/run/",
        b'{"action": "inference", "params": {"x": %s}}' % value,
    )  # fmt: skip
    assert submitted.status_code == 400, submitted.text
    assert desk.job(job["job"])["result"] is None


def test_what_is_nested_as_deep_as_the_worker_may_is_told_again(server, desk):
    job = desk.start_one()
    nested = b"[" * 190 + b"]" * 190

    assert send(
        server, job["job_token"], "PATCH", f"jobs/{job['job']}/", b'{"result": %s}' % nested
    ).is_success
    assert desk.job(job["job"])["claims"]["result"] != []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"audit/?after={BIG}"),
        ("GET", f"audit/?after=-{BIG}"),
        ("GET", f"tokens/?after={BIG}"),
        ("DELETE", f"tokens/{BIG}/"),
        ("GET", f"jobs/1/outputs/?attempt={BIG}"),
        ("POST", f"jobs/1/attempts/{BIG}/outputs/"),
        ("GET", f"jobs/1/logs/bytes/?offset={2**62 - 1}"),
    ],
)
def test_numbers_that_no_row_can_have_are_no_error_of_ours(server, desk, method, path):
    desk.start_one()

    answer = send(server, server.token(), method, path, b'{"files": []}' if method == "POST" else b"")

    assert answer.status_code in (200, 400), answer.text


def test_nothing_of_a_body_is_read_before_the_token(server):
    assert server.client().get("health/")["status"] == "ok"
    host, port = server.url.removeprefix("http://").split(":")
    for media in ("application/json", "multipart/form-data; boundary=x"):
        path = "/datasets/" if "json" in media else "/chunked_upload/"
        method = "POST" if "json" in media else "PUT"
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(
                f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media}\r\n"
                f"Content-Length: 1000000000\r\n\r\n".encode()
            )
            # The answer comes though no byte of the body has been sent.
            assert connection.recv(12) == b"HTTP/1.1 401"


def test_a_body_that_is_held_in_memory_has_a_limit(server):
    body = b'{"name": "' + b"x" * BODY_LIMIT_BYTES + b'"}'

    answer = send(server, server.token(), "POST", "tokens/", body)

    assert answer.status_code == 413
    assert answer.json()["limit_bytes"] == BODY_LIMIT_BYTES


def test_every_operation_but_health_looks_at_the_token_first(server):
    paths = server.client().get("openapi.json")["paths"]
    odd = {"content": b"{", "headers": {"Content-Type": "application/json"}}

    with httpx.Client(base_url=server.url) as client:
        answers = {
            (method, path): client.request(method, path.replace("{", "").replace("}", ""), **odd).status_code
            for path, operations in paths.items()
            for method in operations
        }

    assert len(answers) > 60
    assert {found for found in answers.items() if found[1] != 401} == {(("get", "/health/"), 200)}
