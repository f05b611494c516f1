from __future__ import annotations

import stat
from pathlib import Path

import pytest

from synapse_sdk.agent.attempts import OUTCOME_LIMIT_BYTES, AttemptError, AttemptFolder, iter_attempts
from tests.agent.make_attempt import TOKEN, make_assignment, make_attempt


def test_a_folder_gives_back_what_was_claimed(tmp_path: Path):
    made = make_attempt(tmp_path, time_limit_s=5.0, env={"A": "b"})

    (found,) = iter_attempts(tmp_path)

    assert found.path == made.path == tmp_path / "job-1" / "1"
    assert found.assignment == make_assignment(time_limit_s=5.0, env={"A": "b"})


def test_the_token_lies_in_a_file_of_its_own(tmp_path: Path):
    attempt = make_attempt(tmp_path)

    files = [path for path in attempt.path.iterdir() if TOKEN in path.read_text()]

    assert files == [attempt.token_file]
    assert stat.S_IMODE(attempt.token_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(attempt.path.stat().st_mode) == 0o700


@pytest.mark.parametrize("job", ["../elsewhere", "", "/tmp/x", "a/b", ".", "x" * 65])
def test_a_job_is_never_a_path(tmp_path: Path, job: str):
    with pytest.raises(AttemptError, match="Not a job's id"):
        AttemptFolder.create(tmp_path / "attempts", make_assignment(job))

    assert not (tmp_path / "attempts").exists()


def test_a_folder_that_was_not_finished_is_no_attempt(tmp_path: Path):
    attempt = make_attempt(tmp_path)
    (attempt.path / "assignment.json").unlink()

    assert list(iter_attempts(tmp_path)) == []


def test_what_the_server_knows_is_tidied_up(tmp_path: Path):
    attempt = make_attempt(tmp_path)
    attempt.code.mkdir()
    attempt.end_without_worker("cancelled", "stopped before it began")

    attempt.mark_reported()

    assert attempt.is_reported
    assert attempt.read_exit().cause == "cancelled"
    assert not attempt.token_file.exists()
    assert not attempt.code.exists()
    attempt.remove()
    assert list(tmp_path.iterdir()) == []


def test_an_outcome_that_the_author_garbled_is_said_to_be(tmp_path: Path):
    attempt = make_attempt(tmp_path)
    assert attempt.read_outcome() is None
    (attempt.path / "outcome.json").write_text('{"state": "GREAT"}')

    with pytest.raises(AttemptError, match="is damaged"):
        attempt.read_outcome()


def test_an_outcome_that_is_too_large_is_not_read(tmp_path: Path):
    attempt = make_attempt(tmp_path)
    with (attempt.path / "outcome.json").open("wb") as stream:
        stream.truncate(OUTCOME_LIMIT_BYTES + 1)

    with pytest.raises(AttemptError, match="larger than 50,331,648 bytes"):
        attempt.read_outcome()


def test_an_order_that_is_missing_is_said_to_be(tmp_path: Path):
    with pytest.raises(AttemptError, match=r"supervisor could not begin: .*start\.json"):
        make_attempt(tmp_path).start_supervisor()
