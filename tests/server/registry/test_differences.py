"""Releases that are told as a difference from one that is here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.server.registry.made_release import FILES, make_document, publish, send_contents

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.errors import HTTPError, ValidationError
from synapse_sdk.clients.transport import Transport
from synapse_sdk.server.accounts import store as account_store
from synapse_sdk.server.registry import recent_files, release_store


def tell(
    client: Transport, base: str, before: Mapping[str, bytes], after: Mapping[str, bytes], **options: Any
) -> Any:
    """Publish `after` as a difference from the release `base`, which holds `before`."""
    document = make_document(after, **{"version": "0.2.0", **options})
    whole = document.pop("manifest")
    changed = [file for file in whole if before.get(file["path"]) != after[file["path"]]]
    removed = sorted(before.keys() - after.keys())
    document["difference"] = {"base": base, "changed": changed, "removed": removed}
    return client.post("plugin_releases/", json=document)


def list_files(client: Transport, release: Mapping[str, Any]) -> dict[str, str]:
    found = client.get(f"plugin_releases/{release['id']}/files/")["results"]
    return {file["path"]: file["digest"] for file in found}


@pytest.mark.parametrize("memory", [recent_files.LIMIT_COUNT, 0])
@pytest.mark.parametrize("excepted", [500, 1])
def test_a_difference_is_the_same_release_as_the_whole(
    server, monkeypatch: pytest.MonkeyPatch, memory: int, excepted: int
):
    monkeypatch.setattr(recent_files, "LIMIT_COUNT", memory)
    monkeypatch.setattr(release_store, "EXCEPTED", excepted)
    client = server.client("publisher")
    base = publish(client)
    after = {**FILES, "plugin/train.py": b"x = 1\n", "new/data.txt": b"new"}
    del after["README.md"]
    send_contents(client, b"x = 1\n", b"new")

    release = tell(client, base["digest"], FILES, after)

    assert release["digest"] == make_document(after, version="0.2.0")["digest"]
    assert list_files(client, release) == {path: digest_bytes(data) for path, data in after.items()}
    assert list_files(client, base) == {path: digest_bytes(data) for path, data in FILES.items()}
    assert not publish(client, after, version="0.2.0")["is_new"]


def test_a_base_that_is_not_here_is_said_so(server):
    client = server.client("publisher")
    publish(client)
    unknown = digest_bytes(b"unknown")

    with pytest.raises(HTTPError, match="no release of yolov8 with the digest") as caught:
        tell(client, unknown, FILES, FILES)

    assert caught.value.status_code == 409
    assert caught.value.details["problem"]["missing_base"] == unknown


def test_a_base_is_of_the_same_plugin(server):
    client = server.client("publisher")
    base = publish(client)

    with pytest.raises(HTTPError, match="no release of other with the digest"):
        tell(client, base["digest"], FILES, FILES, code="other")


def test_the_draft_of_somebody_else_is_no_base(server):
    draft = publish(server.client("developer"), is_draft=True)

    with pytest.raises(HTTPError, match="no release of yolov8 with the digest"):
        tell(server.client("publisher"), draft["digest"], FILES, FILES)


def test_a_release_of_another_workspace_is_no_base(server):
    base = publish(server.client("publisher"))
    accounts = server.services.accounts
    with server.services.database.write() as connection:
        other = account_store.add_workspace(connection, code="other", name="Other", now=utc_now())
    account = accounts.ensure_account("somebody", role="publisher", workspace="other")
    token = accounts.create_token(
        workspace_id=other.id, kind="user", name="t", account_id=account.id, role="publisher"
    )

    with pytest.raises(HTTPError, match="no release of yolov8 with the digest"):
        tell(server.client(token=token.text), base["digest"], FILES, FILES)


def test_contents_of_a_difference_have_to_be_there(server):
    client = server.client("publisher")
    base = publish(client)

    with pytest.raises(HTTPError, match="1 contents are not here yet") as caught:
        tell(client, base["digest"], FILES, {**FILES, "a.txt": b"never sent"})

    assert caught.value.details["problem"]["missing"] == [digest_bytes(b"never sent")]


@pytest.mark.parametrize("path", ["readme.md", "plugin", "README.md/a.txt", "../up.txt"])
def test_what_is_added_must_fit_to_what_is_kept(server, path: str):
    client = server.client("publisher")
    base = publish(client)
    send_contents(client, b"new")

    with pytest.raises(ValidationError, match=r"clashes|file and a folder|relative"):
        tell(client, base["digest"], FILES, {**FILES, path: b"new"})


def test_the_digest_is_computed_of_the_whole(server):
    client = server.client("publisher")
    base = publish(client)
    document = make_document(FILES, version="0.2.0")
    document.pop("manifest")
    document["difference"] = {"base": base["digest"], "changed": [], "removed": ["README.md"]}

    with pytest.raises(ValidationError, match="The digest of this release is"):
        client.post("plugin_releases/", json=document)


@pytest.mark.parametrize("has", ["both", "none"])
def test_a_release_has_its_files_in_one_way(server, has: str):
    client = server.client("publisher")
    base = publish(client)
    document = make_document(FILES, version="0.2.0")
    if has == "both":
        document["difference"] = {"base": base["digest"], "changed": [], "removed": []}
    else:
        document.pop("manifest")

    with pytest.raises(ValidationError, match="one of the two"):
        client.post("plugin_releases/", json=document)
