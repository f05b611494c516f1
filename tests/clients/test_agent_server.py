"""`HttpAgentServer` against a real HTTP server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.agent.small_server import AGENT_TOKEN, JOB_TOKEN, Release, SmallServer

from synapse_sdk._internal.errors import NotReachableError, SynapseError
from synapse_sdk.clients.agent_server import HttpAgentServer
from synapse_sdk.clients.errors import JobTokenRefusedError, NotFoundError
from synapse_sdk.wire.assignment import AgentFacts, AttemptReport, ReleaseContents

FACTS = AgentFacts(name="here", interpreter="cpython", platform="linux", sdk_version="1", cpus=2)


@pytest.fixture
def server() -> Iterator[SmallServer]:
    server = SmallServer()
    yield server
    if not server.is_away:
        server.go_away()


@pytest.fixture
def client(server: SmallServer) -> Iterator[HttpAgentServer]:
    client = HttpAgentServer(server.url, AGENT_TOKEN)
    client.register(FACTS)
    yield client
    client.close()


def release_of(server: SmallServer, release: Release) -> ReleaseContents:
    server.assign("job-1", release)
    return ReleaseContents.model_validate(server.waiting[-1]["release"])


def test_an_agent_says_who_it_is(server: SmallServer, client: HttpAgentServer):
    assert server.registered[0]["name"] == "here"


def test_a_claim_brings_the_token_and_hides_it(server: SmallServer, client: HttpAgentServer):
    server.assign("job-1", Release.of({"a": "b"}), time_limit_s=3)

    (assignment,) = client.claim(1, 0)

    assert assignment.time_limit_s == 3
    assert assignment.job_token
    assert assignment.job_token not in repr(assignment)
    assert client.claim(1, 0.1) == ()


def test_outputs_that_a_jobs_token_may_not_bring_in_are_no_reason_to_wait(
    server: SmallServer, client: HttpAgentServer, tmp_path: Path
):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "scores.txt").write_text("0.9")
    server.refused_tokens.add(JOB_TOKEN)

    with pytest.raises(JobTokenRefusedError, match="outputs are not taken: This token is not known"):
        client.keep_outputs("job-1", 1, tmp_path, token=JOB_TOKEN)


def test_a_heartbeat_brings_directives(server: SmallServer, client: HttpAgentServer):
    server.directives["job-1", 1] = ("stop", "enough")

    (directive,) = client.heartbeat([AttemptReport(job="job-1", attempt=1, phase="running")])

    assert (directive.action, directive.reason) == ("stop", "enough")


def test_all_pages_of_a_manifest_are_read(server: SmallServer, client: HttpAgentServer):
    release = release_of(server, Release.of({f"f{number}": "x" * number for number in range(5)}))

    files = client.fetch_files(release)

    assert [(file.path, file.size_bytes, file.mode) for file in files] == [
        (f"f{number}", number, 0o644) for number in range(5)
    ]


def test_lock_and_archive(server: SmallServer, client: HttpAgentServer):
    release = release_of(server, Release.of({"a": "b"}, lock="pydantic==2\n"))

    assert client.fetch_lock(release) == "pydantic==2\n"
    assert client.fetch_lock(release.model_copy(update={"lock_url": None})) is None
    with client.open_archive(release) as archive:
        assert b"".join(archive) == server.releases[1].archive


def test_a_gap_in_a_log_is_answered_with_where_to_go_on(server: SmallServer, client: HttpAgentServer):
    server.assign("job-1", Release.of({}))

    assert client.append_log("job-1", 1, "stdout", offset=0, data=b"0123") == 4
    assert client.append_log("job-1", 1, "stdout", offset=2, data=b"2345") == 6
    assert client.append_log("job-1", 1, "stdout", offset=9, data=b"x") == 6
    assert server.told["job-1", 1].stdout == "012345"


def test_what_is_not_there_is_refused_and_a_server_away_is_not_reachable(
    server: SmallServer, client: HttpAgentServer
):
    release = ReleaseContents(release_id=9, digest="sha256:00", archive_url="nowhere/", files_url="nowhere/")
    with pytest.raises(NotFoundError):
        client.fetch_files(release)

    server.go_away()

    with pytest.raises(NotReachableError):
        client.heartbeat([])


def test_nothing_is_claimed_before_registering(server: SmallServer):
    with pytest.raises(SynapseError, match="not registered"):
        HttpAgentServer(server.url, AGENT_TOKEN).claim(1, 0)
