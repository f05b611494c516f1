"""Single calls, in the process that they happen in. Run by `run.py` with the installed SDK; prints JSON."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from synapse_sdk.plugins import BaseAction, LocalExecutor, PluginDiscovery, RuntimeContext
from synapse_sdk.plugins.events import EventStream
from synapse_sdk.plugins.run_record import RunRecord
from synapse_sdk.plugins.runner import RunRequest, plan

CALLS = 3_000
SERIES = {"epoch": 3, "loss": 0.412, "accuracy": 0.97}


class Params(BaseModel):
    epochs: int = 5


class Noop(BaseAction[Params]):
    def execute(self) -> dict[str, int]:
        return {"epochs": self.params.epochs}


def call_bare(params: Params) -> dict[str, int]:
    return {"epochs": params.epochs}


def cpu_us_per_call(call: Callable[[], object], *, calls: int = CALLS) -> float:
    """Return this thread's CPU time per call."""
    started = time.thread_time()
    for _ in range(calls):
        call()
    return (time.thread_time() - started) / calls * 1e6


def main(rounds: int, plugin_folder: Path) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ("floor", "execute", "progress", "metrics")}
    null = open(os.devnull, "w")  # noqa: SIM115 - open as long as the process
    executor = LocalExecutor()

    def floor() -> None:
        print(json.dumps(call_bare(Params.model_validate({"epochs": 3}))), file=null)

    def execute() -> None:
        executor.execute(Noop, {"epochs": 3})

    # A real run record: what a training under `synapse plugin run` reports into.
    envelope = plan(RunRequest(plugin=PluginDiscovery.from_path(plugin_folder), action="noop")).envelope
    record = RunRecord.create(plugin_folder, envelope)
    stream = EventStream([record], job=envelope.job)
    action = Noop(Params(), RuntimeContext(stream, {}, envelope.job))
    count = 0

    def progress() -> None:
        nonlocal count
        count += 1
        action.set_progress(count % 1000, 1000, "train")

    def metrics() -> None:
        action.set_metrics(SERIES, step="train")

    for number in range(rounds + 1):
        for name, call in (
            ("floor", floor),
            ("execute", execute),
            ("progress", progress),
            ("metrics", metrics),
        ):
            cpu_us = cpu_us_per_call(call)
            stream.flush()  # outside of the caller's time; the pump's own work is not the loop's to wait for
            if number:
                times[name].append(cpu_us)
    stream.close()
    if stream.failures:
        raise SystemExit(f"benchmark: events were lost: {stream.failures}")
    return times


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SYNAPSE_HOME"] = folder
        json.dump(main(int(sys.argv[1]), Path(sys.argv[2])), sys.stdout)
