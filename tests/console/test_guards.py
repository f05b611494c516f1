"""Who gets in, and what a request needs to change something. Without a browser: what a forger would send."""

from __future__ import annotations

import re

import httpx
import pytest
from tests.console.running import run_console
from tests.console.world import build_world

from synapse_sdk.console.session import SESSION_COOKIE


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
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "\n//evil"],
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
