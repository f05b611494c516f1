"""A job on its worst days: its worker is killed, stopped, fails; whoever follows it goes away."""

from __future__ import annotations

import json
import signal

import pytest

from tests.journeys.platform import Platform, is_alive, kill
from tests.journeys.watching import wait_for_output
from tests.server_process import wait_until


def test_a_killed_worker_is_told_by_its_signal_with_its_log_to_the_last_line(platform: Platform):
    job = platform.submit("count", epochs=600)
    worker = int(platform.wait_for_line(job))
    platform.wait_for_line(job, 20)

    kill(worker)
    document = platform.wait_for_end(job, timeout_s=15)

    assert (document["state"], document["cause"]) == ("FAILED", "signal")
    assert "SIGKILL" in document["reason"]
    written = (platform.attempt_folder(job) / "stdout.log").read_text().splitlines()
    assert platform.log(job) == written
    assert written[1:] == [f"line {index}" for index in range(len(written) - 1)]


def test_stopping_ends_whatever_the_worker_started_however_it_hides(platform: Platform):
    job = platform.submit("stubborn")
    pids = [int(pid) for pid in platform.wait_for_line(job).split()]
    assert len(pids) == 3
    assert all(map(is_alive, pids))

    asked = platform.synapse("job", "stop", job)
    # Ten of the twenty seconds are the grace that a worker has to end by itself.
    document = platform.wait_for_end(job, timeout_s=20)

    assert asked.returncode == 0, asked
    assert (document["state"], document["cause"]) == ("STOPPED", "cancelled")
    assert not any(map(is_alive, pids))


def test_an_action_that_raises_is_told_with_the_authors_own_traceback(platform: Platform):
    answer = platform.synapse(
        *platform.run_words("raise", "epochs=7"), "--follow", cwd=platform.plugin, timeout_s=180
    )

    assert answer.returncode == 1, answer
    assert "the gate is stuck at 7" in answer.stderr
    assert "about to fail" in answer.stdout
    job = str(platform.synapse("job", "list", "--limit", "1", "--json").json()["jobs"][0]["number"])
    document = platform.job(job)
    assert (document["state"], document["cause"]) == ("FAILED", "action")
    assert "the gate is stuck at 7" in document["reason"]
    logged = platform.synapse("job", "logs", job)
    assert 'plugin/raise_action.py", line' in logged.stdout
    assert "in open_the_gate" in logged.stdout
    assert "RuntimeError: the gate is stuck at 7" in logged.stdout
    assert "synapse_sdk/plugins" not in logged.stdout


@pytest.mark.parametrize(
    ("action", "reason", "hint"),
    [
        ("advise", "There is no water in the tank", "Fill it."),
        (
            "needy",
            (
                "ModuleNotFoundError: plugin.needy_action:Action needs the module "
                "'a_library_that_nobody_has', which is not installed."
            ),
            (
                "A job has what its release asks for: add a_library_that_nobody_has to requirements.txt "
                "and publish again."
            ),
        ),
    ],
)
def test_a_failures_own_hint_is_what_is_hinted_and_the_log_comes_after_it(
    platform: Platform, action: str, reason: str, hint: str
):
    answer = platform.synapse(*platform.run_words(action), "--follow", cwd=platform.plugin, timeout_s=180)

    assert answer.returncode == 1, answer
    number = platform.synapse("job", "list", "--limit", "1", "--json").json()["jobs"][0]["number"]
    assert answer.stderr.endswith(
        f"error: {reason}\nhint:  {hint}\nLook closer: synapse job logs {number} --stream stderr\n"
    )
    shown = dict(
        line.split(maxsplit=1) for line in platform.synapse("job", "get", str(number)).stdout.splitlines()
    )
    listed = platform.synapse("job", "list", "--limit", "1").stdout
    assert (shown["reason"], shown["hint"], shown["result"]) == (reason, hint, "-")
    assert shown["created"] in listed


def test_following_a_job_that_succeeds_ends_with_0_and_its_result(platform: Platform):
    answer = platform.synapse(
        *platform.run_words("count", "epochs=3"), "--follow", "--json", cwd=platform.plugin, timeout_s=180
    )

    assert answer.returncode == 0, answer
    assert answer.json()["result"] == {"counted": 3}
    assert "line 2" in answer.stderr


def test_following_a_job_that_somebody_stops_ends_with_1(platform: Platform):
    process = platform.synapse.start(*platform.run_words("wait"), "--follow", cwd=platform.plugin)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    job = str(platform.synapse("job", "list", "--state", "RUNNING", "--json").json()["jobs"][0]["number"])

    assert platform.synapse("job", "stop", job).returncode == 0
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1, said
    assert "Stopped" in said
    assert platform.job(job)["state"] == "STOPPED"
    assert not is_alive(worker)


def test_ctrl_c_ends_the_watching_and_the_job_goes_on(platform: Platform):
    process = platform.synapse.start(*platform.run_words("wait"), "--follow", cwd=platform.plugin)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert process.stdout.readline() == "begun\n"

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130, said
    job = said.rpartition("synapse job stop ")[2].strip()
    assert f"job {job} goes on" in said
    assert "Traceback" not in said
    assert platform.job(job)["state"] == "RUNNING"
    assert is_alive(worker)
    assert platform.synapse("job", "stop", job).returncode == 0
    assert platform.wait_for_end(job)["state"] == "STOPPED"


def test_a_supervisor_that_is_killed_leaves_nothing_running(platform: Platform):
    job = platform.submit("stubborn")
    pids = [int(pid) for pid in platform.wait_for_line(job).split()]
    supervisor = json.loads((platform.attempt_folder(job) / "supervisor.json").read_text())["pid"]

    kill(supervisor)
    document = platform.wait_for_end(job)

    assert (document["state"], document["cause"]) == ("FAILED", "lost")
    assert "supervisor" in document["reason"]
    wait_until(lambda: not any(map(is_alive, pids)), "nothing of the job lives")


def test_a_job_that_no_agent_can_run_says_so_while_it_is_watched(platform: Platform):
    words = [*platform.run_words("count"), "--gpus", "800", "--follow"]
    said = "No agent has 800 GPUs; the largest has"
    with platform.synapse.start(*words, cwd=platform.plugin) as process:
        wait_for_output(process, f"waiting: {said}", on="stderr")
        job = str(platform.synapse("job", "list", "--limit", "1", "--json").json()["jobs"][0]["number"])
        document = platform.job(job)
        stopped = platform.synapse("job", "stop", job)
        process.communicate(timeout=60)

    assert (document["state"], document["cause"]) == ("PENDING", "placement")
    assert said in document["reason"]
    assert stopped.returncode == 0, stopped
    assert process.returncode == 1
