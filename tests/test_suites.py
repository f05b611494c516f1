"""The runner of all tests: it sees everything, believes nothing, and always comes back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.suites import ROOT, SUITES, Outcome, Suite, build_environment, describe, find_gaps, main, run_suite

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a test file of a checkout that has only that."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def run(tmp_path: Path, suite: Suite, *extra: str) -> Outcome:
    return run_suite(suite, tmp_path, build_environment(os.environ, tmp_path / "home"), extra, grace_s=2)


def test_the_table_and_the_tests_of_this_checkout_match():
    assert find_gaps(ROOT / "tests", SUITES) == []


def test_all_limits_together_stay_within_what_ci_grants():
    assert sum(suite.limit_s for suite in SUITES) < 85 * 60


def test_a_test_file_that_no_suite_claims_is_named(tmp_path: Path, write: Write):
    write("known/test_a.py", "")
    write("forgotten/deep/test_b.py", "")

    problems = find_gaps(tmp_path / "tests", [Suite("known", ("known",), 1)])

    assert problems == ["forgotten/deep/test_b.py belongs to no suite; it would never run"]


def test_a_suite_without_its_folder_is_named(tmp_path: Path, write: Write):
    write("a/test_a.py", "")

    problems = find_gaps(tmp_path / "tests", [Suite("a", ("a",), 1), Suite("b", ("gone",), 1)])

    assert problems == ["suite b names gone, which is not there"]


def test_a_test_file_of_two_suites_is_named(tmp_path: Path, write: Write):
    write("a/test_a.py", "")

    problems = find_gaps(tmp_path / "tests", [Suite("one", ("a",), 1), Suite("two", ("a/test_a.py",), 1)])

    assert problems == ["a/test_a.py belongs to one and two; it would run twice"]


def test_every_kind_of_result_is_counted(tmp_path: Path, write: Write):
    write(
        "a/test_a.py",
        """
import pytest

def test_passes(): ...
def test_fails(): assert False
@pytest.mark.skip(reason="no")
def test_is_skipped(): ...
@pytest.mark.xfail(strict=True)
def test_is_pending(): assert False
@pytest.mark.xfail(strict=True)
def test_is_pending_no_more(): ...
@pytest.fixture
def broken(): raise RuntimeError
def test_breaks_before_it_begins(broken): ...
""",
    )

    outcome = run(tmp_path, Suite("a", ("a",), 60, parallel=False))

    assert (outcome.passed, outcome.failed, outcome.skipped, outcome.pending) == (1, 3, 1, 1)
    assert not outcome.is_good


def test_a_suite_without_tests_is_not_good(tmp_path: Path, write: Write):
    write("a/test_a.py", "")

    outcome = run(tmp_path, Suite("a", ("a",), 60, parallel=False))

    assert outcome.problem == "pytest ended with exit code 5"
    assert describe([outcome]).splitlines()[-1] == "0 passed, 1 failed"


def test_a_test_file_that_pytest_passes_over_is_not_good(tmp_path: Path, write: Write):
    write("a/test_a.py", "class TestA:\n    def test_a(self): ...\n")
    write("a/build/test_b.py", "def test_b(): ...\n")  # pytest does not look into folders of this name

    outcome = run(tmp_path, Suite("a", ("a",), 60, parallel=False))

    assert outcome.problem == "no test ran in tests/a/build/test_b.py"


def test_a_test_file_that_can_not_be_imported_is_not_good(tmp_path: Path, write: Write):
    write("a/test_a.py", "import a_module_that_is_nowhere\n")

    assert not run(tmp_path, Suite("a", ("a",), 60, parallel=False)).is_good


def test_a_suite_that_hangs_is_stopped_with_its_children(tmp_path: Path, write: Write):
    write(
        "a/test_a.py",
        """
import pathlib, subprocess, sys

def test_hangs():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    pathlib.Path("child.pid").write_text(str(child.pid))
    child.wait()
""",
    )
    # A limit of fifteen seconds, in which pytest can begin even on a loaded machine.
    suite = Suite("a", ("a",), budget_s=(15 - 60) / 2, parallel=False)
    begun = time.monotonic()

    outcome = run(tmp_path, suite)

    assert outcome.problem == "stopped after 15 s, its hard limit"
    assert time.monotonic() - begun < 60
    child = int((tmp_path / "child.pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_narrowed_run_may_match_nothing_in_one_suite(tmp_path: Path, write: Write):
    write("a/test_a.py", "def test_a(): ...\n")

    outcome = run(tmp_path, Suite("a", ("a",), 60, parallel=False), "-k", "another")

    assert outcome.is_good
    assert outcome.tests == 0


def test_the_last_line_is_pytests_own_summary():
    suite = Suite("a", ("a",), 60)
    outcomes = [Outcome(suite, passed=3, elapsed_s=61), Outcome(suite, passed=4, failed=2, pending=5)]

    text = describe(outcomes)

    assert text.splitlines()[-1] == "7 passed, 2 failed"
    assert "over budget" in text


def test_an_existing_login_is_out_of_reach(tmp_path: Path):
    mine = {
        "HOME": "/home/me",
        "SYNAPSE_ACCESS_TOKEN": "t",
        "XDG_CONFIG_HOME": "/home/me/.config",
        "PATH": "/bin",
    }

    env = build_environment(mine, tmp_path)

    assert "SYNAPSE_ACCESS_TOKEN" not in env
    assert [name for name, value in env.items() if "/home/me" in value] == []
    assert env["PATH"] == "/bin"


def test_an_unknown_suite_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]):
    assert main(["packging"]) == 2

    assert "There are: foundation, storage" in capsys.readouterr().err
