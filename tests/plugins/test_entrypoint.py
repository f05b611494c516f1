"""The worker as a process, without a server. With one, `tests/agent/test_loop.py` runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cli_process import private_environment
from tests.journeys.small_plugins import DEMO_CONFIG, TRAIN, WAIT, action_source

from synapse_sdk.wire.outcome import RunOutcome

ENVELOPE = {
    "job": "01234567-89ab-7def-8123-456789abcdef",
    "attempt": 2,
    "workspace": "default",
    "mode": "remote",
    "plugin": {"code": "demo", "version": "0.1.0"},
    "action": "train",
    "entrypoint": "plugin.train:Action",
    "params": {},
    "environment": {"interpreter": "cpython", "platform": "linux", "sdk_version": "0"},
    "seed": 7,
    "created_at": "2026-01-01T00:00:00.000000Z",
}


class Worker:
    """An attempt's folder, and the worker in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(
        self, source: str, *, params: Mapping[str, Any] | None = None, config: str = DEMO_CONFIG
    ) -> None:
        plugin = self.folder / "code" / "plugin"
        plugin.mkdir(parents=True)
        (plugin / "__init__.py").touch()
        (plugin / "train.py").write_text(source)
        (plugin.parent / "config.yaml").write_text(config)
        (self.folder / "envelope.json").write_text(json.dumps({**ENVELOPE, "params": params or {}}))

    def start(self) -> subprocess.Popen[bytes]:
        home = self.folder / "home"
        home.mkdir()
        argv = [sys.executable, "-P", "-W", "error", "-m", "synapse_sdk.plugins.entrypoint", str(self.folder)]
        with (self.folder / "stdout.log").open("wb") as out, (self.folder / "stderr.log").open("wb") as err:
            self.process = subprocess.Popen(
                argv,
                cwd=self.folder / "code",
                env=private_environment(home),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        return self.process

    def run(self, source: str, **facts: Any) -> int:
        self.prepare(source, **facts)
        return self.start().wait(60)

    def wait_for_output(self, text: str) -> None:
        deadline_s = time.monotonic() + 60
        while text not in self.stdout:
            assert time.monotonic() < deadline_s, self.stderr
            time.sleep(0.02)

    @property
    def stdout(self) -> str:
        return (self.folder / "stdout.log").read_text()

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr.log").read_text()

    @property
    def outcome(self) -> RunOutcome:
        return RunOutcome.model_validate_json((self.folder / "outcome.json").read_bytes())

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "events.jsonl").read_text().splitlines()]

    @property
    def states(self) -> list[str]:
        return [event["body"]["state"] for event in self.events if event["kind"] == "state"]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(tmp_path)
    yield worker
    if worker.process is not None and worker.process.poll() is None:
        worker.process.kill()
        worker.process.wait()


def test_an_action_runs_and_its_end_is_written(worker: Worker):
    assert worker.run(TRAIN, params={"epochs": 4}) == 0

    outcome = worker.outcome
    assert (outcome.state, outcome.cause) == ("SUCCEEDED", None)
    assert (outcome.job, outcome.attempt) == (ENVELOPE["job"], 2)
    assert outcome.result["final_loss"] == 0.25
    assert worker.states == ["RUNNING", "SUCCEEDED"]
    assert [event["seq"] for event in worker.events] == list(range(1, outcome.event_count + 1))
    assert {(event["job"], event["attempt"], event["producer"]) for event in worker.events} == {
        (ENVELOPE["job"], 2, "worker")
    }
    assert "all epochs done" in worker.stderr


def test_the_action_sees_its_envelope(worker: Worker):
    body = "return {'seed': self.ctx.seed, 'job': self.ctx.job_id, 'attempt': self.ctx.envelope.attempt}"

    assert worker.run(action_source(body)) == 0

    assert worker.outcome.result == {"seed": 7, "job": ENVELOPE["job"], "attempt": 2}


def test_a_failure_has_the_authors_traceback_in_record_and_log(worker: Worker):
    assert worker.run(action_source("raise ValueError('no such epoch')")) == 1

    failure = worker.outcome.failure
    assert (worker.outcome.state, worker.outcome.cause) == ("FAILED", "action")
    assert failure is not None
    assert failure.type == "ValueError"
    assert failure.traceback is not None
    assert "train.py" in failure.traceback
    assert "synapse_sdk" not in failure.traceback
    assert failure.traceback in worker.stderr
    assert "no such epoch" in worker.stderr


@pytest.mark.parametrize(
    ("source", "params", "config", "said"),
    [
        (TRAIN, {"epochs": 0}, DEMO_CONFIG, "epochs"),
        (TRAIN, {"epoch": 3}, DEMO_CONFIG, "epoch"),
        ("def broken(:\n", {}, DEMO_CONFIG, "SyntaxError"),
        ("import nowhere_to_be_found\n", {}, DEMO_CONFIG, "nowhere_to_be_found"),
        ("raise SystemExit(0)\n", {}, DEMO_CONFIG, "SystemExit"),
        ("Action = 3\n", {}, DEMO_CONFIG, "no subclass of BaseAction"),
        (TRAIN, {}, DEMO_CONFIG.replace("train:", "other:"), "Action not found: train"),
        (TRAIN, {}, "name: [", "config.yaml"),
    ],
)
def test_what_can_not_begin_is_a_failure_that_says_why(
    worker: Worker, source: str, params: dict[str, Any], config: str, said: str
):
    assert worker.run(source, params=params, config=config) == 1

    assert (worker.outcome.state, worker.outcome.cause) == ("FAILED", "action")
    assert worker.outcome.failure is not None
    assert said in worker.stderr
    assert worker.states == ["FAILED"]


def test_an_import_error_points_into_the_authors_file(worker: Worker):
    worker.run("import nowhere_to_be_found\n")

    assert worker.outcome.failure is not None
    assert 'plugin/train.py", line 1' in (worker.outcome.failure.traceback or "")


def test_sigterm_stops_the_action(worker: Worker):
    worker.prepare(WAIT)
    process = worker.start()
    worker.wait_for_output("begun")

    process.terminate()

    assert process.wait(60) == 1
    assert (worker.outcome.state, worker.outcome.cause) == ("STOPPED", "cancelled")
    assert worker.states == ["RUNNING", "STOPPED"]


def test_an_action_that_turns_the_stop_into_an_error_is_stopped_all_the_same(worker: Worker):
    body = """
        try:
            print("begun", flush=True)
            time.sleep(600)
        except BaseException:
            raise ValueError("interrupted?")
    """
    worker.prepare(action_source(body))
    process = worker.start()
    worker.wait_for_output("begun")

    process.terminate()

    assert process.wait(60) == 1
    assert (worker.outcome.state, worker.outcome.reason) == ("STOPPED", "stopped on request")


def test_sigterm_while_the_code_is_imported_stops_too(worker: Worker):
    worker.prepare("import time\nprint('importing')\ntime.sleep(600)\n")
    process = worker.start()
    worker.wait_for_output("importing")

    process.terminate()

    assert process.wait(60) == 1
    assert worker.outcome.state == "STOPPED"


def test_a_killed_worker_leaves_its_last_line(worker: Worker):
    worker.prepare(action_source("print('the last line')\ntime.sleep(600)"))
    process = worker.start()

    worker.wait_for_output("the last line\n")  # without flush by the author
    process.kill()

    assert process.wait(60) == -signal.SIGKILL
    assert not (worker.folder / "outcome.json").exists()


def test_children_report_as_producers_of_their_own_and_end_nothing(worker: Worker):
    body = """
        child = os.fork()
        if child == 0:
            self.set_metrics({"n": 1}, step="child")
            raise ValueError("the child's own")
        os.waitpid(child, 0)
        self.set_metrics({"n": 2}, step="parent")
        return {"who": "parent"}
    """

    assert worker.run(action_source(body)) == 0

    assert worker.outcome.result == {"who": "parent"}
    producers = {event["producer"] for event in worker.events}
    assert "worker" in producers
    assert any(producer.startswith("worker/") for producer in producers)
    assert worker.states == ["RUNNING", "SUCCEEDED"]


def test_a_result_that_is_no_json_fails(worker: Worker):
    assert worker.run(action_source("return {'x': object()}")) == 1

    assert worker.outcome.state == "FAILED"
    assert "object" in (worker.outcome.reason or "")
