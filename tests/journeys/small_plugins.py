"""The small plugins that the stories are told with."""

from __future__ import annotations

import textwrap

HEADER = """\
name: Demo
code: demo
version: 0.1.0
category: neural_net
"""


def config_of(entrypoints: dict[str, str], *, header: str = HEADER) -> str:
    """Write a config with these actions: name → entrypoint."""
    lines = [f"  {name}:\n    entrypoint: {entrypoint}\n" for name, entrypoint in entrypoints.items()]
    return f"{header}actions:\n{''.join(lines)}"


def action_source(body: str, *, before: str = "") -> str:
    """Write a module with `Action(BaseAction[Params])` whose `execute()` is `body`."""
    return (
        "import os, signal, subprocess, sys, threading, time\n"
        "from pydantic import BaseModel, Field\n"
        "from synapse_sdk.plugins import BaseAction, BaseInferenceAction, BaseTrainAction\n"
        f"{textwrap.dedent(before)}\n"
        "class Params(BaseModel):\n"
        "    dataset: int | None = None\n"
        "    model: int | None = None\n"
        "    epochs: int = Field(default=3, ge=1, le=1000)\n"
        "    name: str = 'x'\n\n"
        "class Action(BaseTrainAction[Params]):\n"
        "    def execute(self):\n"
        f"{textwrap.indent(textwrap.dedent(body).strip(), ' ' * 8)}\n"
    )


DEMO_CONFIG = config_of({"train": "plugin.train:Action"})
#: A training that needs nothing: progress, metrics, a message and a result.
TRAIN = action_source("""
    for epoch in range(self.params.epochs):
        self.set_progress(epoch + 1, self.params.epochs, self.progress.TRAIN)
        self.set_metrics({"epoch": epoch + 1, "loss": 1 / (epoch + 1)}, step="train")
    self.ctx.log_message("all epochs done", "success")
    return {"final_loss": 1 / self.params.epochs, "model_path": "models/best.pt"}
""")
#: Says "begun" on stdout once it is in the author's code, then waits to be ended.
WAIT = action_source("""
    print("begun", flush=True)
    while True:  # a signal that comes just before a sleep is seen after it
        time.sleep(0.2)
""")
