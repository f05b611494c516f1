"""Sabotage itself: it sees what stays green, and does not take a broken plant for a noticed one."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import pytest

from tests.sabotage.__main__ import sabotage
from tests.sabotage.plant import Fault, StaleFaultError, copy_checkout, judge, plant
from tests.suites import build_environment

SUM = "def add(a, b):\n    return a + b\n"
TESTS = """
import subprocess, sys

import arithmetic

def test_sums():
    assert arithmetic.add(2, 3) == 5

def test_sums_in_another_process():
    code = "import arithmetic; sys.exit(arithmetic.add(2, 3) != 5)"
    assert subprocess.run([sys.executable, "-c", f"import sys; {code}"]).returncode == 0

def test_nothing_much(): ...
"""
NOTICED = Fault(
    name="sums are differences",
    suite="arithmetic",
    file="src/arithmetic.py",
    old="a + b",
    new="a - b",
    tests=("tests/test_arithmetic.py",),
)
UNSEEN = dataclasses.replace(NOTICED, tests=("tests/test_arithmetic.py::test_nothing_much",))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name, text in {
        "src/arithmetic.py": SUM,
        "tests/test_arithmetic.py": TESTS,
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--import-mode=importlib'\n",
        ".gitignore": "secret.txt\n",
        "secret.txt": "not for copies",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return build_environment(os.environ, tmp_path / "home")


def test_a_copy_has_what_git_would_add_and_nothing_ignored(checkout: Path, tmp_path: Path):
    copy_checkout(checkout, tmp_path / "copy")

    assert (tmp_path / "copy/src/arithmetic.py").read_text() == SUM
    assert not (tmp_path / "copy/secret.txt").exists()


def test_a_noticed_fault_names_the_test_that_turned_red(checkout: Path, env: dict[str, str]):
    verdict = judge(NOTICED, checkout, env)

    assert verdict.red_by == "test_sums"
    assert (checkout / "src/arithmetic.py").read_text() == SUM


def test_a_fault_of_the_same_length_reaches_child_processes(checkout: Path, env: dict[str, str]):
    in_child = dataclasses.replace(NOTICED, tests=("tests/test_arithmetic.py::test_sums_in_another_process",))

    # The second time the sound code was compiled a moment ago, under the same size and second.
    assert judge(UNSEEN, checkout, env).problem == "STAYED GREEN"
    assert judge(in_child, checkout, env).red_by == "test_sums_in_another_process"


def test_a_broken_test_file_is_not_taken_for_a_noticed_fault(checkout: Path, env: dict[str, str]):
    verdict = judge(dataclasses.replace(NOTICED, old="def add", new="def sub"), checkout, env)
    assert verdict.red_by == "test_sums"

    broken = judge(dataclasses.replace(NOTICED, old=SUM, new="import nowhere_at_all\n"), checkout, env)

    assert broken.red_by is None
    assert "exit code" in (broken.problem or "")


def test_a_fault_that_hangs_is_ended(checkout: Path, env: dict[str, str]):
    hanging = dataclasses.replace(
        NOTICED, old="return a + b", new="import threading; threading.Event().wait()"
    )

    verdict = judge(hanging, checkout, env, patience_s=5)

    assert verdict.problem == "hung for 5 s"
    assert (checkout / "src/arithmetic.py").read_text() == SUM


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("a * b", "a", "occurs 0 times"),
        ("a", "c", "occurs 3 times"),
        ("return a + b", "return a +", "is not Python any more"),
    ],
)
def test_a_stale_fault_says_how_it_is_stale(old: str, new: str, problem: str):
    with pytest.raises(StaleFaultError, match=problem):
        plant(dataclasses.replace(NOTICED, old=old, new=new), SUM)


def test_sabotage_fails_when_one_fault_stays_unseen(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert sabotage([NOTICED], checkout, tmp_path / "first") == 0
    assert "turned red by\nsums are differences  arithmetic" in capsys.readouterr().out

    assert sabotage([NOTICED, UNSEEN], checkout, tmp_path / "second") == 1
    assert "1 faults noticed, 1 not" in capsys.readouterr().out


def test_sabotage_refuses_tests_that_are_red_anyway(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (checkout / "src/arithmetic.py").write_text(SUM.replace("+", "*"), encoding="utf-8")

    assert sabotage([UNSEEN, NOTICED], checkout, tmp_path / "copies") == 1

    assert "not green without a fault" in capsys.readouterr().out
