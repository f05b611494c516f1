"""Files that jobs leave: brought by the attempt's agent, read by whoever may see the job."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.server.jobs.desk import register

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.clients.errors import AuthorizationError, HTTPError, NotFoundError, ValidationError
from synapse_sdk.clients.job_outputs import download_outputs, keep_outputs, list_outputs

DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def attempt(desk):
    return desk.start_one()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The working folder of an attempt, as a run left it."""
    folder = tmp_path / "work"
    (folder / "outputs/deep").mkdir(parents=True)
    (folder / "outputs/predictions.csv").write_text("file,label\na.png,7\n")
    (folder / "outputs/deep/big.bin").write_bytes(b"x" * 3_000_000)
    (folder / "not-an-output.txt").write_text("stays")
    return folder


def keep(desk, attempt, work: Path) -> list[str]:
    of_job = desk.server.client(token=attempt["job_token"])
    return keep_outputs(desk.agent, of_job, attempt["job"], attempt["attempt"], work)


def test_what_a_run_left_comes_back_as_it_was(desk, attempt, work: Path, tmp_path: Path):
    assert keep(desk, attempt, work) == []
    desk.end(attempt, {"state": "SUCCEEDED"})

    items = list_outputs(desk.person, attempt["job"])
    download_outputs(desk.person, attempt["job"], items, tmp_path / "here")

    assert [item.path for item in items] == ["deep/big.bin", "predictions.csv"]
    for item in items:
        assert (tmp_path / "here" / item.path).read_bytes() == (work / "outputs" / item.path).read_bytes()
    assert not list(tmp_path.glob(".*partial"))


def test_keeping_them_again_changes_nothing(desk, attempt, work: Path):
    keep(desk, attempt, work)
    keep(desk, attempt, work)
    assert len(list_outputs(desk.person, attempt["job"])) == 2


def test_a_failed_attempt_keeps_its_outputs_too(desk, attempt, work: Path):
    keep(desk, attempt, work)
    desk.end(attempt, exit_code=1, cause="action")
    assert desk.job(attempt["job"])["state"] == "FAILED"
    assert len(list_outputs(desk.person, attempt["job"])) == 2


def test_links_are_not_followed(desk, attempt, work: Path, tmp_path: Path):
    (tmp_path / "secret").write_text("of the agent's machine")
    (work / "outputs/link").symlink_to(tmp_path / "secret")
    (work / "outputs/folder").symlink_to(tmp_path)
    assert keep(desk, attempt, work) == [
        "outputs/'folder' stays behind: it is a link, which is not followed.",
        "outputs/'link' stays behind: it is a link, which is not followed.",
    ]
    assert len(list_outputs(desk.person, attempt["job"])) == 2


def test_a_folder_of_outputs_that_is_a_link_is_not_followed(desk, attempt, work: Path, tmp_path: Path):
    (work / "outputs").rename(tmp_path / "elsewhere")
    (work / "outputs").symlink_to(tmp_path / "elsewhere")
    assert keep(desk, attempt, work) == ["outputs is a link, which is not followed."]
    assert list_outputs(desk.person, attempt["job"]) == []


def test_what_can_not_be_kept_stays_behind_alone_and_is_named(desk, attempt, work: Path):
    os.mkfifo(work / "outputs/pipe")
    for name in (b"two\nlines", b"back\\slash", b"no-utf-8-\xff"):
        (work / "outputs" / os.fsdecode(name)).write_bytes(b"x")
    left_out = keep(desk, attempt, work)
    assert [sentence.partition(" stays")[0] for sentence in left_out] == [
        "outputs/'back\\\\slash'",
        "outputs/'no-utf-8-\\udcff'",
        "outputs/'pipe'",
        "outputs/'two\\nlines'",
    ]
    assert len(list_outputs(desk.person, attempt["job"])) == 2


def test_contents_come_before_their_names(desk, attempt):
    body = {"files": [{"path": "a", "size_bytes": 1, "digest": DIGEST}]}
    with pytest.raises(HTTPError, match=DIGEST):
        desk.agent.post(f"jobs/{attempt['job']}/attempts/1/outputs/", json=body)
    assert list_outputs(desk.person, attempt["job"]) == []


@pytest.mark.parametrize("path", ["../a", "/a", "a/../b", "a//b", "a\\b", "."])
def test_no_path_leads_out(desk, attempt, path: str):
    body = {"files": [{"path": path, "size_bytes": 1, "digest": DIGEST}]}
    with pytest.raises(ValidationError, match="no path below"):
        desk.agent.post(f"jobs/{attempt['job']}/attempts/1/outputs/", json=body)


def test_only_the_agent_that_has_the_attempt_may_bring_them(desk, attempt):
    body = {"files": []}
    other = desk.server.client(token=desk.server.agent_token())
    register(other, "elsewhere")
    for sender in (other, desk.person, desk.server.client(token=attempt["job_token"])):
        with pytest.raises((AuthorizationError, NotFoundError)):
            sender.post(f"jobs/{attempt['job']}/attempts/1/outputs/", json=body)


def test_what_is_there_is_not_overwritten(desk, attempt, work: Path, tmp_path: Path):
    keep(desk, attempt, work)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/precious").write_text("keep")
    items = list_outputs(desk.person, attempt["job"])
    with pytest.raises(SynapseError, match="is there already"):
        download_outputs(desk.person, attempt["job"], items, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["precious"]


def test_a_file_that_was_not_left_is_not_found(desk, attempt):
    with pytest.raises(NotFoundError, match="has left no output"):
        desk.person.get(f"jobs/{attempt['job']}/outputs/nothing.csv")
