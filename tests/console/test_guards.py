"""Who gets in, and what a request needs to change something. Without a browser: what a forger would send."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from tests.console.running import run_console
from tests.console.world import build_world

from synapse_sdk.console.pages import job_data
from synapse_sdk.console.session import SESSION_COOKIE
from synapse_sdk.server.accounts import passwords


def csrf_of(visitor: httpx.Client, path: str = "tokens/") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(path).text)
    assert found
    return found[1]


def refusals(console) -> list[tuple[str, str]]:
    entries = console.client().get("audit/")["results"]
    return [(entry["what"], entry["detail"]) for entry in entries]


def test_without_a_cookie_every_page_leads_to_the_form(console):
    answer = httpx.get(f"{console.console}jobs/?state=FAILED", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in/?next=jobs%2F%3Fstate%3DFAILED"
    assert refusals(console) == []


def test_a_forged_cookie_is_refused_recorded_and_taken_away(console):
    answer = httpx.get(f"{console.console}jobs/", headers={"Cookie": f"{SESSION_COOKIE}=forged"})
    assert answer.status_code == 303
    assert f'{SESSION_COOKIE}=""' in answer.headers["set-cookie"]
    assert refusals(console)[0][0] == "GET /console/jobs/"


def test_a_form_without_its_token_changes_nothing(console, visitor):
    for fields in (
        {"name": "stolen", "kind": "user"},
        {"name": "stolen", "kind": "user", "csrf_token": "guess"},
    ):
        answer = visitor.post("tokens/", data=fields)
        assert answer.status_code == 403
        assert "did not carry the token" in answer.text
    assert "stolen" not in visitor.get("tokens/").text
    assert refusals(console)[0] == (
        "POST /console/tokens/",
        "The form did not carry the token of this session. (2 times within a minute)",
    )


def test_a_form_of_another_site_changes_nothing(console, visitor):
    fields = {"name": "stolen", "kind": "user", "csrf_token": csrf_of(visitor)}
    for header in ("Origin", "Referer"):
        answer = visitor.post("tokens/", data=fields, headers={header: "https://evil.example/page"})
        assert answer.status_code == 403
    assert "another site" in refusals(console)[0][1]
    assert visitor.post("tokens/", data=fields, headers={"Origin": console.url}).status_code == 201


def test_the_token_may_come_as_a_header(console, visitor):
    token = csrf_of(visitor)
    answer = visitor.post("tokens/", data={"name": "mine", "kind": "user"}, headers={"X-CSRF-Token": token})
    assert answer.status_code == 201


def test_a_token_of_another_session_does_not_do(console, visitor):
    other = httpx.Client(
        base_url=console.console, headers={"Cookie": f"{SESSION_COOKIE}={console.cookie('viewer')}"}
    )
    with other:
        fields = {"name": "stolen", "kind": "user", "csrf_token": csrf_of(other)}
    assert visitor.post("tokens/", data=fields).status_code == 403


def test_signing_in_needs_the_forms_own_token_too(console):
    console.services.accounts.ensure_account("kim", password="correct horse")
    fields = {"name": "kim", "password": "correct horse"}
    assert httpx.post(f"{console.console}sign-in/", data=fields).status_code == 403


def test_wrong_passwords_are_recorded_and_slowed_down(console):
    console.services.accounts.ensure_account("kim", password="correct horse")
    with httpx.Client(base_url=console.console) as client:
        fields = {"name": "kim", "password": "a wrong guess", "csrf_token": csrf_of(client, "sign-in/")}
        found = [client.post("sign-in/", data=fields).status_code for _ in range(4)]
        assert found == [401, 401, 401, 429]
        answer = client.post("sign-in/", data={**fields, "password": "correct horse"})
        assert answer.status_code == 429
    assert "'kim'" in refusals(console)[0][1]
    assert "a wrong guess" not in str(refusals(console))


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\n//evil",
        "//[",
        "http://[::1",
    ],
)
def test_signing_in_never_leads_elsewhere(console, wanted):
    console.services.accounts.ensure_account("kim", password="correct horse")
    with httpx.Client(base_url=console.console) as client:
        fields = {"name": "kim", "password": "correct horse", "csrf_token": csrf_of(client, "sign-in/")}
        answer = client.post("sign-in/", data={**fields, "next": wanted})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/"


def test_signing_out_ends_the_session(console, visitor):
    token = csrf_of(visitor)
    assert visitor.post("sign-out/", data={"csrf_token": token}).status_code == 303
    assert visitor.get("tokens/").status_code == 303


def test_every_answer_forbids_scripts_from_elsewhere_and_inside_the_page(console, visitor):
    for path in ("", "tokens/", "nothing/", "static/console.js", "sign-in/"):
        answer = visitor.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son[a-z]+=|<style", answer.text), path


def test_what_a_role_may_not_is_refused_and_recorded(console):
    with httpx.Client(
        base_url=console.console, headers={"Cookie": f"{SESSION_COOKIE}={console.cookie('viewer')}"}
    ) as viewer:
        answer = viewer.get("audit/")
        assert answer.status_code == 403
        assert "accounts:read" in answer.text
        assert "/console/audit/" not in viewer.get("jobs/").text
    assert refusals(console)[0][0] == "GET /console/audit/"


def test_a_viewer_starts_and_stops_nothing(console):
    world = build_world(console)
    world.submit()
    with httpx.Client(
        base_url=console.console, headers={"Cookie": f"{SESSION_COOKIE}={console.cookie('viewer')}"}
    ) as viewer:
        token = csrf_of(viewer)
        answer = viewer.post("jobs/1/stop/", data={"csrf_token": token})
        assert answer.status_code == 403
        fields = {"p.dataset": "1", "p.epochs": "2", "csrf_token": token}
        assert viewer.post("plugins/digits/start/train/", data=fields).status_code == 403
    assert world.person.get("jobs/1/")["state"] == "PENDING"
    assert world.person.get("jobs/")["count"] == 1


def test_a_viewer_is_shown_no_way_to_what_is_refused(console):
    world = build_world(console)
    world.submit()
    cookie = {"Cookie": f"{SESSION_COOKIE}={console.cookie('viewer')}"}
    with httpx.Client(base_url=console.console, headers=cookie) as viewer:
        for path in ("", "plugins/", "plugins/digits/", "plugins/digits/releases/0.1.0/", "jobs/", "jobs/1/"):
            answer = viewer.get(path)
            assert answer.status_code == 200
            assert "/start/" not in answer.text, path
            assert "/stop/" not in answer.text, path
            assert "/audit/" not in answer.text, path


def test_uploaded_contents_are_never_run_by_a_browser(console, visitor):
    build_world(console)
    picture = visitor.get("datasets/1/versions/1/items/train/001.png?as_picture=true")
    assert picture.headers["content-type"] == "image/png"
    text = visitor.get("datasets/1/versions/1/items/train/notes.txt?as_picture=true")
    assert text.headers["content-type"] == "application/octet-stream"
    assert text.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in text.headers["content-security-policy"]
    readme = visitor.get("plugins/digits/releases/0.1.0/")
    assert "<script>alert" not in readme.text
    assert "&lt;script&gt;alert" in readme.text


def test_a_form_has_a_limit(console, visitor):
    answer = visitor.post("tokens/", content=b"x" * (18 * 1024 * 1024))
    assert answer.status_code == 413


def test_every_link_keeps_the_prefix_of_a_proxy(tmp_path):
    with run_console(tmp_path / "data", prefix="/synapse") as console:
        world = build_world(console)
        world.submit()
        cookie = {"Cookie": f"{SESSION_COOKIE}={console.cookie()}"}
        with httpx.Client(base_url=console.console, headers=cookie) as client:
            for path in (
                "",
                "jobs/",
                "jobs/1/",
                "jobs/1/inputs/",
                "plugins/digits/",
                "plugins/digits/start/train/",
                "tokens/",
            ):
                answer = client.get(path)
                assert answer.status_code == 200
                addresses = re.findall(
                    r'(?:href|src|action|hx-get|data-source|data-stream)="([^"]+)"', answer.text
                )
                assert addresses
                assert [item for item in addresses if not item.startswith(("/synapse/console/", "#"))] == []
        answer = httpx.get(f"{console.console}jobs/")
        assert answer.headers["location"].startswith("/synapse/console/sign-in/")
        answer = httpx.get(f"{console.console}sign-in/")
        assert "path=/synapse/console;" in answer.headers["set-cookie"].lower()
        assert httpx.get(f"{console.url}/").headers["location"] == "/synapse/console/"


def test_the_page_of_an_unforeseen_error_is_as_strict_as_all_others(console, visitor, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("<script>alert(1)</script>")

    monkeypatch.setattr(console.services.jobs.jobs, "list_jobs", fail)
    answer = visitor.get("jobs/")
    assert answer.status_code == 500
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert "alert(1)" not in answer.text


def test_an_origin_that_is_no_address_is_another_site(console, visitor):
    fields = {"name": "stolen", "kind": "user", "csrf_token": csrf_of(visitor)}
    assert visitor.post("tokens/", data=fields, headers={"Origin": "http://["}).status_code == 403


@pytest.mark.parametrize("path", ["tokens/", "sign-in/", "jobs/1/stop/", "preferences/"])
def test_a_stranger_sends_small_forms_only(console, path):
    for headers in ({}, {"Cookie": f"{SESSION_COOKIE}=forged"}):
        form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        answer = httpx.post(f"{console.console}{path}", content=b"a=" + b"x" * 20_000, headers=form)
        assert answer.status_code == 413


@contextmanager
def all_turns_taken():
    with ExitStack() as turns:
        for _ in range(passwords.AT_ONCE):
            turns.enter_context(passwords.turn)
        yield


def test_a_flood_of_sign_ins_is_refused_and_others_are_answered(console):
    console.services.accounts.ensure_account("kim", password="correct horse")
    places = passwords.AT_ONCE + passwords.WAITING_MAX
    with httpx.Client(base_url=console.console, timeout=60) as client, ThreadPoolExecutor(20) as crowd:
        fields = {"password": "correct horse", "csrf_token": csrf_of(client, "sign-in/")}
        with all_turns_taken():  # as slow hashes would
            asked = [
                crowd.submit(client.post, "sign-in/", data={"name": f"made-up-{number}", **fields})
                for number in range(20)
            ]
            answered = as_completed(asked, timeout=60)
            refused = [next(answered).result().status_code for _ in range(20 - places)]
            assert refused == [503] * (20 - places)
            assert httpx.get(f"{console.url}/health/").status_code == 200
        assert [item.result().status_code for item in answered] == [401] * places
        assert client.post("sign-in/", data={"name": "kim", **fields}).status_code == 303


def test_signing_in_again_ends_the_session_before(console):
    console.services.accounts.ensure_account("kim", password="correct horse")
    fields = {"name": "kim", "password": "correct horse"}
    with httpx.Client(base_url=console.console) as client:
        client.post("sign-in/", data={**fields, "csrf_token": csrf_of(client, "sign-in/")})
        first = client.cookies[SESSION_COOKIE]
        client.post("sign-in/", data={**fields, "csrf_token": csrf_of(client, "sign-in/")})
        assert client.cookies[SESSION_COOKIE] != first
        assert client.get("tokens/").status_code == 200
    old = httpx.get(f"{console.console}tokens/", headers={"Cookie": f"{SESSION_COOKIE}={first}"})
    assert old.status_code == 303


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_is_for_this_site_and_no_script(console, scheme):
    console.services.accounts.ensure_account("kim", password="correct horse")
    headers = {"X-Forwarded-Proto": scheme}  # as a proxy on this machine that speaks TLS says it
    with httpx.Client(base_url=console.console, headers=headers) as client:
        shown = client.get("sign-in/")
        token = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)[1]
        visit = shown.headers["set-cookie"].partition(";")[0]
        fields = {"name": "kim", "password": "correct horse", "csrf_token": token}
        answer = client.post("sign-in/", data=fields, headers={"Cookie": visit})
        given = [line.lower() for line in answer.headers.get_list("set-cookie") if SESSION_COOKIE in line]
    assert len(given) == 1
    assert "httponly" in given[0]
    assert "samesite=lax" in given[0]
    assert "path=/console" in given[0]
    assert ("secure" in given[0]) == (scheme == "https")


def test_no_other_site_reads_an_answer(console, visitor):
    for path in ("", "jobs/", "static/console.js"):
        answer = visitor.get(path, headers={"Origin": "https://evil.example"})
        assert [name for name in answer.headers if name.startswith("access-control-")] == []
    api = httpx.options(
        f"{console.url}/jobs/",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
    )
    assert [name for name in api.headers if name.startswith("access-control-")] == []


def test_a_stream_ends_with_the_session(console, visitor, monkeypatch):
    monkeypatch.setattr(job_data, "LOOK_EVERY_S", 0.1)
    build_world(console).submit()
    csrf = csrf_of(visitor)
    with visitor.stream("GET", "jobs/1/stream/", timeout=30) as answer:
        assert answer.status_code == 200
        cookie = visitor.headers["Cookie"]
        out = httpx.post(f"{console.console}sign-out/", data={"csrf_token": csrf}, headers={"Cookie": cookie})
        assert out.status_code == 303
        assert "event: end" not in answer.read().decode()
