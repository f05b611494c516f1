"""Accounts and tokens, over HTTP."""

from __future__ import annotations

import httpx
import pytest

from synapse_sdk.clients.errors import (
    AuthenticationError,
    AuthorizationError,
    HTTPError,
    NotFoundError,
    ValidationError,
)


def test_a_token_says_whose_it_is(server):
    answer = server.client("developer").get("whoami/")
    assert answer["account"]["name"] == "test-developer"
    assert answer["role"] == "developer"
    assert "jobs:write" in answer["scopes"]
    assert answer["workspace"]["code"] == "default"


@pytest.mark.parametrize("form", ["Token {}", "Bearer {}", "{}", "token   {}"])
@pytest.mark.parametrize("header", ["Synapse-Access-Token", "Authorization", "SYNAPSE-ACCESS-TOKEN"])
def test_tokens_are_taken_in_every_spelling(server, header, form):
    answer = httpx.get(f"{server.url}/whoami/", headers={header: form.format(server.token())})
    assert answer.status_code == 200, answer.text


def test_no_token_and_a_wrong_one_are_refused_and_recorded(server):
    assert httpx.get(f"{server.url}/whoami/").status_code == 401
    wrong = httpx.get(f"{server.url}/whoami/", headers={"Authorization": "Token wrong"})
    assert wrong.status_code == 401
    assert wrong.headers["content-type"] == "application/problem+json"
    assert "not known" in wrong.json()["detail"]
    entries = server.client().get("audit/")["results"]
    assert [entry["what"] for entry in entries] == ["GET /whoami/", "GET /whoami/"]
    assert "wrong" not in str(entries)


def test_a_token_is_shown_once_and_ends_when_revoked(server):
    admin = server.client()
    made = admin.post("tokens/", json={"name": "laptop"})
    assert made["token"].startswith("syn_user_")
    own = server.client(token=made["token"])
    assert own.get("whoami/")["role"] == "admin"
    assert made["token"] not in str(admin.get("tokens/"))
    admin.delete(f"tokens/{made['id']}/")
    with pytest.raises(AuthenticationError, match="revoked"):
        own.get("whoami/")


def test_the_text_of_a_token_is_nowhere_in_the_database(server):
    text = server.token()
    server.services.database.close()
    stored = b"".join(file.read_bytes() for file in server.services.folder.database.parent.iterdir())
    assert text.encode() not in stored
    assert text[-20:].encode() not in stored


def test_nobody_gives_out_more_than_they_have(server):
    with pytest.raises(AuthorizationError, match="can not have the role admin"):
        server.client("viewer").post("tokens/", json={"name": "more", "role": "admin"})
    with pytest.raises(AuthorizationError, match="accounts:write"):
        server.client("publisher").post("tokens/", json={"name": "agent", "kind": "agent"})


def test_no_token_outlives_the_one_that_made_it(server):
    short = server.client().post("tokens/", json={"name": "short", "life_days": 10})
    holder = server.client(token=short["token"])

    for life in (11, None):
        with pytest.raises(ValidationError, match="may not outlive the one that asks for it, which ends at"):
            holder.post("tokens/", json={"name": "long", "life_days": life})
    with pytest.raises(ValidationError, match="may not outlive"):
        holder.post("tokens/", json={"name": "box", "kind": "agent", "life_days": None})
    made = [holder.post("tokens/", json={"name": "child", **more}) for more in ({}, {"life_days": 9})]

    assert made[1]["expires_at"] < made[0]["expires_at"] < short["expires_at"]


def test_others_tokens_are_neither_seen_nor_revoked(server):
    admin, viewer = server.client(), server.client("viewer")
    number = admin.post("tokens/", json={"name": "mine"})["id"]
    assert number not in [token["id"] for token in viewer.get("tokens/")["results"]]
    with pytest.raises(NotFoundError):
        viewer.delete(f"tokens/{number}/")


def test_unknown_fields_are_refused_by_name(server):
    with pytest.raises(ValidationError, match="colour"):
        server.client().post("tokens/", json={"name": "x", "colour": "red"})


def test_a_strange_host_is_refused(server):
    answer = httpx.get(f"{server.url}/health/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" in answer.json()["detail"]


def test_what_is_not_there_is_a_problem_document(server):
    answer = httpx.get(f"{server.url}/nothing/here/")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_first_account_is_an_admin_the_next_ones_develop_and_none_changes_by_itself(server):
    accounts = server.services.accounts
    roles = [accounts.get_role(accounts.ensure_account(name).id) for name in ("owner", "kim", "owner", "kim")]
    assert roles == ["admin", "developer", "admin", "developer"]

    accounts.ensure_account("kim", role="viewer")

    assert accounts.get_role(accounts.ensure_account("kim").id) == "viewer"


def test_a_repeated_request_makes_no_second_token(server):
    admin = server.client()
    made = admin.post("tokens/", json={"name": "once"}, headers={"Idempotency-Key": "k1"})
    with pytest.raises(HTTPError, match=f"made the token {made['id']} already"):
        admin.post("tokens/", json={"name": "once"}, headers={"Idempotency-Key": "k1"})
    with pytest.raises(HTTPError, match="already used for another request"):
        admin.post("tokens/", json={"name": "other"}, headers={"Idempotency-Key": "k1"})
    assert [token["name"] for token in admin.get("tokens/")["results"]].count("once") == 1
