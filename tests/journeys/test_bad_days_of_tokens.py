"""Tokens in the wrong hands: what is refused, what is recorded, and where no token is ever found."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from synapse_sdk.console.session import SESSION_COOKIE
from tests.journeys.platform import Platform
from tests.server_process import wait_until

#: A whole token, and not the hint that is kept of one, which lies before its hash in the database.
TOKEN = re.compile(rb"syn_(?:user|agent|job|ci|serve)_[\w-]{4}(?![0-9a-f]{39})[\w-]{39}")


class WaitingJob:
    """A job that runs, and its token as its worker has it."""

    def __init__(self, platform: Platform) -> None:
        self.number = platform.submit("wait")
        self.worker = int(platform.wait_for_line(self.number))
        self.folder = platform.attempt_folder(self.number)
        self.token = (self.folder / "token").read_text().strip()


@pytest.fixture(scope="module")
def waiting(platform: Platform) -> Iterator[WaitingJob]:
    """A job that runs until the last story is told."""
    job = WaitingJob(platform)
    yield job
    platform.synapse("job", "stop", job.number)
    assert platform.wait_for_end(job.number)["state"] == "STOPPED"


def expect_recorded(platform: Platform, what: str) -> None:
    """Among the newest entries of the audit log is this refusal."""
    assert what in [entry["what"] for entry in platform.refusals()[:3]]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "jobs/{other}/", None),
        ("GET", "jobs/{other}/logs/", None),
        ("GET", "jobs/{other}/events/", None),
        ("POST", "jobs/{other}/events/", ""),
        ("POST", "jobs/{other}/stop/", None),
        ("GET", "tokens/", None),
        ("POST", "tokens/", '{"name": "mine"}'),
        ("GET", "audit/", None),
        ("POST", "plugins/demo/run/", '{"action": "wait"}'),
        ("PUT", "jobs/{own}/attempts/1/logs/stdout/?offset=0", "forged"),
        ("POST", "jobs/{own}/stop/", None),
        ("POST", "agents/register/", "{register}"),
    ],
)
def test_a_jobs_token_opens_nothing_but_its_own_job(
    platform: Platform, waiting: WaitingJob, method: str, path: str, body: str | None
):
    other = platform.submit("wait")
    register = '{"name": "x", "interpreter": "x", "platform": "x", "sdk_version": "1", "cpus": 1, "gpus": 0}'
    path = path.format(other=platform.job(other)["id"], own=platform.job(waiting.number)["id"])
    content = None if body is None else register if body == "{register}" else body

    try:
        kind = "application/x-ndjson" if "events" in path else "application/json"
        answer = platform.ask(
            method, path, token=waiting.token, content=content, headers={"Content-Type": kind}
        )

        assert answer.status_code in (403, 404), answer.text
        if answer.status_code == 403:
            expect_recorded(platform, f"{method} /{path.partition('?')[0]}")
    finally:
        platform.synapse("job", "stop", other)
    assert platform.job(waiting.number)["state"] == "RUNNING"


def test_a_jobs_token_is_over_with_the_job(platform: Platform):
    job = WaitingJob(platform)
    assert platform.ask("GET", f"jobs/{job.number}/", token=job.token).status_code == 200

    platform.synapse("job", "stop", job.number)
    platform.wait_for_end(job.number)

    answer = platform.ask("GET", f"jobs/{job.number}/", token=job.token)
    assert answer.status_code == 401, answer.text
    expect_recorded(platform, f"GET /jobs/{job.number}/")
    wait_until(lambda: not (job.folder / "token").exists(), "the agent removes the token")


def test_a_revoked_token_is_over_at_once(platform: Platform):
    made = platform.ask("POST", "tokens/", json={"name": "short-lived"}).json()
    assert platform.ask("GET", "whoami/", token=made["token"]).status_code == 200

    assert platform.ask("DELETE", f"tokens/{made['id']}/").status_code == 204

    answer = platform.ask("GET", "whoami/", token=made["token"])
    assert answer.status_code == 401
    assert "revoked" in answer.json()["detail"]
    expect_recorded(platform, "GET /whoami/")


def test_an_expired_token_is_refused_and_says_so(platform: Platform):
    second = 1 / 24 / 3600
    token = platform.server.make_token("--days", str(second))

    answer = wait_until(
        lambda: found if (found := platform.ask("GET", "whoami/", token=token)).status_code != 200 else None,
        "the token expires",
    )

    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]
    expect_recorded(platform, "GET /whoami/")
    asked = platform.synapse("job", "list", "--host", platform.server.url, "--token-file", "-", stdin=token)
    assert asked.returncode == 3
    assert "expired" in asked.stderr


def test_a_foreign_host_header_is_refused_and_recorded(platform: Platform):
    for path in ("jobs/", "console/", "health/"):
        answer = platform.ask("GET", path, headers={"Host": f"{path[:4]}.evil.example"})
        assert answer.status_code == 400
        assert "evil.example" in answer.text
        expect_recorded(platform, f"GET /{path}")
    assert "heal.evil.example" in platform.refusals()[0]["detail"]


def test_a_forged_cookie_and_a_form_without_its_token_are_refused_and_recorded(platform: Platform):
    # The other ways to forge a request: tests/console/test_guards.py.
    console = f"{platform.server.url}/console/"
    forged = httpx.get(f"{console}jobs/", headers={"Cookie": f"{SESSION_COOKIE}=forged"})
    assert forged.status_code == 303
    assert "sign-in" in forged.headers["location"]
    expect_recorded(platform, "GET /console/jobs/")

    form = httpx.post(f"{console}sign-in/", data={"name": "owner", "password": "guess"})
    assert form.status_code == 403
    expect_recorded(platform, "POST /console/sign-in/")


def test_no_token_is_in_any_argument_or_variable(platform: Platform, waiting: WaitingJob):
    seen = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        for name in ("cmdline", "environ"):
            try:
                data = (entry / name).read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            seen.add(name)
            for token in (platform.token, waiting.token):
                assert token.encode() not in data, (entry.name, name)
    assert seen == {"cmdline", "environ"}


def test_no_token_is_in_any_file_but_those_for_tokens(platform: Platform, waiting: WaitingJob):
    holders = set()
    for folder, _, files in os.walk(platform.server.data_dir):
        for name in files:
            path = Path(folder, name)
            if "envs" not in path.parts and path.is_file() and TOKEN.search(path.read_bytes()):
                holders.add(path.relative_to(platform.server.data_dir))

    # Jobs that have just ended may have theirs still.
    assert {waiting.folder.relative_to(platform.server.data_dir) / "token", Path("agent/token")} <= holders
    assert [path for path in holders if path.name != "token" or path.parts[0] != "agent"] == []
    for holder in holders:
        assert (platform.server.data_dir / holder).stat().st_mode & 0o777 == 0o600
    assert not TOKEN.search(platform.server.log.read_bytes())
