"""Copies of the checkout, faults in them, and what the tests said."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Seconds for one fault's tests. A fault may make them wait for something that never comes.
PATIENCE_S = 240.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A change that a suite must notice."""

    #: What goes wrong, as one would tell it: "an event is lost".
    name: str
    #: The suite of tests/suites.py that watches over it.
    suite: str
    #: File to change, relative to the checkout.
    file: str
    #: Text that occurs exactly once in the file, and what takes its place.
    old: str
    new: str
    #: The part of the suite that is run: test files or single tests. Narrow, so that all faults take minutes.
    tests: tuple[str, ...]


class StaleFaultError(Exception):
    """The fault does not fit the code any more; the message says how."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the tests said to one fault: the first failing test, or what went wrong instead."""

    fault: Fault
    red_by: str | None = None
    problem: str | None = None
    elapsed_s: float = 0.0


def copy_checkout(root: Path, into: Path) -> None:
    """Copy every file that git knows or would add; what is ignored stays behind."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        source, target = root / name, into / name
        if source.is_file():  # a tracked file may be deleted in the working tree
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def plant(fault: Fault, text: str) -> str:
    """Return the file's text with the fault in it.

    Raises:
        StaleFaultError: The old text is not there exactly once, or what comes out is not Python.
    """
    if (count := text.count(fault.old)) != 1:
        raise StaleFaultError(f"its old text occurs {count} times in {fault.file}, not once")
    planted = text.replace(fault.old, fault.new)
    if fault.file.endswith(".py"):
        try:
            compile(planted, fault.file, "exec")
        except SyntaxError as error:
            raise StaleFaultError(f"{fault.file} is not Python any more: {error}") from error
    return planted


def judge(fault: Fault, checkout: Path, env: Mapping[str, str], *, patience_s: float = PATIENCE_S) -> Verdict:
    """Plant a fault in a copy, run its tests there, and take it out again."""
    begun = time.monotonic()
    try:
        with _planted(fault, checkout):
            code, output = run_tests(fault.tests, checkout, env, patience_s=patience_s)
    except StaleFaultError as error:
        return Verdict(fault, problem=f"stale: {error}")
    elapsed_s = time.monotonic() - begun
    if code is None:
        return Verdict(fault, problem=f"hung for {patience_s:g} s", elapsed_s=elapsed_s)
    if code == 0:
        return Verdict(fault, problem="STAYED GREEN", elapsed_s=elapsed_s)
    red_by = find_first_failure(_report(env))
    if code != 1 or red_by is None:
        problem = f"no test failed, but pytest ended with exit code {code}:\n{output[-2000:]}"
        return Verdict(fault, problem=problem, elapsed_s=elapsed_s)
    return Verdict(fault, red_by=red_by, elapsed_s=elapsed_s)


def run_tests(
    tests: Iterable[str], checkout: Path, env: Mapping[str, str], *extra: str, patience_s: float
) -> tuple[int | None, str]:
    """Run pytest in a copy over its own source; return its exit code (None: it hung) and what it said."""
    report = _report(env)
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=short", f"--junitxml={report}"]
    process = subprocess.Popen(
        [*command, *extra, *dict.fromkeys(tests)],
        cwd=checkout,
        # Before the installed package, so that the copy's code is what runs, in child processes too.
        env={**env, "PYTHONPATH": str(checkout / "src")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        _kill(process)
        output, _ = process.communicate()
        return None, output
    except BaseException:
        _kill(process)
        raise
    return process.returncode, output


def find_first_failure(report: Path) -> str | None:
    """Return the first test of a JUnit report that failed, or None."""
    if not report.exists():
        return None
    for case in ET.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            return case.get("name")
    return None


def describe(verdicts: Sequence[Verdict]) -> str:
    """Build the closing table."""
    name_width = max((len(verdict.fault.name) for verdict in verdicts), default=5)
    suite_width = max((len(verdict.fault.suite) for verdict in verdicts), default=5)
    lines = [f"{'fault':<{name_width}}  {'suite':<{suite_width}}  {'s':>5}  turned red by"]
    for verdict in verdicts:
        said = verdict.red_by or f"-- {verdict.problem}"
        lines.append(
            f"{verdict.fault.name:<{name_width}}  {verdict.fault.suite:<{suite_width}}  "
            f"{verdict.elapsed_s:>5.1f}  {said}"
        )
    missed = sum(verdict.red_by is None for verdict in verdicts)
    lines += ["", f"{len(verdicts) - missed} faults noticed, {missed} not"]
    return "\n".join(lines)


@contextlib.contextmanager
def _planted(fault: Fault, checkout: Path) -> Iterator[None]:
    file = checkout / fault.file
    if not file.is_file():
        raise StaleFaultError(f"there is no {fault.file}")
    sound = file.read_text(encoding="utf-8")
    file.write_text(plant(fault, sound), encoding="utf-8")
    _forget_bytecode(file)
    try:
        yield
    finally:
        file.write_text(sound, encoding="utf-8")
        _forget_bytecode(file)


def _forget_bytecode(file: Path) -> None:
    # Python tells old bytecode by the second and the size; a fault may change neither.
    for compiled in file.parent.glob(f"__pycache__/{file.stem}.*"):
        compiled.unlink()


def _report(env: Mapping[str, str]) -> Path:
    return Path(env["TMPDIR"]) / "report.xml"


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
