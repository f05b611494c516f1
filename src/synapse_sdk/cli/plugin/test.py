"""`synapse plugin test`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.plugin import pytest_counts
from synapse_sdk.cli.rim import ExitCode

if TYPE_CHECKING:
    from synapse_sdk.plugins.discovery import PluginDiscovery

#: Where a plugin's tests are, unless its own pytest settings say otherwise.
TESTS = "tests"
#: What pytest's exit codes mean to the shell of whoever asked.
#: Source: pytest documentation, "Exit codes". 2 is an error while collecting, or an interruption.
_EXIT_CODES = {
    0: ExitCode.DONE,
    1: ExitCode.FAILED,
    2: ExitCode.FAILED,
    3: ExitCode.FAILED,
    4: ExitCode.ASKED_WRONGLY,
    5: ExitCode.ASKED_WRONGLY,
}
#: Seconds that pytest gets to say what it was doing when it is interrupted.
_GRACE_S = 5.0


class NoTestsError(SynapseError):
    """There is nothing to run."""


@click.command("test")
@click.option("-p", "--path", type=click.Path(path_type=Path), help="Plugin directory (default: current).")
@click.option(
    "--own-workspace",
    is_flag=True,
    help="Let the tests see this machine's datasets, models and settings.",
)
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- PYTEST ARGUMENTS]")
@with_output
def run_tests(
    output: Output, path: Path | None, own_workspace: bool, pytest_arguments: tuple[str, ...]
) -> int:
    """Run the plugin's own tests with pytest, in the plugin's folder.

    The tests get an empty workspace and default settings. What follows -- goes to pytest as it is, such as:
    synapse plugin test -- -k train -x
    """
    from synapse_sdk.plugins.discovery import PluginDiscovery

    plugin = PluginDiscovery.from_path(path or Path.cwd())
    _require_pytest()
    if not pytest_arguments:
        _require_tests(plugin.folder)
    with tempfile.TemporaryDirectory(prefix="synapse-test-") as scratch:
        env = _build_environment(plugin, None if own_workspace else Path(scratch) / "home")
        counts_file = Path(scratch) / "counts.json"
        if output.as_json:
            pytest_arguments = ("-p", pytest_counts.__name__, *pytest_arguments)
            env[pytest_counts.FILE_VARIABLE] = str(counts_file)
        # The report is for reading; with --json stdout is for the one document.
        stdout = output.err if output.as_json else output.out
        code = _run_pytest(pytest_arguments, folder=plugin.folder, env=env, stdout=stdout)
        counts = json.loads(counts_file.read_bytes()) if counts_file.is_file() else {}
    if code < 0:
        output.error(f"The tests were ended by {signal.Signals(-code).name}.")
    elif code == 5:
        output.error(f"pytest found no tests to run in {plugin.folder}.", hint="Tests are functions test_….")
    exit_code = _EXIT_CODES.get(code, ExitCode.FAILED)
    if output.as_json:
        output.document({"ok": exit_code == ExitCode.DONE, "pytest_exit_code": code, **counts})
    elif exit_code == ExitCode.DONE:
        output.say("\nNext: synapse plugin publish --dry-run")
    return exit_code


def _require_pytest() -> None:
    from synapse_sdk._internal.extras import require

    # Into the interpreter that runs the tests, which need not be the first `pip` of the shell.
    install = f"Install it: {sys.executable} -m pip install pytest pytest-mock pytest-cov"
    require("pytest", install=install, why="run a plugin's tests")


def _require_tests(folder: Path) -> None:
    """Refuse a plugin without tests, unless settings of its own send pytest elsewhere."""
    if (folder / TESTS).is_dir() or any(folder.glob("test_*.py")) or _sets_testpaths(folder):
        return
    raise NoTestsError(
        f"There is nothing to run: {folder} has no folder {TESTS}/.",
        {"folder": str(folder)},
        hint=f"Write a first one: mkdir {TESTS}, and in {TESTS}/test_first.py a function test_… "
        "that asserts something.",
    )


def _sets_testpaths(folder: Path) -> bool:
    files = (folder / name for name in ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"))
    return any(file.is_file() and b"testpaths" in file.read_bytes() for file in files)


def _build_environment(plugin: PluginDiscovery, home: Path | None) -> dict[str, str]:
    """Build what the tests see: the plugin's modules, its `env:`, and no settings of this user's.

    Args:
        home: The user folder to pretend; None to show the real one.
    """
    env = {
        name: value for name, value in os.environ.items() if home is None or not name.startswith("SYNAPSE_")
    }
    if home is not None:
        env["SYNAPSE_HOME"] = str(home)
    # As for `plugin run`: what the user sets wins over the config's `env:`.
    env = {name: str(value) for name, value in plugin.config.env.items()} | env
    # pytest's own `pythonpath` does this too, where a plugin sets it. The guide's plugins do not.
    before = env.get("PYTHONPATH")
    return env | {"PYTHONPATH": os.pathsep.join([str(plugin.folder), *([before] if before else [])])}


def _run_pytest(arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], stdout: Any) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    stdout.flush()
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=stdout)
    try:
        return process.wait()
    finally:
        if process.returncode is None:
            # On a terminal Ctrl-C reached pytest as well; it ends by itself, and says where it was.
            with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                process.wait(_GRACE_S)
            process.kill()
            process.wait()
