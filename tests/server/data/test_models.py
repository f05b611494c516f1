"""Models on the server: files, origin, and who may see them."""

from __future__ import annotations

import hashlib

import httpx
import pytest
from tests.server.data.test_datasets import put

from synapse_sdk.clients.datasets import describe_items
from synapse_sdk.clients.errors import AuthorizationError, HTTPError, ValidationError
from synapse_sdk.clients.errors import NotFoundError as MissingError
from synapse_sdk.server.data.service import DataService
from synapse_sdk.storage.pack import read_pack
from synapse_sdk.wire.envelope import InputReference, PluginReference
from synapse_sdk.workspace.manifest import manifest_digest
from synapse_sdk.workspace.records import ModelOrigin

JOB = "01890000-0000-7000-8000-000000000001"


@pytest.fixture
def developer(server):
    return server.client("developer")


def job_client(server, inputs=()):
    """Return a client with a job's token, whose envelope names `inputs`."""
    allowed = {JOB: tuple(inputs)}
    data = server.services.data
    for service in (data.datasets, data.models, data.files):
        service._access._inputs_of_job = lambda job: allowed.get(job, ())
    token = server.services.accounts.create_token(
        workspace_id=1, kind="job", name="job", job_id=JOB, attempt=2
    )
    return server.client(token=token.text)


def make_body(items, **more):
    return {"name": "best", "manifest": describe_items(items), **more}


def origin(**more):
    facts = {"job": "claimed", "action": "train", "plugin": PluginReference(code="p", version="1.0.0")}
    return ModelOrigin(**{**facts, **more}).model_dump(mode="json")


def test_a_model_of_one_file_has_its_digest_and_an_address_for_it(server, developer, tmp_path):
    items = put(developer, tmp_path, **{"best.pt": "weights"})

    made = developer.post("models/", json=make_body(items, metrics={"loss": "NaN", "f1": 1}))

    assert made["digest"] == items[0].digest
    assert made["metrics"] == {"loss": "NaN", "f1": 1.0}
    assert made["file"] == f"{server.url}/models/{made['id']}/files/best.pt"
    assert developer.get(f"models/{made['id']}/") == made
    got = httpx.get(made["file"], headers={"Authorization": f"Token {server.token('viewer')}"})
    assert got.text == "weights"


def test_the_address_is_on_the_callers_host(server, developer, tmp_path):
    made = developer.post("models/", json=make_body(put(developer, tmp_path, **{"b t.pt": "weights"})))
    headers = {"Authorization": server.token(), "Host": "localhost:1234"}

    answer = httpx.get(f"{server.url}/models/{made['id']}/", headers=headers).json()

    assert answer["file"] == f"http://localhost:1234/models/{made['id']}/files/b%20t.pt"


def test_a_folder_has_the_digest_of_its_manifest(developer, tmp_path):
    items = put(developer, tmp_path, a="one", b="two")

    made = developer.post("models/", json=make_body(items, is_folder=True, filename="best"))

    assert (made["digest"], made["item_count"], made["file"]) == (manifest_digest(items), 2, None)
    with developer.stream(f"models/{made['id']}/archive/") as response:
        read = [b"".join(content.chunks) for content in read_pack(response.iter_bytes())]
    assert read == [b"one", b"two"]
    page = developer.get(f"models/{made['id']}/files/")
    assert [item["path"] for item in page["results"]] == ["a", "b"]


def test_an_idempotency_key_makes_one_model(developer, tmp_path):
    body = make_body(put(developer, tmp_path, a="one"))

    made = [developer.post("models/", json=body, idempotency_key="k")["id"] for _ in range(2)]

    assert made[0] == made[1]
    assert developer.get("models/")["count"] == 1
    developer.post("models/", json=body)
    assert developer.get("models/")["count"] == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"parent_model_id": 9}, "parent_model_id: there is no model 9"),
        ({"category": "best"}, "category"),
        ({"name": "a\nb"}, "printable"),
        ({"filename": "other"}, "exactly the file"),
        ({"filename": "a/b"}, "slashes"),
        ({"filename": ".."}, "relative"),
        ({"colour": "red"}, "colour"),
        ({"manifest": None}, "either a manifest or"),
        ({"parent_model_id": 2**70}, "parent_model_id"),
    ],
)
def test_what_does_not_fit_is_refused(developer, tmp_path, more, said):
    with pytest.raises(ValidationError, match=said):
        developer.post("models/", json={**make_body(put(developer, tmp_path, a="one")), **more})


def test_a_number_that_json_has_not_does_not_break_the_server(server, developer, tmp_path):
    body = make_body(put(developer, tmp_path, a="one"))
    text = httpx.Request("POST", server.url, json=body).content.decode()
    text = text[:-1] + ', "configuration": {"rate": NaN}}'

    answer = httpx.post(f"{server.url}/models/", content=text, headers={
        "Authorization": server.token(), "Content-Type": "application/json"})  # fmt: skip

    assert answer.status_code in (201, 400), answer.text
    assert developer.get("models/")["count"] in (0, 1)


def test_what_a_job_makes_came_from_that_job_whatever_it_says(server, developer, tmp_path):
    used = InputReference(kind="dataset", id=5, version=3, digest="sha256:" + "5" * 64)
    job = job_client(server, [used])
    items = put(developer, tmp_path, a="one")

    made = job.post("models/", json=make_body(items, origin=origin(attempt=7)))

    assert (made["job"], made["attempt"]) == (JOB, 2)
    assert (made["origin"]["job"], made["origin"]["attempt"]) == (JOB, 2)
    assert made["origin"]["inputs"][0]["version"] == 3
    assert made["plugin"] == "p"
    assert job.get(f"models/{made['id']}/")["id"] == made["id"]
    assert developer.get("models/", params={"job": JOB})["count"] == 1
    assert developer.get("models/", params={"job": "another"})["count"] == 0


def test_a_job_reads_what_its_envelope_names_and_nothing_else(server, developer, tmp_path):
    items = put(developer, tmp_path, a="one")
    mine = developer.post("models/", json=make_body(items))["id"]
    other = developer.post("models/", json=make_body(items))["id"]
    body = {"name": "x", "manifest": describe_items(items)}
    dataset = developer.post("datasets/", json=body)["dataset_id"]
    developer.post("datasets/", json={**body, "manifest": describe_items(put(developer, tmp_path, b="two"))})
    digest = items[0].digest
    job = job_client(server, [
        InputReference(kind="model", id=mine, digest=digest),
        InputReference(kind="dataset", id=dataset, version=1, digest=digest),
    ])  # fmt: skip

    assert job.get(f"models/{mine}/")["id"] == mine
    assert job.get(f"datasets/{dataset}/")["latest"]["number"] == 1
    assert job.get(f"datasets/{dataset}/versions/1/items/")["count"] == 1
    for path in (
        f"models/{other}/", f"models/{other}/files/a", f"models/{other}/archive/", "models/", "datasets/",
        f"datasets/{dataset}/versions/2/", f"datasets/{dataset}/versions/2/archive/",
        f"datasets/{dataset}/versions/2/items/b", f"datasets/{dataset + 1}/", "models/999/", "storages/",
        f"datasets/{dataset}/versions/",
    ):  # fmt: skip
        with pytest.raises(AuthorizationError):
            job.get(path)
    with pytest.raises(AuthorizationError):
        job.post("datasets/", json=body)
    refused = server.client().get("audit/")["results"]
    assert {entry["who"] for entry in refused} == {f"job {JOB}"}


def test_a_job_that_is_not_known_reads_nothing(server, developer, tmp_path):
    made = developer.post("models/", json=make_body(put(developer, tmp_path, a="one")))["id"]
    token = server.services.accounts.create_token(workspace_id=1, kind="job", name="j", job_id="x", attempt=1)

    with pytest.raises(AuthorizationError, match="envelope does not name it"):
        server.client(token=token.text).get(f"models/{made}/")


def test_find_input_names_what_an_envelope_records(server, developer, tmp_path):
    items = put(developer, tmp_path, a="one")
    model = developer.post("models/", json=make_body(items))
    dataset = developer.post("datasets/", json={"name": "x", "manifest": describe_items(items)})
    data: DataService = server.services.data

    assert data.find_input(1, "model", model["id"]).digest == model["digest"]
    found = data.find_input(1, "dataset", dataset["dataset_id"])
    assert (found.version, found.digest) == (1, dataset["digest"])
    assert data.find_input(1, "model", 99) is None
    assert data.find_input(2, "dataset", dataset["dataset_id"]) is None


def test_missing_contents_make_no_model(developer):
    digest = f"sha256:{hashlib.sha256(b'never').hexdigest()}"
    manifest = [{"path": "a", "size_bytes": 5, "digest": digest}]

    with pytest.raises(HTTPError) as refused:
        developer.post("models/", json={"name": "x", "manifest": manifest})
    assert refused.value.status_code == 409
    assert digest in str(refused.value.details)
    assert developer.get("models/")["count"] == 0
    with pytest.raises(MissingError):
        developer.get("models/1/")
