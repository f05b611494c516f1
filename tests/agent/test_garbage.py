"""What an agent's folder no longer needs: real folders, and once a real environment that a run uses."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

import pytest

from synapse_sdk.agent.environments import MARKER_FILE, EnvironmentCache
from synapse_sdk.agent.garbage import Limits, find_garbage, remove_garbage
from synapse_sdk.agent.start_order import StartOrder
from tests.agent.conftest import AgentProcess
from tests.agent.make_attempt import make_attempt
from tests.agent.small_server import SmallServer
from tests.agent.test_loop import TALK, release_of
from tests.cli_process import Synapse

DAY_S = 24 * 3600.0
LIMITS = Limits(environments_bytes=2500)


def make_environment(folder: Path, name: str, *, idle_s: float, size_bytes: int = 1000) -> Path:
    path = folder / "envs" / name
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "python").write_bytes(b"x" * size_bytes)
    (path / MARKER_FILE).touch()
    age(path / MARKER_FILE, idle_s)
    return path


def age(path: Path, idle_s: float) -> None:
    then_s = time.time() - idle_s
    os.utime(path, (then_s, then_s))


def names_of(leftovers: list[object]) -> list[str]:
    return [leftover.path.name for leftover in leftovers]  # type: ignore[attr-defined]


def test_an_environment_that_rested_for_a_month_goes(tmp_path: Path):
    old = make_environment(tmp_path, "old", idle_s=31 * DAY_S)
    young = make_environment(tmp_path, "young", idle_s=29 * DAY_S)

    assert names_of(find_garbage(tmp_path, LIMITS)) == ["old"]
    assert old.exists()

    (gone,) = remove_garbage(tmp_path, LIMITS).removed

    assert (gone.kind, gone.size_bytes, gone.why) == ("environment", 1000, "not used for 31 days")
    assert not old.exists()
    assert young.exists()
    assert [path.name for path in (tmp_path / "envs").glob("*.partial")] == []


def test_what_was_not_used_for_longest_makes_room_but_not_what_was_used_just_now(tmp_path: Path):
    for name, idle_s in (("c", 2 * DAY_S), ("b", 3 * DAY_S), ("a", 4 * DAY_S), ("now", 60)):
        make_environment(tmp_path, name, idle_s=idle_s)
    make_environment(tmp_path, "huge", idle_s=60, size_bytes=100_000)

    assert names_of(remove_garbage(tmp_path, Limits(environments_bytes=102_500)).removed) == ["a", "b"]
    assert names_of(remove_garbage(tmp_path, LIMITS).removed) == ["c"]
    assert sorted(path.name for path in (tmp_path / "envs").glob("[!.]*")) == ["huge", "now"]


def test_an_environment_that_is_locked_stays(tmp_path: Path):
    old = make_environment(tmp_path, "old", idle_s=31 * DAY_S)
    with (tmp_path / "envs" / ".old.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # as who is about to use it
        assert remove_garbage(tmp_path, LIMITS).removed == []
    assert old.exists()


def test_an_environment_that_was_used_after_the_look_stays(tmp_path: Path):
    old = make_environment(tmp_path, "old", idle_s=31 * DAY_S)
    (found,) = find_garbage(tmp_path, LIMITS)

    age(old / MARKER_FILE, 0)

    assert not EnvironmentCache(tmp_path / "envs").remove_unused_since(old, found.last_used_s)
    assert old.exists()


def test_what_cannot_be_removed_is_told_and_the_rest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stuck = make_environment(tmp_path, "stuck", idle_s=40 * DAY_S)
    make_environment(tmp_path, "old", idle_s=31 * DAY_S)
    # Where it would be renamed to lies a file that is no folder.
    stuck.with_name(".stuck.partial").write_text("in the way")

    removal = remove_garbage(tmp_path, LIMITS)

    assert names_of(removal.removed) == ["old"]
    ((leftover, error),) = removal.kept
    assert leftover.path == stuck
    assert isinstance(error, NotADirectoryError)


def test_wheels_of_other_sdks_and_reported_attempts_go_in_their_time(tmp_path: Path):
    cache = EnvironmentCache(tmp_path / "envs")
    own = cache._wheel.path
    other = tmp_path / "envs" / ".sdk" / "0000" / "synapse_sdk-1-py3-none-any.whl"
    other.parent.mkdir()
    other.write_bytes(b"x")
    for wheel in (own, other):
        age(wheel, 31 * DAY_S)
    attempts = [make_attempt(tmp_path / "attempts", job=name) for name in ("old", "new", "unheard")]
    for attempt, days in zip(attempts, (8, 6, 8), strict=True):
        if attempt.path.parent.name != "unheard":
            attempt.mark_reported()
        age(attempt.path, days * DAY_S)

    assert names_of(remove_garbage(tmp_path, cache=cache).removed) == ["0000", "1"]

    assert own.exists()
    assert sorted(path.name for path in (tmp_path / "attempts").iterdir()) == ["new", "unheard"]


def test_the_environment_of_a_run_stays_until_the_run_has_ended(
    server: SmallServer, tmp_path: Path, synapse: Synapse
):
    folder = tmp_path / "agent"
    folder.mkdir()
    agent = AgentProcess(server, folder)
    told = server.assign("job-1", release_of(TALK))
    agent.start()
    server.wait_until(lambda: "line 1" in told.stdout)
    python = Path(StartOrder.load(agent.attempt("job-1")).argv[0])
    (environment,) = {python.parent.parent}
    age(environment / MARKER_FILE, 365 * DAY_S)

    assert find_garbage(folder) == []  # with the agent there
    refused = synapse("agent", "gc", "--folder", str(folder))
    agent.kill()
    kept = synapse("agent", "gc", "--folder", str(folder), "--json")  # and with nobody but the run

    assert refused.returncode != 0
    assert "Another agent works in" in refused.stderr
    assert kept.json()["leftovers"] == []
    (agent.attempt("job-1") / "go").touch()
    agent.start()  # which collects at its start, and has an attempt in hands
    server.wait_until(lambda: told.end is not None)
    assert told.state == "SUCCEEDED", told.stderr
    agent.kill()
    age(environment / MARKER_FILE, 365 * DAY_S) if environment.exists() else None
    agent.start()
    server.wait_until(lambda: not environment.exists())
    server.wait_until(lambda: "removed environment" in agent.log.read_text())  # said when it is gone
    agent.kill()


def test_the_command_says_what_can_go_and_removes_it(tmp_path: Path, synapse: Synapse):
    old = make_environment(tmp_path, "old", idle_s=31 * DAY_S)
    words = ("agent", "gc", "--folder", str(tmp_path))

    looked = synapse(*words, "--dry-run")
    assert looked.returncode == 0
    assert "1 leftover, 1.0 kB can go." in looked.stderr + looked.stdout
    assert old.exists()

    document = json.loads(synapse(*words, "--json").stdout)
    assert document["removed"] is True
    assert document["leftovers"][0]["path"] == str(old)
    assert not old.exists()
