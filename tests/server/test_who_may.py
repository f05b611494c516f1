"""Who may do what: every operation of the server against everybody who could ask it.

The table is the whole of it. A new route is not in it, and fails here until somebody has decided who may.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.server.jobs.desk import README, Desk, build_release, publish, register

from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.errors import HTTPError
from synapse_sdk.server.accounts import store
from synapse_sdk.server.http.principal import SCOPES_BY_ROLE

ROLES = tuple(SCOPES_BY_ROLE)
#: The job and agent whose ids are asked for, others of their kind, and those who may nothing at all.
MACHINES = ("job", "agent", "other job", "other agent", "new agent", "serve")
EVERYBODY = (*ROLES, *MACHINES, "session", "nobody")

#: A role stands for those above it too. What a job reads is its own job, and what its envelope names.
WHO_MAY = {
    "GET /health/": EVERYBODY,
    "GET /whoami/": ("viewer", *MACHINES),
    # Tokens of their own; an admin sees all.
    "GET /tokens/": ("viewer",),
    "POST /tokens/": ("viewer",),
    "DELETE /tokens/{token_id}/": ("admin",),
    "GET /audit/": ("admin",),
    # Contents: those who make something of them later; an agent brings outputs in with the job's token.
    "POST /blobs/missing/": ("developer", "job", "other job"),
    "POST /blobs/pack/": ("developer", "job", "other job"),
    "PUT /blobs/{digest}/": ("developer", "job", "other job"),
    "GET /plugins/": ("viewer",),
    "GET /plugins/{plugin}/": ("viewer",),
    "POST /plugins/{plugin}/run/": ("developer",),
    "POST /plugin_releases/": ("publisher",),
    "GET /plugin_releases/": ("viewer",),
    "GET /plugin_releases/{lookup}/": ("viewer", "job", "agent"),
    "GET /plugin_releases/{lookup}/files/": ("viewer", "job", "agent"),
    "GET /plugin_releases/{lookup}/files/{path}": ("viewer", "job", "agent"),
    "GET /plugin_releases/{lookup}/lock/": ("viewer", "job", "agent"),
    "GET /plugin_releases/{lookup}/archive/": ("viewer", "job", "agent"),
    "POST /datasets/": ("developer",),
    "GET /datasets/": ("viewer",),
    "GET /datasets/{dataset_id}/": ("viewer", "job"),
    "GET /datasets/{dataset_id}/versions/": ("viewer",),
    "GET /datasets/{dataset_id}/versions/{number}/": ("viewer", "job"),
    "GET /datasets/{dataset_id}/versions/{number}/items/": ("viewer", "job"),
    "GET /datasets/{dataset_id}/versions/{number}/items/{path}": ("viewer", "job"),
    "GET /datasets/{dataset_id}/versions/{number}/archive/": ("viewer", "job"),
    "POST /models/": ("developer", "job", "other job"),
    "GET /models/": ("viewer",),
    "GET /models/{model_id}/": ("viewer", "job"),
    "GET /models/{model_id}/files/": ("viewer", "job"),
    "GET /models/{model_id}/files/{path}": ("viewer", "job"),
    "GET /models/{model_id}/archive/": ("viewer", "job"),
    "PUT /chunked_upload/": ("developer", "job", "other job"),
    # An upload is for whoever began it: here the job.
    "PUT /chunked_upload/{upload_id}/": ("job",),
    "POST /chunked_upload/{upload_id}/": ("job",),
    "GET /chunked_upload/{upload_id}/": ("job",),
    "POST /data_files/": ("developer", "job", "other job"),
    "POST /data_files/verify_checksums/": ("developer", "job", "other job"),
    "GET /data_files/{file_id}/": ("viewer", "job"),
    "GET /data_files/{file_id}/content/": ("viewer", "job"),
    "GET /storages/": ("viewer",),
    "GET /storages/{storage_id}/": ("viewer",),
    "POST /storages/{storage_id}/session/": (),  # there are none; everybody is told so
    "POST /jobs/": ("developer",),
    "GET /jobs/": ("viewer",),
    "GET /jobs/{job}/": ("viewer", "job", "agent"),
    "PATCH /jobs/{job}/": ("developer", "job"),
    "POST /jobs/{job}/stop/": ("developer",),
    "GET /jobs/{job}/events/": ("viewer", "job", "agent"),
    "POST /jobs/{job}/events/": ("developer", "job", "agent"),
    "GET /jobs/{job}/events/stream/": ("viewer", "job", "agent"),
    "GET /jobs/{job}/metrics/": ("viewer", "job", "agent"),
    "GET /jobs/{job}/logs/": ("viewer", "job", "agent"),
    "GET /jobs/{job}/logs/bytes/": ("viewer", "job", "agent"),
    "GET /jobs/{job}/logs/stream/": ("viewer", "job", "agent"),
    "POST /logs/": ("developer", "job"),
    "GET /jobs/{job}/console_logs/": ("viewer", "job", "agent"),
    "GET /jobs/{job}/tail_console_logs/": ("viewer", "job", "agent"),
    "GET /jobs/{job_id}/outputs/": ("viewer", "job", "agent"),
    "GET /jobs/{job_id}/outputs/{path}": ("viewer", "job", "agent"),
    "GET /agents/": ("viewer",),
    "GET /agents/{agent_id}/": ("viewer", "agent"),
    "POST /agents/register/": ("agent", "other agent", "new agent"),
    "POST /agents/{agent_id}/claim/": ("agent",),
    "POST /agents/{agent_id}/heartbeat/": ("agent",),
    "PUT /jobs/{job}/attempts/{number}/logs/{stream}/": ("agent",),
    "POST /jobs/{job_id}/attempts/{attempt}/outputs/": ("agent",),
    "POST /jobs/{job}/attempts/{number}/started/": ("agent",),
    "POST /jobs/{job}/attempts/{number}/exit/": ("agent",),
}
#: They end what the others need, so they come last.
LAST = ("DELETE /tokens/{token_id}/", "POST /jobs/{job}/attempts/{number}/exit/")
TEXT = b"weights"
ITEM = {"path": "best.pt", "size_bytes": len(TEXT), "digest": digest_bytes(TEXT)}


@dataclass(repr=False)  # it holds tokens
class Room:
    """A workspace with one of everything, and the ids that name it."""

    desk: Desk
    ids: dict[str, Any]
    job_token: str
    agent_token: str

    def path(self, template: str) -> str:
        """Return an address in this workspace."""
        return template.format_map(self.ids)


def stock(server, person, agent_token: str) -> Room:
    """Fill a workspace: a release with a lock, data, a running job that names both."""
    agent = server.client(token=agent_token)
    person.put(f"blobs/{ITEM['digest']}/", content=TEXT)
    release = publish(person, lock={name: ITEM[name] for name in ("digest", "size_bytes")})
    desk = Desk(server, person, agent, register(agent))
    dataset = person.post("datasets/", json={"name": "digits", "manifest": [ITEM]})
    desk.submit(params={"epochs": 3, "dataset": dataset["dataset_id"]})
    (running,) = desk.claim()
    job, worker = running["job"], server.client(token=running["job_token"])
    made = worker.post("models/", json={"name": "best", "manifest": [ITEM]})
    agent.post(f"jobs/{job}/attempts/1/started/")
    agent.post(f"jobs/{job}/attempts/1/outputs/", json={"files": [ITEM]})
    file = {"file": ("a.bin", b"1234")}
    upload = worker.put(
        "chunked_upload/", files=file, data={"filename": "a.bin"}, headers={"Content-Range": "bytes 0-3/8"}
    )
    kept = worker.post("data_files/", files=file)
    spare = server.services.accounts.create_token(
        workspace_id=person.get("whoami/")["workspace"]["id"], kind="agent", name="spare"
    )
    ids = {
        "token_id": spare.token.id,
        "digest": ITEM["digest"],
        "plugin": release["plugin"],
        "lookup": release["id"],
        "dataset_id": dataset["dataset_id"],
        "number": 1,
        "attempt": 1,
        "model_id": made["id"],
        "path": "best.pt",
        "upload_id": upload["id"],
        "file_id": kept["id"],
        "storage_id": person.get("storages/")["results"][0]["id"],
        "job": job,
        "job_id": job,
        "agent_id": desk.agent_id,
        "stream": "stdout",
    }
    return Room(desk, ids, running["job_token"], agent_token)


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that is right in every way, whoever sends it."""

    method: str
    path: str
    more: dict[str, Any]


def build_request(operation: str, room: Room) -> Asking:
    """Return the request of an operation for the ids of a room."""
    method, _, template = operation.partition(" ")
    path = template
    if "/files/{path}" in template and "plugin_releases" in template:
        path = template.replace("{path}", "README.md")
    return Asking(method, room.path(path), _bodies(room).get(operation, {}))


def _bodies(room: Room) -> dict[str, dict[str, Any]]:
    job, now = room.ids["job"], iso_z(utc_now())
    file = {"files": {"file": ("a.bin", b"1234")}}
    facts = {"interpreter": "cpython 3.11.7", "platform": "linux-x86_64", "sdk_version": "1", "cpus": 4}
    run = {"action": "train", "params": {"epochs": 3}}
    return {
        "POST /tokens/": {"json": {"name": "mine", "kind": "user"}},
        "POST /blobs/missing/": {"json": {"blobs": []}},
        "POST /blobs/pack/": {"content": f"{digest_bytes(README)[7:]} {len(README)}\n".encode() + README},
        "PUT /blobs/{digest}/": {"content": TEXT},
        "POST /plugins/{plugin}/run/": {"json": run},
        "POST /jobs/": {"json": {"plugin": "digits", **run}},
        "POST /plugin_releases/": {"json": build_release()},
        "POST /datasets/": {"json": {"name": "digits", "manifest": [ITEM]}},
        "POST /models/": {"json": {"name": "more", "manifest": [ITEM]}},
        "PUT /chunked_upload/": {**file, "data": {"filename": "a.bin"}},
        "PUT /chunked_upload/{upload_id}/": {**file, "headers": {"Content-Range": "bytes 0-3/8"}},
        "POST /chunked_upload/{upload_id}/": {"json": {}},
        "POST /data_files/": file,
        "POST /data_files/verify_checksums/": {"json": {"checksums": []}},
        "PATCH /jobs/{job}/": {"json": {"meta": 1}},
        "POST /jobs/{job}/events/": {"content": b""},
        "POST /logs/": {"json": {"event": "message", "job": job}},
        "POST /agents/{agent_id}/claim/": {"json": {"free_slots": 0}},
        "POST /agents/{agent_id}/heartbeat/": {"json": {}},
        "PUT /jobs/{job}/attempts/{number}/logs/{stream}/": {"params": {"offset": 0}},
        "POST /jobs/{job_id}/attempts/{attempt}/outputs/": {"json": {"files": []}},
        "POST /agents/register/": {"json": {"name": "a third", **facts}},
        "POST /jobs/{job}/attempts/{number}/exit/": {
            "json": {"exit": {"job": job, "attempt": 1, "exit_code": 0, "ended_at": now}}
        },
    }


def ask(client: httpx.Client, asking: Asking, token: str | None, **headers: str) -> int:
    """Send it; return the status. A stream is not waited for."""
    sent = {**asking.more.get("headers", {}), **headers}
    if token is not None:
        sent["Synapse-Access-Token"] = f"Token {token}"
    request = {**asking.more, "headers": sent}
    with client.stream(asking.method, asking.path, **request) as answer:
        return answer.status_code


def list_operations(server) -> set[str]:
    """Return every operation that the server has."""
    paths = httpx.get(f"{server.url}/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}


def expand(named: tuple[str, ...]) -> set[str]:
    """Return who is meant: a role stands for those above it."""
    lowest = [ROLES.index(name) for name in named if name in ROLES]
    return {*named, *(ROLES[min(lowest) :] if lowest else ())}


@pytest.fixture
def client(server) -> Iterator[httpx.Client]:
    """Sends what it is told to; knows no token."""
    with httpx.Client(base_url=server.url) as found:
        yield found


def test_every_operation_is_for_whom_the_table_says(server, client):
    assert set(WHO_MAY) == list_operations(server)
    room = stock(server, server.client(), server.agent_token())
    tokens = list_tokens(server, room)
    session = {"Cookie": f"synapse_session={open_session(server)}"}
    wrong = []
    for operation in [*(name for name in WHO_MAY if name not in LAST), *LAST]:
        asking, may = build_request(operation, room), expand(WHO_MAY[operation])
        # Those who may come last: what they ask for can end it.
        for who in sorted(EVERYBODY, key=lambda name: name in may):
            status = ask(client, asking, tokens.get(who), **(session if who == "session" else {}))
            assert status < 500, (operation, who)
            if (status not in (401, 403, 404)) != (who in may):
                wrong.append(f"{operation}: {who} got {status}")
    assert wrong == []


@pytest.fixture
def other_room(server) -> Room:
    """A workspace beside the default one, as full as that."""
    accounts = server.services.accounts
    with server.services.database.write() as connection:
        workspace = store.add_workspace(connection, code="other", name="Other", now=utc_now())
    stranger = accounts.ensure_account("stranger", role="admin", workspace="other")
    person = accounts.create_token(
        workspace_id=workspace.id, kind="user", name="stranger", account_id=stranger.id, role="admin"
    )
    agent = accounts.create_token(workspace_id=workspace.id, kind="agent", name="stranger")
    return stock(server, server.client(token=person.text), agent.text)


def test_ids_of_another_workspace_are_not_there(server, client, other_room):
    room = stock(server, server.client(), server.agent_token())
    tokens = {"admin": server.token(), "job": room.job_token, "agent": room.agent_token}
    before = look(other_room)
    found = []
    for operation, named in WHO_MAY.items():
        if "{" not in operation or "{plugin}" in operation or "{digest}" in operation:
            continue  # a plugin's code is each workspace's own, as is a digest; see below
        asking, may = build_request(operation, other_room), expand(named)
        for who, token in tokens.items():
            status = ask(client, asking, token)
            # Who may not ask at all, or nothing but its own, is told that, there or not.
            if status != 404 and not (status == 403 and (who != "admin" or who not in may)):
                found.append(f"{operation}: {who} got {status}")
            if status == 403:
                nowhere = ask(client, build_request(operation, nothing(other_room)), token)
                if nowhere != 403 and who in may:
                    found.append(f"{operation}: {who} can tell what is there from what is not")
    assert found == []
    assert look(other_room) == before


def test_contents_and_names_of_another_workspace_are_not_there(server, client, other_room):
    token = server.token()
    person = server.client(token=token)
    asked = {name: ITEM[name] for name in ("digest", "size_bytes")}
    assert person.post("blobs/missing/", json={"blobs": [asked]})["missing"] == [ITEM["digest"]]
    for path, body in (
        ("datasets/", {"name": "mine", "manifest": [ITEM]}),
        ("models/", {"name": "mine", "manifest": [ITEM]}),
        ("plugins/digits/run/", {"action": "train", "params": {"epochs": 3}}),
        ("jobs/", {"plugin": "digits", "action": "train", "params": {"epochs": 3}}),
    ):
        assert ask(client, Asking("POST", path, {"json": body}), token) in (404, 409), path
    for path in ("plugins/", "plugin_releases/", "datasets/", "models/", "jobs/", "agents/"):
        assert person.get(path)["results"] == [], path


def test_a_token_opens_another_workspace_only_to_its_members(server, client, other_room):
    for token in (server.token(), server.agent_token()):
        asking = Asking("GET", "whoami/", {})
        assert ask(client, asking, token, **{"Synapse-Tenant": "other"}) == 401
        assert ask(client, asking, token, **{"Synapse-Tenant": "default"}) == 200


def test_an_agent_does_not_take_over_what_another_one_has(server, client):
    room, token = stock(server, server.client(), server.agent_token()), server.agent_token()
    second, job = server.client(token=token), Asking("GET", f"jobs/{room.ids['job']}/", {})
    with pytest.raises(HTTPError) as refused:
        register(second, "here")
    assert refused.value.status_code == 409
    token_id = refused.value.details["problem"]["token"]
    assert ask(client, job, token) == 403
    # A machine that was set up anew: its old token goes, then the name is free with all that was in hand.
    room.desk.person.delete(f"tokens/{token_id}/")
    assert register(second, "here") == room.ids["agent_id"]
    assert ask(client, job, token) == 200


def nothing(room: Room) -> Room:
    """Return the same with ids that nothing has."""
    ids = {
        name: "01a2078b-0000-7000-8000-000000000000" if name.startswith("job") else 10**6
        for name in room.ids
        if name not in ("stream", "number", "attempt", "path", "digest", "plugin")
    }
    return Room(room.desk, {**room.ids, **ids}, room.job_token, room.agent_token)


def look(room: Room) -> list[Any]:
    """Return what can be changed in a room, as those who live there see it."""
    person = room.desk.person
    job = person.get(f"jobs/{room.ids['job']}/")
    agent_tokens = [token["revoked_at"] for token in person.get("tokens/")["results"]]
    return [job["state"], job["attempts"], agent_tokens, room.desk.events(room.ids["job"])]


def list_tokens(server, room: Room) -> dict[str, str]:
    """Return the token of everybody who has one."""
    accounts = server.services.accounts
    made = {name: accounts.create_token(workspace_id=1, kind=kind, name=name).text for name, kind in (
        ("other agent", "agent"), ("new agent", "agent"), ("serve", "serve"))}  # fmt: skip
    other = Desk(server, room.desk.person, *_register_other(server, made["other agent"]))
    publish(room.desk.person, code="letters", name="Letters")
    room.desk.person.post("plugins/letters/run/", json={"action": "train", "params": {"epochs": 1}})
    (claimed,) = other.claim()
    return {
        **{role: server.token(role) for role in ROLES},
        **made,
        "job": room.job_token,
        "agent": room.agent_token,
        "other job": claimed["job_token"],
    }


def _register_other(server, token: str) -> tuple[Any, int]:
    transport = server.client(token=token)
    return transport, register(transport, "elsewhere")


def open_session(server) -> str:
    """Return the cookie of an admin who has signed in to the console."""
    accounts = server.services.accounts
    secret = accounts.create_sign_in_link(accounts.ensure_account("test-admin", role="admin").id)
    return accounts.sign_in_by_link(secret)
