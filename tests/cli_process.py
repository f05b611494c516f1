"""The real `synapse` program, run as a user runs it: a process of its own, in an environment of its own."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: `-P` keeps the current folder off `sys.path`, as it is for the installed `synapse` script. Without it a
#: plugin's own package would be importable by accident, and a test would be greener than the user's terminal.
SYNAPSE = (sys.executable, "-P", "-m", "synapse_sdk.cli.entry")

#: What a test's process may inherit. All else stays out, an existing login and its settings above all.
INHERITED = (
    "PATH",
    "PYTHONPATH",
    "TMPDIR",
    "COVERAGE_PROCESS_START",
    # How this machine reaches a package index; one cache for all tests of a run.
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


def private_environment(home: Path) -> dict[str, str]:
    """Build the environment of a user who has just been born, in `home`."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {
        "HOME": str(home),
        "SYNAPSE_HOME": str(home / ".synapse"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
    }


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command said and how it ended. As text it reads like a terminal, for a failed assert's sake."""

    command: str
    returncode: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Return the one JSON document on stdout; anything beside it there is an error."""
        try:
            return json.loads(self.stdout)
        except json.JSONDecodeError as error:
            raise AssertionError(f"stdout is not one JSON document ({error}):\n{self}") from None

    @property
    def said(self) -> str:
        """Stdout and stderr together, for a message that may be on either."""
        return f"{self.stdout}\n{self.stderr}"

    def __str__(self) -> str:
        return (
            f"$ {self.command}\n--- stdout ---\n{self.stdout}\n--- stderr ---\n{self.stderr}\n"
            f"--- exit {self.returncode} ---"
        )

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class Synapse:
    """Runs `synapse` for one test. Two calls share a home, so the second sees what the first left there."""

    home: Path
    cwd: Path

    def __call__(
        self,
        *args: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        timeout_s: float = 60.0,
    ) -> Finished:
        """Run one command line to its end. Without `stdin` there is none, and never a terminal.

        Args:
            cwd: Where to run; the test's own empty folder unless told.
            env: Variables on top of the private environment.
            timeout_s: After this the whole process group is killed and the test fails with what was said.
        """
        argv = [*SYNAPSE, *map(str, args)]
        return run_to_end(argv, cwd=cwd or self.cwd, env=self.env(env), stdin=stdin, timeout_s=timeout_s)

    def start(
        self, *args: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start one command line in a process group of its own and return at once; the caller ends it."""
        return start([*SYNAPSE, *map(str, args)], cwd=cwd or self.cwd, env=self.env(env))

    def env(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment that the commands see, for another program that shares their home."""
        return private_environment(self.home) | dict(more or {})


def start(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str | None = None
) -> subprocess.Popen[str]:
    """Start a program in a process group of its own, with its streams in our hands."""
    return subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )


def run_to_end(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: str | None = None,
    timeout_s: float = 60.0,
) -> Finished:
    """Run any program as `Synapse` runs its own."""
    command = shlex.join(argv).replace(shlex.join(SYNAPSE), "synapse", 1)
    process = start(argv, cwd=cwd, env=env, stdin=stdin)
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        ending = Finished(command, process.returncode, stdout, stderr)
        raise AssertionError(f"still running after {timeout_s:g} s:\n{ending}") from None
    return Finished(command, process.returncode, stdout, stderr)
