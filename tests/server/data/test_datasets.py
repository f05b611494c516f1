"""Datasets on the server, over HTTP and through the client that brings folders there."""

from __future__ import annotations

import hashlib

import httpx
import pytest
from tests.workspace.folders import make_folder

from synapse_sdk.clients.datasets import describe_items, get_dataset, load_items, register_dataset
from synapse_sdk.clients.errors import AuthorizationError, HTTPError, ValidationError
from synapse_sdk.clients.errors import NotFoundError as MissingError
from synapse_sdk.clients.upload import Content, upload_contents
from synapse_sdk.storage.pack import read_pack
from synapse_sdk.workspace import LocalWorkspace, NotFoundError
from synapse_sdk.workspace.manifest import Item


@pytest.fixture
def developer(server):
    return server.client("developer")


def put(transport, folder, **texts):
    """Upload texts as contents; return their items in the order of the paths."""
    items = []
    for name, text in texts.items():
        path = folder / name
        path.write_text(text)
        items.append(Item(name, len(text), f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"))
    upload_contents(transport, [Content(item.digest, item.size_bytes, folder / item.path) for item in items])
    return sorted(items, key=lambda item: item.path)


def test_a_folder_has_the_same_digest_and_splits_here_and_there(developer, tmp_path):
    folder = make_folder(tmp_path / "digits")
    local = LocalWorkspace(tmp_path / "local").datasets.register(folder).version

    registered = register_dataset(developer, folder)

    version = registered.version
    assert registered.outcome == "created"
    assert (version.dataset_name, version.number, version.digest) == ("digits", 1, local.digest)
    assert version.splits == local.splits
    assert [item.path for item in load_items(developer, version)] == [
        "labels.csv", "test/d.png", "train/0/a.png", "train/1/b.png", "val/0/c.png",
    ]  # fmt: skip


def test_the_same_contents_are_the_same_version_and_others_the_next_one(server, developer, tmp_path):
    folder = make_folder(tmp_path / "digits")
    first = register_dataset(developer, folder)
    again = register_dataset(developer, folder)
    (folder / "labels.csv").write_text("a,1")
    second = register_dataset(developer, folder)

    assert (again.outcome, again.version, again.sent_bytes) == ("unchanged", first.version, 0)
    assert (second.version.number, second.sent_bytes) == (2, 3)
    assert get_dataset(developer, "digits").latest == second.version
    assert get_dataset(developer, first.version.dataset_id).latest == second.version
    versions = developer.get(f"datasets/{second.version.dataset_id}/versions/")["results"]
    assert [version["number"] for version in versions] == [1, 2]


def test_posting_the_same_manifest_twice_answers_200_the_second_time(server, developer, tmp_path):
    items = put(developer, tmp_path, a="one")
    body = {"name": "x", "manifest": describe_items(items)}
    headers = {"Synapse-Access-Token": server.token("developer")}

    answers = [httpx.post(f"{server.url}/datasets/", json=body, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()


def test_an_idempotency_key_answers_the_version_that_it_made(developer, tmp_path):
    one, two = put(developer, tmp_path, a="one"), put(developer, tmp_path, a="two")
    first = {"name": "x", "manifest": describe_items(one)}
    made = developer.post("datasets/", json=first, idempotency_key="k")
    developer.post("datasets/", json={"name": "x", "manifest": describe_items(two)})

    assert developer.post("datasets/", json=first, idempotency_key="k") == made
    with pytest.raises(HTTPError, match="already used") as refused:
        developer.post("datasets/", json={**first, "name": "y"}, idempotency_key="k")
    assert refused.value.status_code == 409


def test_contents_must_be_there_first(developer, tmp_path):
    missing = Item("a", 3, f"sha256:{hashlib.sha256(b'one').hexdigest()}")

    with pytest.raises(HTTPError) as refused:
        developer.post("datasets/", json={"name": "x", "manifest": describe_items([missing])})

    assert refused.value.status_code == 409
    assert missing.digest in str(refused.value.details)
    assert developer.get("datasets/")["results"] == []


def test_a_size_that_the_content_has_not_is_refused(developer, tmp_path):
    (item,) = put(developer, tmp_path, a="one")
    wrong = {"path": "a", "size_bytes": 2, "digest": item.digest}

    with pytest.raises((HTTPError, ValidationError)) as refused:
        developer.post("datasets/", json={"name": "x", "manifest": [wrong]})

    assert refused.value.status_code in (400, 409)
    twice = {"name": "x", "manifest": [{**wrong, "path": "b"}, {**wrong, "size_bytes": 3}]}
    with pytest.raises(ValidationError, match="with another size"):
        developer.post("datasets/", json=twice)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/etc/passwd", "relative"),
        ("../a", "relative"),
        ("a/../../b", "relative"),
        ("a//b", "relative"),
        ("a\\b", "backslashes"),
        ("a\nb", "control"),
        ("a\0b", "control"),
        ("x" * 256, "up to"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused_by_name(developer, tmp_path, path, said):
    (item,) = put(developer, tmp_path, a="one")
    body = {"name": "x", "manifest": [{"path": path, "size_bytes": 3, "digest": item.digest}]}

    with pytest.raises(ValidationError, match=said) as refused:
        developer.post("datasets/", json=body)

    assert refused.value.details["problem"]["errors"][0]["loc"] == ["manifest", 0, "path"]


@pytest.mark.parametrize("paths", [("a", "a"), ("a", "a/b")])
def test_paths_that_can_not_lie_in_one_folder_are_refused(developer, tmp_path, paths):
    (item,) = put(developer, tmp_path, a="one")
    manifest = [{"path": path, "size_bytes": 3, "digest": item.digest} for path in paths]

    with pytest.raises(ValidationError, match=r"twice|a file and a folder"):
        developer.post("datasets/", json={"name": "x", "manifest": manifest})


@pytest.mark.parametrize(
    "body",
    [{"name": " x"}, {"manifest": []}, {"splits": [{"name": "a", "folder": "no"}]}, {"colour": "red"}],
)
def test_what_does_not_fit_is_refused(developer, tmp_path, body):
    good = {"name": "x", "manifest": describe_items(put(developer, tmp_path, a="one"))}

    with pytest.raises(ValidationError, match=next(iter(body))):
        developer.post("datasets/", json={**good, **body})


def test_items_come_in_pages_and_as_bytes_with_ranges(server, developer, tmp_path):
    items = put(developer, tmp_path, a="alpha", b="beta", c="gamma")
    made = developer.post("datasets/", json={"name": "x", "manifest": describe_items(items)})
    base = f"datasets/{made['dataset_id']}/versions/1"

    page = developer.get(f"{base}/items/", params={"limit": 2})
    rest = developer.get(page["next"])

    assert [item["path"] for item in (*page["results"], *rest["results"])] == ["a", "b", "c"]
    assert (page["count"], rest["next"]) == (3, None)
    headers = {"Synapse-Access-Token": server.token("viewer")}
    whole = httpx.get(f"{server.url}/{base}/items/c", headers=headers)
    part = httpx.get(f"{server.url}/{base}/items/c", headers={**headers, "Range": "bytes=1-2"})
    assert (whole.text, part.status_code, part.text) == ("gamma", 206, "am")
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"].startswith("attachment")
    with pytest.raises(MissingError, match="has no file 'd'"):
        developer.get(f"{base}/items/d")


def test_the_archive_has_each_content_once_and_can_go_on(server, developer, tmp_path):
    items = put(developer, tmp_path, a="same", b="other", c="same")
    made = developer.post("datasets/", json={"name": "x", "manifest": describe_items(items)})
    archive = f"datasets/{made['dataset_id']}/versions/1/archive/"

    with developer.stream(archive) as response:
        read = [b"".join(content.chunks) for content in read_pack(response.iter_bytes())]
        assert int(response.headers["content-length"]) == response.num_bytes_downloaded
    with developer.stream(archive, params={"skip": 1}) as response:
        rest = [b"".join(content.chunks) for content in read_pack(response.iter_bytes())]

    assert read == [b"same", b"other"]
    assert rest == [b"other"]


def test_what_is_not_there_is_named_with_what_is(developer, tmp_path):
    register_dataset(developer, make_folder(tmp_path / "digits"))

    with pytest.raises(NotFoundError, match=r"There is no dataset 7; this workspace has 1 \(digits\)"):
        get_dataset(developer, 7)
    with pytest.raises(NotFoundError, match="'coins'"):
        get_dataset(developer, "coins")


def test_a_viewer_looks_and_does_not_touch(server, developer, tmp_path):
    register_dataset(developer, make_folder(tmp_path / "digits"))
    viewer = server.client("viewer")

    assert viewer.get("datasets/")["count"] == 1
    with pytest.raises(AuthorizationError, match="data:write"):
        viewer.post("datasets/", json={"name": "x", "manifest": [
            {"path": "a", "size_bytes": 3, "digest": "sha256:" + "0" * 64}]})  # fmt: skip


def test_lists_go_on_after_an_id_in_both_directions(developer, tmp_path):
    for name in "abc":
        items = put(developer, tmp_path, **{name: name})
        developer.post("datasets/", json={"name": name, "manifest": describe_items(items)})

    newest = developer.get("datasets/", params={"order": "newest", "limit": 2})
    oldest = developer.get("datasets/", params={"limit": 2})

    assert [item["name"] for item in newest["results"]] == ["c", "b"]
    assert [item["name"] for item in developer.get(newest["next"])["results"]] == ["a"]
    assert [item["name"] for item in oldest["results"]] == ["a", "b"]
    assert (newest["count"], oldest["count"]) == (3, 3)
