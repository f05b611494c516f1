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

from synapse_sdk.plugins import (
    BaseAction,
    BaseStep,
    BaseStepContext,
    LocalExecutor,
    Orchestrator,
    PluginDiscovery,
    RuntimeContext,
    StepRegistry,
    StepResult,
)
from synapse_sdk.plugins.events import EventStream
from synapse_sdk.plugins.pipelines import ActionPipeline
from synapse_sdk.plugins.run_plan import RunRequest, plan
from synapse_sdk.plugins.run_record import RunRecord

CALLS = 3_000
#: Steps of one workflow, actions of one pipeline: what is measured is one of them.
CHAINED = 100
SERIES = {"epoch": 3, "loss": 0.412, "accuracy": 0.97}


class Params(BaseModel):
    epochs: int = 5


class Noop(BaseAction[Params]):
    def execute(self) -> dict[str, int]:
        return {"epochs": self.params.epochs}


class Step(BaseStep[BaseStepContext]):
    name = ""
    progress_weight = 1.0

    def __init__(self, number: int) -> None:
        self.name = f"step{number}"

    def execute(self, context: BaseStepContext) -> StepResult:
        return StepResult()


def call_bare(params: Params) -> dict[str, int]:
    return {"epochs": params.epochs}


def cpu_us_per_call(call: Callable[[], object], *, calls: int = CALLS) -> float:
    """Return this thread's CPU time per call."""
    started = time.thread_time()
    for _ in range(calls):
        call()
    return (time.thread_time() - started) / calls * 1e6


def main(rounds: int, plugin_folder: Path) -> dict[str, list[float]]:
    names = ("floor", "execute", "progress", "metrics", "step", "action")
    times: dict[str, list[float]] = {name: [] for name in names}
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

    quiet = EventStream([])
    context = RuntimeContext(quiet, {})
    registry: StepRegistry[BaseStepContext] = StepRegistry()
    for place in range(CHAINED):
        registry.register(Step(place))
    # The no-op names no result model; a warning of that for each of them is not what is measured.
    pipeline = ActionPipeline([Noop] * CHAINED, validate_schemas=False)

    def steps() -> None:
        Orchestrator(registry, BaseStepContext(context)).execute()

    def actions() -> None:
        pipeline.execute({"epochs": 3}, context)

    for number in range(rounds + 1):
        for name, chain in (("step", steps), ("action", actions)):
            cpu_us = cpu_us_per_call(chain, calls=CALLS // CHAINED) / CHAINED
            quiet.flush()
            if number:
                times[name].append(cpu_us)
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
