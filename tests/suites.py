"""Run every test, suite by suite: `python -m tests.suites [SUITE …] [-- pytest arguments]`.

Each suite is one pytest process in an environment of its own, with a time budget that is printed and a hard
limit that is enforced. A test file that no suite claims is an error, and so is a suite that ran no test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import browser

ROOT = Path(__file__).parents[1]
#: Seconds for a suite to clean up after it was told to stop, before it is killed.
GRACE_S = 15.0


@dataclass(frozen=True, slots=True)
class Suite:
    """Test paths that belong together."""

    name: str
    #: Files and folders, relative to the tests folder.
    paths: tuple[str, ...]
    #: Seconds that it should take on two cores. Printed, and marked when exceeded.
    budget_s: float
    #: Off where tests measure time, or need the machine for themselves.
    parallel: bool = True
    needs_browser: bool = False

    @property
    def limit_s(self) -> float:
        """Seconds after which it hangs rather than works, and is stopped."""
        # Room for a cold, loaded machine; all limits together stay below what CI grants.
        return 60 + 2 * self.budget_s


SUITES = (
    Suite("foundation", ("_internal", "i18n", "wire", "test_settings.py", "test_doctor.py"), budget_s=20),
    Suite("storage", ("storage", "storage_providers", "workspace"), budget_s=30),
    Suite("packaging", ("manifest", "packaging"), budget_s=90),
    Suite("plugins", ("plugins",), budget_s=120),
    Suite("integrations", ("integrations",), budget_s=20),
    Suite("cli", ("cli", "scaffold"), budget_s=100),
    Suite("clients", ("clients", "utils"), budget_s=70),
    Suite("server", ("server",), budget_s=205),
    Suite("fuzz", ("fuzz",), budget_s=180),
    Suite("agent", ("agent",), budget_s=120),
    Suite("console", ("console",), budget_s=160, needs_browser=True),
    Suite("docs", ("docs",), budget_s=110),
    Suite("guide", ("guide",), budget_s=160),
    Suite("journeys", ("journeys",), budget_s=515),
    Suite("examples", ("examples",), budget_s=110),
    Suite("harness", ("test_suites.py", "sabotage"), budget_s=50),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one suite went. `problem` is set when the suite as a whole went wrong."""

    suite: Suite
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    pending: int = 0  # expected failures: listed, strict, and red once they pass
    elapsed_s: float = 0.0
    problem: str | None = None

    @property
    def tests(self) -> int:
        return self.passed + self.failed + self.skipped + self.pending

    @property
    def is_good(self) -> bool:
        return self.problem is None and self.failed == 0


def main(arguments: Sequence[str]) -> int:
    """Run the named suites, or all; return the exit code."""
    names, extra = _split(arguments)
    known = {suite.name: suite for suite in SUITES}
    if unknown := [name for name in names if name not in known]:
        print(f"error: no such suite: {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    if problems := find_gaps(ROOT / "tests", SUITES):
        print("error: the table in tests/suites.py and the tests do not match:", file=sys.stderr)
        print("".join(f"  {problem}\n" for problem in problems), end="", file=sys.stderr)
        return 2
    chosen = [known[name] for name in dict.fromkeys(names)] or list(SUITES)
    # A CI runner stops a job by SIGTERM; the suite's processes should go with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    outcomes = []
    more = {}
    if os.environ.get("BROWSER") == "0":
        print("BROWSER=0: the tests with a browser are left out; see the skipped ones of the suite console")
        more[browser.SKIP_VARIABLE] = "0"
    elif any(suite.needs_browser for suite in chosen) and (problem := browser.ensure_browser()):
        print(f"error: {problem}", file=sys.stderr)
        return 2
    with make_private_folder("synapse-tests-") as home:
        env = build_environment(os.environ, home) | more
        for suite in chosen:
            print(f"\n=== {suite.name}: {' '.join(suite.paths)}", flush=True)
            outcomes.append(run_suite(suite, ROOT, env, extra))
    print(describe(outcomes), flush=True)
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


def find_gaps(tests: Path, suites: Iterable[Suite]) -> list[str]:
    """Say which test files no suite claims, or several do, and which claimed paths are not there."""
    claims = [(suite.name, tests / path) for suite in suites for path in suite.paths]
    problems = [
        f"suite {name} names {path.name}, which is not there" for name, path in claims if not path.exists()
    ]
    for file in sorted({*tests.rglob("test_*.py"), *tests.rglob("*_test.py")}):
        owners = [name for name, path in claims if path == file or path in file.parents]
        shown = file.relative_to(tests)
        if not owners:
            problems.append(f"{shown} belongs to no suite; it would never run")
        elif len(owners) > 1:
            problems.append(f"{shown} belongs to {' and '.join(owners)}; it would run twice")
    return problems


def find_silent_files(report: Path, root: Path, suite: Suite) -> list[str]:
    """Name the test files of a suite of which no test ran, be it that pytest did not look there."""
    classes = {case.get("classname", "") for case in ET.parse(report).iter("testcase")}
    silent = []
    for path in suite.paths:
        start = root / "tests" / path
        for file in sorted(start.rglob("test_*.py")) if start.is_dir() else [start]:
            module = ".".join(file.relative_to(root).with_suffix("").parts)
            if not any(name == module or name.startswith(f"{module}.") for name in classes):
                silent.append(str(file.relative_to(root)))
    return silent


@contextmanager
def make_private_folder(prefix: str) -> Iterator[Path]:
    """Make a folder for everything that tests write, and remove it in the end."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        # Some tests become another user for a moment, who must be able to pass through.
        Path(folder).chmod(0o711)
        yield Path(folder)


def build_environment(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Take over the machine's environment, but nothing that points at its user's own Synapse or Python."""
    private = ("SYNAPSE_", "PYTEST_", "PYTHON", "XDG_", "RAY_")
    kept = {name: value for name, value in environ.items() if not name.startswith(private)}
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return kept | {
        "HOME": str(home),
        "SYNAPSE_HOME": str(home / ".synapse"),
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "UV_CACHE_DIR": str(home / ".cache/uv"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "NO_COLOR": "1",
    }


def run_suite(
    suite: Suite, root: Path, env: Mapping[str, str], extra: Sequence[str] = (), *, grace_s: float = GRACE_S
) -> Outcome:
    """Run one suite in a process group of its own, its output where ours goes."""
    report = Path(env["TMPDIR"]) / f"{suite.name}.xml"
    command = [sys.executable, "-m", "pytest", *(f"tests/{path}" for path in suite.paths)]
    # A failed assert shows all that a command said: in CI there is no second look.
    command += ["-q", "-o", "verbosity_assertions=2", f"--junitxml={report}"]
    # `worksteal` evens out files of very different weight between the two cores that CI has.
    command += ["-n", "2", "--dist", "worksteal"] if suite.parallel else []
    begun = time.monotonic()
    process = subprocess.Popen(
        [*command, *extra], cwd=root, env=dict(env), stdin=subprocess.DEVNULL, start_new_session=True
    )
    problem = None
    try:
        code = process.wait(suite.limit_s)
    except subprocess.TimeoutExpired:
        problem = f"stopped after {suite.limit_s:g} s, its hard limit"
        code = _stop(process, grace_s)
    except BaseException:
        _stop(process, grace_s)
        raise
    elapsed_s = time.monotonic() - begun
    counts = _count(report)
    if problem is None and code not in (0, 1):
        # 5: nothing was collected. That is what a narrowed run may say of one suite, and a full run of none.
        nothing_matched = code == 5 and bool(extra)
        problem = None if nothing_matched else f"pytest ended with exit code {code}"
    if problem is None and code == 1 and counts["failed"] == 0:
        problem = "pytest ended with exit code 1, though no test failed"
    if problem is None and not extra and (silent := find_silent_files(report, root, suite)):
        problem = f"no test ran in {', '.join(silent)}"
    return Outcome(suite, **counts, elapsed_s=elapsed_s, problem=problem)


def describe(outcomes: Sequence[Outcome]) -> str:
    """Build the closing table; its last line is pytest's own kind of summary."""
    lines = [
        "",
        f"{'suite':<12}{'tests':>7}{'failed':>8}{'skipped':>9}{'pending':>9}{'seconds':>9}{'budget':>8}",
    ]
    for outcome in outcomes:
        remark = outcome.problem or ("over budget" if outcome.elapsed_s > outcome.suite.budget_s else "")
        lines.append(
            f"{outcome.suite.name:<12}{outcome.tests:>7}{outcome.failed:>8}{outcome.skipped:>9}"
            f"{outcome.pending:>9}{outcome.elapsed_s:>9.1f}{outcome.suite.budget_s:>8.0f}  {remark}".rstrip()
        )
    total_s = sum(outcome.elapsed_s for outcome in outcomes)
    lines += [f"in {total_s:.0f} s of {sum(outcome.suite.budget_s for outcome in outcomes):.0f}", ""]
    # A suite that could not run to its end counts as a failure, so that the last line never looks green.
    failed = sum(outcome.failed + (outcome.problem is not None) for outcome in outcomes)
    lines.append(f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed")
    return "\n".join(lines)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return list(arguments), []
    at = list(arguments).index("--")
    return list(arguments[:at]), list(arguments[at + 1 :])


def _stop(process: subprocess.Popen[bytes], grace_s: float) -> int:
    """End a suite's whole process group: asked first, so that fixtures may clean up, then killed."""
    for number, patience_s in ((signal.SIGINT, grace_s), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            return process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    return process.wait()


def _count(report: Path) -> dict[str, int]:
    """Read the counts from a JUnit report; an absent one, of a suite that was killed, counts nothing."""
    counts = {"passed": 0, "failed": 0, "skipped": 0, "pending": 0}
    if not report.exists():
        return counts
    for case in ET.parse(report).iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts["failed"] += 1
        elif skipped is not None:
            counts["pending" if skipped.get("type") == "pytest.xfail" else "skipped"] += 1
        else:
            counts["passed"] += 1
    return counts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
