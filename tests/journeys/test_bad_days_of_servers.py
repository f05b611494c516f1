"""Servers and agents on their worst days: killed while jobs run, and started again."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator

import pytest

from tests.journeys.platform import ENVIRONMENT_TIMEOUT_S, Platform, counted, is_alive, kill
from tests.journeys.watching import wait_for_output
from tests.server_process import wait_until

#: Steps of a job: 0.05 s each, so this one outlives the server's absence …
LONG = 500
#: … and this one ends during it.
SHORT = 60
AWAY_S = 10.0


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A server of these stories' own."""
    platform = Platform.open(tmp_path_factory.mktemp("killed"))
    yield platform
    platform.server.stop()


@pytest.fixture
def killed_platform(opened: Platform) -> Platform:
    """The server to kill; started again if a story that failed has left it dead."""
    opened.server.options = ()
    if opened.server.process is not None and opened.server.process.poll() is not None:
        opened.server.start()
    return opened


def expect_told_once(platform: Platform, job: str, count: int) -> None:
    """Nothing that the job said is missing, nothing is there twice."""
    metrics = platform.events(job, "metric")
    assert counted(metrics) == list(range(count))
    worker = [event for event in metrics if event["producer"] == "worker"]
    assert [event["seq"] for event in worker] == sorted({event["seq"] for event in worker})
    assert platform.events(job, "loss") == []
    assert platform.log(job)[1:] == [f"line {index}" for index in range(count)]
    series = platform.ask("GET", f"jobs/{job}/metrics/?step=count&key=index").json()["series"]
    assert sum(len(item["points"]) for item in series) == count


def test_jobs_do_not_notice_that_the_server_is_killed_and_comes_back(killed_platform: Platform):
    platform = killed_platform
    long = platform.submit("count", epochs=LONG)
    worker = int(platform.wait_for_line(long))
    short = platform.submit("count", epochs=SHORT)
    platform.wait_for_line(short)
    exit_file = platform.attempt_folder(short) / "exit.json"

    platform.server.kill()
    wait_until(exit_file.exists, "the short job ends without a server")
    time.sleep(AWAY_S)  # what is tested is that this time passes
    assert is_alive(worker)
    platform.server.start()

    assert platform.wait_for_end(short, timeout_s=60)["state"] == "SUCCEEDED"
    document = platform.wait_for_end(long, timeout_s=60)
    assert document["state"] == "SUCCEEDED", document
    assert document["result"] == {"counted": LONG}
    for job, count in ((short, SHORT), (long, LONG)):
        expect_told_once(platform, job, count)
        assert len(platform.job(job)["attempts"]) == 1


def test_who_follows_a_job_sees_it_through_the_absence_of_the_server(killed_platform: Platform):
    platform = killed_platform
    words = platform.run_words("count", "epochs=300")
    with platform.synapse.start(*words, "--follow", cwd=platform.plugin) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        seen = [process.stdout.readline()]

        platform.server.kill()
        said = wait_for_output(process, "trying again until the server is back", on="stderr")
        time.sleep(2)  # nothing more is said while this passes
        platform.server.start()
        seen += process.stdout.read().splitlines()
        said += process.stderr.read()

    assert process.returncode == 0, said
    assert [line for line in seen if line.startswith("line")] == [f"line {index}" for index in range(300)]
    assert said.count("can not be reached") == said.count("The server is back") == 1, said
    assert said.count("warning:") == 1, said


def test_who_follows_a_log_is_told_of_the_absence_of_the_server(killed_platform: Platform):
    platform = killed_platform
    job = platform.submit("count", epochs=300)
    platform.wait_for_line(job, 5)
    with platform.synapse.start("job", "logs", job, "--follow", "--stream", "stdout") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        seen = [process.stdout.readline()]

        platform.server.kill()
        said = wait_for_output(process, "trying again until the server is back", on="stderr")
        platform.server.start()
        seen += process.stdout.read().splitlines()
        said += process.stderr.read()

    assert process.returncode == 0, said
    assert [line for line in seen if line.startswith("line")] == [f"line {index}" for index in range(300)]
    assert said.count("can not be reached") == said.count("The server is back") == 1, said


def test_the_attempts_of_a_killed_agent_are_adopted(killed_platform: Platform):
    platform = killed_platform
    job = platform.submit("count", epochs=200)
    worker = int(platform.wait_for_line(job))
    agent = platform.find_agent()
    assert agent is not None

    kill(agent.pid)
    other = wait_until(
        lambda: found if (found := platform.find_agent()) and found.pid != agent.pid else None,
        "the server starts an agent again",
    )

    assert is_alive(worker)
    assert other.pid != worker
    document = platform.wait_for_end(job, timeout_s=120)
    assert document["state"] == "SUCCEEDED", document
    assert len(document["attempts"]) == 1
    expect_told_once(platform, job, 200)


def test_an_agent_that_is_killed_while_it_prepares_goes_on_preparing(killed_platform: Platform):
    platform = killed_platform
    envs = platform.agent_folder / "envs"
    for environment in envs.glob("*[0-9a-f]"):
        shutil.rmtree(environment)
    job = platform.submit("count", epochs=3)
    wait_until(lambda: list(envs.glob(".*.partial")), "the environment is being built", every_s=0.01)
    agent = platform.find_agent()
    assert agent is not None

    kill(agent.pid)
    document = platform.wait_for_end(job, timeout_s=ENVIRONMENT_TIMEOUT_S)

    assert document["state"] == "SUCCEEDED", document
    assert len(document["attempts"]) == 1
    assert list(envs.glob(".*.partial")) == []


def test_a_server_without_its_agent_says_the_truth_as_soon_as_it_is_back(killed_platform: Platform):
    platform = killed_platform
    job = platform.submit("wait")
    worker = int(platform.wait_for_line(job))
    exit_file = platform.attempt_folder(job) / "exit.json"
    platform.server.kill()
    platform.server.options = ("--no-agent",)
    platform.server.start()

    kill(worker)
    wait_until(exit_file.exists, "the supervisor records the end")
    # Nobody is there to tell. How such an attempt is given up after its lease: test_agent_routes.
    assert platform.job(job)["state"] == "RUNNING"
    platform.server.stop()
    platform.server.options = ()
    platform.server.start()

    document = platform.wait_for_end(job)
    assert (document["state"], document["cause"]) == ("FAILED", "signal")
    assert json.loads(exit_file.read_text())["signal"] == 9


def test_a_server_that_comes_back_elsewhere_is_found_by_jobs_that_run(killed_platform: Platform):
    platform = killed_platform
    job = platform.submit("ask", name="wait")
    worker = int(platform.wait_for_line(job))
    folder, before = platform.attempt_folder(job), platform.server.url

    platform.server.stop()
    platform.server.port = 0
    platform.server.start()
    platform.server.log_in()
    assert platform.server.url != before
    # Told by the worker itself, while it runs: the agent sends what is left of events only at the end.
    since = len(platform.events(job, "metric"))
    wait_until(lambda: len(platform.events(job, "metric")) > since + 20, "the worker's events arrive")
    assert is_alive(worker)
    (folder / "go").touch()
    document = platform.wait_for_end(job)

    assert document["state"] == "SUCCEEDED", (document["reason"], platform.log(job, "stderr"))
    assert document["result"]["number"] == int(job)
    assert document["result"]["variables"]["SYNAPSE_HOST"] == before
    indexes = counted(platform.events(job, "metric"))
    assert indexes == list(range(len(indexes)))
