"""How long a job waits on a warm machine: from its submit request to the first line that its code prints.

A real server with its agent; a plugin whose action prints what time it is. The first run builds the
environment and is not counted. The parts come from the times at which the agent's files were written:

    submit ──claim──▶ assignment.json ──code, environment──▶ start.json ──▶ supervisor.json
           ──▶ stdout.log, as the worker starts ──Python, imports, params──▶ printed ──▶ seen through the API

Run alone it prints the parts too: `python benchmarks/remote_noop.py`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processes import NOOP_CONFIG

if TYPE_CHECKING:
    from figures import Figure
    from real_server import RealServer

RUNS = 20
GOAL_US = 1_000_000
TIMEOUT_S = 300.0
_ACTION = """\
import time

from synapse_sdk.plugins import BaseAction
from pydantic import BaseModel


class Params(BaseModel):
    epochs: int = 5


class Noop(BaseAction[Params]):
    def execute(self) -> dict[str, int]:
        print(f"{time.time():.6f}", flush=True)
        return {"epochs": self.params.epochs}
"""
_PARTS = (
    ("claimed", "assignment.json"),
    ("code and environment", "start.json"),
    ("supervisor", "supervisor.json"),
)


def measure(*, runs: int = RUNS) -> list[Figure]:
    """Measure with the environment that runs this, which has the server's extra."""
    from figures import Figure

    printed, seen, _ = run_jobs(runs)
    what = "remote no-op job, warm: submit to first line"
    return [
        Figure(f"{what}, printed", printed, None, GOAL_US, percentile=95),
        Figure(f"{what}, seen through the API", seen, None, GOAL_US, percentile=95),
    ]


def run_jobs(runs: int) -> tuple[list[float], list[float], dict[str, list[float]]]:
    """Run the job again and again; return submit → printed, submit → seen, and the parts, in microseconds."""
    from real_server import real_server

    printed: list[float] = []
    seen: list[float] = []
    parts: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as scratch:
        folder = Path(scratch)
        with real_server(folder) as server, server.open_api() as api:
            publish_noop(server, folder / "plugin")
            for number in range(runs + 1):
                begun, line_at, seen_at, job = run_noop(api)
                if number == 0:
                    continue  # built the environment
                printed.append((line_at - begun) * 1e6)
                seen.append((seen_at - begun) * 1e6)
                attempt = server.data_dir / "agent" / "attempts" / job / "1"
                for name, value in _take_apart(attempt, begun, line_at, seen_at).items():
                    parts.setdefault(name, []).append(value)
    return printed, seen, parts


def publish_noop(server: RealServer, plugin: Path) -> None:
    """Publish the plugin from a new folder, as the owner who has logged in."""
    (plugin / "plugin").mkdir(parents=True)
    files = {"config.yaml": NOOP_CONFIG, "README.md": "# No operation\n"}
    files |= {"plugin/__init__.py": "", "plugin/noop.py": _ACTION}
    for name, text in files.items():
        (plugin / name).write_text(text)
    server.run("login", "--host", server.url, "--token-file", "-", stdin=server.make_token())
    server.run("plugin", "publish", "--yes", cwd=plugin)


def run_noop(api: Any) -> tuple[float, float, float, str]:
    """Run it to its end; return when it was submitted, its line printed, its line seen; and the job's id."""
    begun, until_s = time.time(), time.monotonic() + TIMEOUT_S
    answer = api.post("/plugins/noop/run/", json={"action": "noop"}).raise_for_status().json()
    address = f"/jobs/{answer['id']}/"
    while not (lines := api.get(f"{address}logs/").raise_for_status().json()["lines"]):
        if time.monotonic() > until_s:
            raise SystemExit(f"benchmark: no line within {TIMEOUT_S:g} s: {api.get(address).text[:500]}")
        time.sleep(0.01)
    seen_at = time.time()
    while (state := api.get(address).json()["state"]) in ("PENDING", "RUNNING"):
        time.sleep(0.02)
    if state != "SUCCEEDED":
        raise SystemExit(f"benchmark: the job ended as {state}: {api.get(address).text[:500]}")
    return begun, float(lines[0]), seen_at, answer["id"]


def _take_apart(attempt: Path, begun: float, line_at: float, seen_at: float) -> dict[str, float]:
    parts, before = {}, begun
    for name, file in _PARTS:
        at = (attempt / file).stat().st_mtime
        parts[name] = (at - before) * 1e6
        before = at
    return parts | {
        "worker, to its first line": (line_at - before) * 1e6,
        "line, to the API": (seen_at - line_at) * 1e6,
    }


if __name__ == "__main__":
    printed, seen, parts = run_jobs(RUNS)
    for name, samples in {"PRINTED": printed, "SEEN": seen, **parts}.items():
        p95 = sorted(samples)[max(0, round(len(samples) * 0.95) - 1)]
        print(f"{name:28} median {statistics.median(samples) / 1000:7.1f} ms   p95 {p95 / 1000:7.1f} ms")
