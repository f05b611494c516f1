"""Releases over HTTP: published once, read in every way."""

from __future__ import annotations

import json
import re
import threading

import httpx
import pytest
from tests.server.jobs.desk import register
from tests.server.registry.made_release import CONFIG, FILES, make_document, publish, send_contents

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.errors import AuthorizationError, HTTPError, NotFoundError, ValidationError
from synapse_sdk.server.accounts import store as account_store
from synapse_sdk.server.http import NotFoundError as ServerNotFoundError
from synapse_sdk.storage.pack import read_pack


def test_a_release_is_published_and_read_back_whole(server):
    client = server.client("publisher")
    lock = b"numpy==2.0 --hash=sha256:ab\n"

    made = publish(client, lock=lock, schemas={"train": {"params": {"type": "object"}, "result": None}})

    assert made["is_new"]
    assert made["warnings"] == []
    found = client.get("plugin_releases/yolov8@0.1.0/", params={"expand": "plugin"})
    assert found["id"] == made["id"]
    assert found["digest"] == made["digest"]
    assert found["config"] == CONFIG
    assert found["schemas"]["train"]["params"] == {"type": "object"}
    assert found["plugin"]["code"] == "yolov8"
    assert client.get(f"plugin_releases/{made['id']}/")["plugin"] == "yolov8"
    files = client.get("plugin_releases/yolov8@0.1.0/files/", params={"limit": 2})
    assert [file["path"] for file in files["results"]] == ["README.md", "config.yaml"]
    assert [file["path"] for file in client.get(files["next"])["results"]] == ["plugin/train.py"]
    with client.stream("plugin_releases/yolov8@0.1.0/archive/") as response:
        contents = [b"".join(content.chunks) for content in read_pack(response.iter_bytes())]
    assert contents == [FILES[path] for path in sorted(FILES)]
    with client.stream("plugin_releases/yolov8@0.1.0/lock/") as response:
        assert response.read() == lock


def test_the_same_release_again_is_the_same_release(server):
    client = server.client("publisher")
    first = publish(client)

    answer = client.request("POST", "plugin_releases/", json=make_document())

    assert answer["id"] == first["id"]
    assert not answer["is_new"]
    assert client.get("plugin_releases/")["count"] == 1


def test_the_same_version_with_other_contents_is_refused(server):
    client = server.client("publisher")
    first = publish(client)

    with pytest.raises(HTTPError, match=r"yolov8 0\.1\.0 already exists with the digest") as caught:
        publish(client, {**FILES, "plugin/train.py": b"other"})

    assert caught.value.status_code == 409
    assert first["digest"] in caught.value.message
    assert caught.value.details["problem"]["existing_digest"] == first["digest"]
    assert "Raise `version`" in (caught.value.hint or "")
    assert client.get("plugin_releases/yolov8@0.1.0/")["digest"] == first["digest"]


@pytest.mark.parametrize("changes", [{"lock": b"numpy==1\n"}, {"schemas": {"train": {"params": None}}}])
def test_lock_and_schemas_are_part_of_the_contents(server, changes):
    client = server.client("publisher")
    publish(client)

    with pytest.raises(HTTPError, match="already exists"):
        publish(client, **changes)


def test_contents_that_are_not_there_are_named(server):
    client = server.client("publisher")
    files = {f"data/{number:02}.txt": str(number).encode() for number in range(30)}

    with pytest.raises(HTTPError, match=r"33 contents are not here yet: sha256:.* and 13 more") as caught:
        client.post("plugin_releases/", json=make_document({**FILES, **files}))

    assert caught.value.status_code == 409
    assert len(caught.value.details["problem"]["missing"]) == 20
    assert client.get("plugin_releases/")["results"] == []
    assert client.get("plugins/")["results"] == []


def test_contents_of_another_workspace_are_not_there(server):
    accounts = server.services.accounts
    with server.services.database.write() as connection:
        other = account_store.add_workspace(connection, code="other", name="Other", now=utc_now())
    account = accounts.ensure_account("somebody", role="publisher", workspace="other")
    token = accounts.create_token(
        workspace_id=other.id, kind="user", name="t", account_id=account.id, role="publisher"
    )
    publish(server.client("publisher"))
    stranger = server.client(token=token.text)

    with pytest.raises(HTTPError, match="3 contents are not here yet"):
        stranger.post("plugin_releases/", json=make_document())
    with pytest.raises(NotFoundError):
        stranger.get("plugin_releases/yolov8@0.1.0/")
    with pytest.raises(NotFoundError):
        stranger.get("plugin_releases/1/")
    assert stranger.get("plugin_releases/")["results"] == []


def test_the_lock_has_to_be_there_too(server):
    client = server.client("publisher")
    send_contents(client, *FILES.values())

    with pytest.raises(HTTPError, match="1 contents are not here"):
        client.post("plugin_releases/", json=make_document(lock=b"numpy==2\n"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../evil.py", "no empty, . or .. parts"),
        ("/etc/passwd", "no empty, . or .. parts"),
        ("a//b", "no empty, . or .. parts"),
        ("a\\b", "no backslashes"),
        ("a\nb", "no control characters"),
        ("x" * 300, "each part up to 255"),
        ("readme.MD", "it clashes with README.md"),
        ("plugin/Train.py/x", "a file and a folder"),
    ],
)
def test_paths_that_can_not_lie_in_a_folder_are_refused(server, path: str, said: str):
    client = server.client("publisher")

    with pytest.raises(ValidationError, match="manifest") as caught:
        publish(client, {**FILES, path: b"x"})

    assert said in caught.value.message
    assert client.get("plugin_releases/")["results"] == []


def test_two_spellings_of_one_name_are_refused(server):
    one_sign, two_signs = "caf\u00e9.txt", "cafe\u0301.txt"

    with pytest.raises(ValidationError, match="it clashes with"):
        publish(server.client("publisher"), {**FILES, one_sign: b"1", two_signs: b"2"})


def test_a_path_twice_is_refused(server):
    document = make_document()
    document["manifest"].append(document["manifest"][0])

    with pytest.raises(ValidationError, match="it is there twice"):
        server.client("publisher").post("plugin_releases/", json=document)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"digest": "sha256:" + "0" * 64}, "The digest of this release is sha256:"),
        ({"plugin": "other"}, "the config's `code` is 'yolov8'"),
        ({"version": "0.2.0"}, "the config's `version` is '0.1.0'"),
        ({"config": {**CONFIG, "category": "magic"}}, "config.category"),
        ({"config": {**CONFIG, "version": "one"}, "version": "one"}, "semantic version"),
        ({"colour": "red"}, "colour"),
        ({"manifest": []}, "manifest"),
        ({"config": {**CONFIG, "description": "\ud800"}}, "Invalid JSON"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(server, changes, said: str):
    document = {**make_document(), **changes}

    with pytest.raises(ValidationError, match=re.escape(said)):
        server.client("publisher").post(
            "plugin_releases/",
            content=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )


def test_a_release_without_its_readme_is_warned_about(server):
    client = server.client("publisher")

    made = publish(client, {"config.yaml": b"x"})
    draft = publish(client, {"config.yaml": b"y"}, is_draft=True)

    assert made["warnings"] == ["README.md is not there; the release has no documentation"]
    assert draft["warnings"] == []


def test_only_publishers_publish(server):
    with pytest.raises(AuthorizationError, match="releases:write"):
        publish(server.client("developer"))
    assert publish(server.client("developer"), is_draft=True)["is_draft"]
    assert publish(server.client("publisher"))["is_new"]


def test_a_draft_is_its_authors_alone(server):
    author, other = server.client("developer"), server.client("publisher")

    draft = publish(author, is_draft=True)

    assert author.get("plugin_releases/yolov8@0.1.0/")["is_draft"]
    assert [item["id"] for item in author.get("plugin_releases/")["results"]] == [draft["id"]]
    assert other.get("plugin_releases/")["results"] == []
    assert other.get("plugins/")["results"] == []
    for path in (f"{draft['id']}/", "yolov8@0.1.0/", f"{draft['id']}/files/", f"{draft['id']}/archive/"):
        with pytest.raises(NotFoundError):
            other.get(f"plugin_releases/{path}")
    # An agent brings drafts to where they run, once it was given such a run.
    agent = server.client(token=server.agent_token())
    agent_id = register(agent)
    with pytest.raises(AuthorizationError):
        agent.get(f"plugin_releases/{draft['id']}/")
    author.post("plugins/yolov8/run/", json={"action": "train", "params": {}, "debug": True})
    assert agent.post(f"agents/{agent_id}/claim/", json={"free_slots": 1})["assignments"]
    assert agent.get(f"plugin_releases/{draft['id']}/")["digest"] == draft["digest"]


def test_a_later_draft_takes_the_place_of_the_earlier_one(server):
    author, other = server.client("developer"), server.client("publisher")
    first = publish(author, is_draft=True)
    theirs = publish(other, {**FILES, "a.py": b"theirs"}, is_draft=True)

    second = publish(author, {**FILES, "a.py": b"mine"}, is_draft=True)
    again = publish(author, {**FILES, "a.py": b"mine"}, is_draft=True)
    back = publish(author, is_draft=True)

    assert second["id"] != first["id"]
    assert again["id"] == second["id"]
    assert back["id"] not in (first["id"], second["id"])
    assert back["digest"] == first["digest"]
    assert [item["id"] for item in author.get("plugin_releases/")["results"]] == [back["id"]]
    assert [item["id"] for item in other.get("plugin_releases/")["results"]] == [theirs["id"]]
    # A job that was submitted with the first one still finds it.
    assert author.get(f"plugin_releases/{first['id']}/")["replaced_at"] is not None


def test_which_release_runs(server):
    publisher, developer = server.client("publisher"), server.client("developer")
    for version in ("0.9.0", "0.10.0", "0.10.0-rc.1", "0.2.0"):
        publish(publisher, version=version)
    draft = publish(developer, {**FILES, "a.py": b"x"}, version="0.1.0", is_draft=True)
    registry, accounts = server.services.registry, server.services.accounts
    principal = accounts.authenticate(server.token("developer"))
    other = accounts.authenticate(server.token("publisher"))

    assert registry.get_release_for_run(principal, "yolov8").version == "0.10.0"
    assert registry.get_release_for_run(principal, "1", "0.9.0").version == "0.9.0"
    assert registry.get_release_for_run(principal, "yolov8", debug=True).id == draft["id"]
    assert registry.get_release_for_run(other, "yolov8", debug=True).version == "0.10.0"
    with pytest.raises(ServerNotFoundError, match=r"It has 0\.10\.0, 0\.10\.0-rc\.1, 0\.9\.0, 0"):
        registry.get_release_for_run(principal, "yolov8", "7.0.0")
    with pytest.raises(ServerNotFoundError, match="There is no plugin 'nothing'"):
        registry.get_release_for_run(principal, "nothing")


def test_plugins_are_listed_with_their_latest_release(server):
    client = server.client("publisher")
    publish(client, version="0.9.0")
    publish(client, version="0.10.0")
    publish(client, code="other")

    found = client.get("plugins/")["results"]

    assert [(plugin["code"], plugin["latest_release"]["version"]) for plugin in found] == [
        ("yolov8", "0.10.0"),
        ("other", "0.1.0"),
    ]
    assert client.get("plugins/other/")["id"] == client.get(f"plugins/{found[1]['id']}/")["id"]
    with pytest.raises(NotFoundError):
        client.get("plugins/99/")


def test_releases_are_listed_by_page_newest_first(server):
    client = server.client("publisher")
    ids = [publish(client, version=f"0.{number}.0")["id"] for number in range(5)]
    publish(client, code="other")

    first = client.get("plugin_releases/", params={"plugin": "yolov8", "limit": 3})
    second = client.get(first["next"])

    assert first["count"] == 5
    assert [item["id"] for item in first["results"] + second["results"]] == ids[::-1]
    assert second["next"] is None


def test_a_job_reads_the_release_of_its_envelope_only(server):
    made = publish(server.client("publisher"))
    token = server.services.accounts.create_token(
        workspace_id=1, kind="job", name="job", job_id="018f0000-0000-7000-8000-000000000000", attempt=1
    )

    with pytest.raises(AuthorizationError, match="its envelope does not name it"):
        server.client(token=token.text).get(f"plugin_releases/{made['id']}/")


def test_a_file_is_a_harmless_download(server):
    client = server.client("publisher")
    page = b"<script>alert(1)</script>"
    publish(client, {**FILES, "page ä.html": page, "data.bin": b"\0\1\2"})
    headers = {"Authorization": f"Token {server.token()}"}
    address = f"{server.url}/plugin_releases/yolov8@0.1.0/files"

    found = httpx.get(f"{address}/page%20%C3%A4.html", headers=headers)
    binary = httpx.get(f"{address}/data.bin", headers={**headers, "Range": "bytes=1-"})

    assert found.content == page
    assert found.headers["content-type"] == "text/plain; charset=utf-8"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-disposition"] == "attachment; filename*=UTF-8''page%20%C3%A4.html"
    assert found.headers["etag"] == f'"{digest_bytes(page)}"'
    assert binary.content == b"\1\2"
    assert binary.headers["content-type"] == "application/octet-stream"
    with pytest.raises(NotFoundError, match=r"has no file 'nothing.py'"):
        client.get("plugin_releases/yolov8@0.1.0/files/nothing.py")


@pytest.mark.parametrize("lookup", ["nothing", "yolov8@9.9.9", "@", "yolov8@", "99", "9" * 30, "-1"])
def test_a_lookup_that_names_nothing_is_not_found(server, lookup: str):
    with pytest.raises(NotFoundError, match="There is no release"):
        server.client().get(f"plugin_releases/{lookup}/")


def test_a_release_without_a_lock_says_so(server):
    client = server.client("publisher")
    publish(client)

    with pytest.raises(NotFoundError, match=r"yolov8 0\.1\.0 has no lock"):
        client.get("plugin_releases/1/lock/")


def test_publishers_at_once_make_one_release(server):
    clients = [server.client(token=server.token("publisher")) for _ in range(6)]
    answers = []
    threads = [
        threading.Thread(target=lambda client=client: answers.append(publish(client))) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len({answer["id"] for answer in answers}) == 1
    assert sorted(answer["is_new"] for answer in answers) == [False] * 5 + [True]


def test_a_request_may_be_repeated_under_its_key(server):
    client = server.client("publisher")
    send_contents(client, *FILES.values(), b"other")

    first = client.post("plugin_releases/", json=make_document(), idempotency_key="k1")
    again = client.post("plugin_releases/", json=make_document(), idempotency_key="k1")

    assert again["id"] == first["id"]
    with pytest.raises(HTTPError, match="already used for another request"):
        client.post(
            "plugin_releases/",
            json=make_document({**FILES, "a.py": b"other"}, version="0.2.0"),
            idempotency_key="k1",
        )
