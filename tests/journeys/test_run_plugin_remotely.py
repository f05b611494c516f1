"""`run_plugin(..., mode="remote")` in a process of its own, against a server with its agent."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.cli_process import private_environment
from tests.journeys.platform import ENVIRONMENT_TIMEOUT_S, Platform


def run_script(folder: Path, home: Path, code: str) -> Any:
    """Run a script; return what it put into `told`."""
    script = f"import json, sys, warnings\n{textwrap.dedent(code)}\nprint(json.dumps(told))\n"
    done = subprocess.run(
        [sys.executable, "-"],
        input=script,
        cwd=folder,
        env=private_environment(home),
        text=True,
        capture_output=True,
        timeout=ENVIRONMENT_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_result_comes_back_and_events_reach_the_sinks(platform: Platform, tmp_path: Path):
    told = run_script(
        tmp_path,
        platform.synapse.home,
        """
        from synapse_sdk.plugins import run_plugin

        class Kept:
            def __init__(self):
                self.lines, self.is_closed = [], False
            def write(self, batch):
                self.lines += [json.loads(encoded.line) for encoded in batch]
            def close(self):
                self.is_closed = True

        class Broken(Kept):
            def write(self, batch):
                raise OSError("no room")

        kept = Kept()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            result = run_plugin("demo", "count", {"epochs": 4}, mode="remote", sinks=[Broken(), kept])
        metrics = [line["values"]["index"] for line in kept.lines if line["kind"] == "metric"]
        told = {"result": result, "metrics": metrics, "is_closed": kept.is_closed,
                "warned": [str(item.message) for item in warned]}
        """,
    )

    assert told["result"] == {"counted": 4}
    assert told["metrics"] == [0, 1, 2, 3]
    assert told["is_closed"]
    (warned,) = told["warned"]
    assert warned.startswith("Broken gets no more events of job ")
    assert warned.endswith(": no room")


def test_a_failed_job_is_an_error_with_its_number(platform: Platform):
    told = run_script(
        platform.plugin,  # by its folder, whose config names the code
        platform.synapse.home,
        """
        from synapse_sdk.plugins import run_plugin
        from synapse_sdk.plugins.errors import ExecutionError

        try:
            run_plugin(".", "raise", {"epochs": 2}, mode="remote", sinks=[])
        except ExecutionError as error:
            told = {"message": error.message, "hint": error.hint, **error.details}
        """,
    )

    assert "the gate is stuck at 2" in told["message"]
    assert (told["state"], told["cause"]) == ("FAILED", "action")
    assert told["failure"]["type"] == "RuntimeError"
    assert told["hint"] == f"synapse job logs {told['number']} --stream stderr"
    assert platform.job(str(told["number"]))["id"] == told["job"]


def test_a_failures_own_hint_comes_with_the_error(platform: Platform):
    told = run_script(
        platform.plugin,
        platform.synapse.home,
        """
        from synapse_sdk.plugins import run_plugin
        from synapse_sdk.plugins.errors import ExecutionError

        try:
            run_plugin(".", "advise", mode="remote", sinks=[])
        except ExecutionError as error:
            told = {"hint": error.hint, "number": error.details["number"]}
        """,
    )

    assert told["hint"] == f"Fill it. Look closer: synapse job logs {told['number']} --stream stderr"


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        ("'demo', 'count', {'epocs': 4}", "ParamsError", "The params of count do not fit: params.epocs: "),
        ("'demo', 'cuont'", "ActionNotFoundError", "Action not found: cuont."),
        ("'nowhere', 'count'", "NotFoundError", "nowhere"),
        ("'demo', 'count', env={'A': '1'}", "SynapseError", "env: a remote run has"),
        ("'demo', 'count', rehearse=True", "SynapseError", "never rehearsed"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_runs(
    platform: Platform, tmp_path: Path, call: str, kind: str, message: str
):
    told = ask_in_vain(tmp_path, platform.synapse.home, call)

    assert told["kind"] == kind
    assert message in told["message"]


def test_who_is_not_logged_in_is_told_the_command(tmp_path: Path):
    told = ask_in_vain(tmp_path, tmp_path, "'demo', 'count'")

    assert told == {
        "kind": "NotLoggedInError",
        "message": "Not authenticated: no server is known.",
        "hint": "Log in first: synapse login",
    }


def ask_in_vain(folder: Path, home: Path, call: str) -> Any:
    """Return what a remote run that is refused raises."""
    return run_script(
        folder,
        home,
        f"""
        from synapse_sdk._internal.errors import SynapseError
        from synapse_sdk.plugins import run_plugin

        try:
            told = run_plugin({call}, mode="remote", sinks=[])
        except SynapseError as error:
            told = {{"kind": type(error).__name__, "message": error.message, "hint": error.hint}}
        """,
    )
