"""How fast pages, charts and logs answer on a full server: 10,000 jobs, of them two with a million log lines
and a million metric points each.

Each row is a request as the console's pages, or the API's clients, send it: over HTTP to a server process of
its own, one after the other, all rows in turn. Beside each median stands the 95th percentile,
for which the goal is.

Run alone it prints the same table: `python benchmarks/pages.py [FOLDER]`; a folder that is named is kept, and
used again by the next run.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from figures import Figure
    from filled_server import Filled

GOAL_US = 200_000
ROUNDS = 40
#: Answers before the counted ones: what a server does once after its start.
_WARM_UP = 2
#: Shows the machine's own pace: a page without any facts.
_NO_PAGE = "no-such-page/"


def measure(folder: Path | None = None, *, rounds: int = ROUNDS) -> list[Figure]:
    """Measure with the environment that runs this, which has the server's extra.

    Args:
        folder: Keep the filled server there, and use one that is there already.
        rounds: Counted requests of each kind.
    """
    from figures import Figure

    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as scratch:
        times = _time_all(folder or Path(scratch), rounds)
    return [Figure(name, found, None, GOAL_US, percentile=95) for name, found in times.items()]


def list_requests(filled: Filled) -> dict[str, tuple[str, str]]:
    """Return what is asked, by its name in the table: of the console or the API, and the address."""
    deep, wide, middle = filled.deep, filled.wide, filled.lines // 2
    lines = f"jobs/{deep}/log/lines/"
    api = f"/jobs/{deep}"
    return {
        "an empty page": ("console", _NO_PAGE),
        "jobs": ("console", "jobs/"),
        "jobs, filtered": ("console", "jobs/?state=FAILED&action=inference"),
        "jobs, deep page": ("console", f"jobs/?before={filled.jobs // 100}"),
        "jobs, nothing fits": ("console", "jobs/?action=nothing"),
        "job": ("console", f"jobs/{deep}/"),
        "job of many series": ("console", f"jobs/{wide}/"),
        "chart, 1 M points in one series": ("console", f"jobs/{deep}/metrics/"),
        "chart, 1 M points in 10 series": ("console", f"jobs/{wide}/metrics/"),
        "chart by global_step, 10 series": ("console", f"jobs/{wide}/metrics/?x=global_step"),
        "compare two jobs": ("console", f"compare/?job={deep}&job={wide}"),
        "charts of two compared jobs": ("console", f"compare/metrics/?job={deep}&job={wide}"),
        "log page": ("console", f"jobs/{deep}/log/"),
        "log, how long": ("console", f"{lines}?lines=0"),
        "log, last lines": ("console", f"{lines}?from_line={filled.lines - 250}&lines=250"),
        "log, lines in the middle": ("console", f"{lines}?from_line={middle}&lines=250"),
        "log, find a line near the end": ("console", f"{lines}?contains=[{filled.lines - 2:>9}]"),
        "log, find what is not there": ("console", f"{lines}?contains=nowhere"),
        "events": ("console", f"jobs/{deep}/events/"),
        "events, the middle": ("console", f"jobs/{deep}/events/?after={middle}"),
        "events of a rare kind": ("console", f"jobs/{deep}/events/?kind=state"),
        "events of no kind": ("console", f"jobs/{deep}/events/?kind=loss"),
        "API jobs": ("api", "/jobs/"),
        "API jobs, filtered": ("api", "/jobs/?state=FAILED&plugin=bench&action=inference&limit=50"),
        "API job": ("api", f"{api}/"),
        "API metrics, 500 points": ("api", f"{api}/metrics/"),
        "API metrics, 1,000 points": ("api", f"{api}/metrics/?points=1000"),
        "API metrics, 2,000 points": ("api", f"{api}/metrics/?points=2000"),
        "API metrics, 10 series, 1,000 points": ("api", f"/jobs/{wide}/metrics/?points=1000"),
        "API log, last 1,000 lines": ("api", f"{api}/logs/?tail=1000"),
        "API log, 1,000 in the middle": ("api", f"{api}/logs/?from_line={middle}"),
        "API events, 100 in the middle": ("api", f"{api}/events/?after={middle}"),
    }


def _time_all(folder: Path, rounds: int) -> dict[str, list[float]]:
    from real_server import real_server

    filled = _ensure_filled(folder)
    wanted = list_requests(filled)
    times: dict[str, list[float]] = {name: [] for name in wanted}
    with real_server(folder, "--no-agent") as server:
        clients = {"console": server.open_console(), "api": server.open_api()}
        for number in range(rounds + _WARM_UP):
            for name, (client, address) in wanted.items():
                elapsed_us = _time_get(clients[client], address, 404 if address == _NO_PAGE else 200)
                if number >= _WARM_UP:
                    times[name].append(elapsed_us)
    return times


def _ensure_filled(folder: Path) -> Filled:
    from filled_server import Filled, fill

    note = folder / "filled.json"
    if note.is_file():
        return Filled(**json.loads(note.read_bytes()))
    filled = fill(folder)
    note.write_text(json.dumps(asdict(filled)))
    return filled


def _time_get(client: Any, address: str, status: int) -> float:
    begun = time.perf_counter()
    answer = client.get(address)
    elapsed_us = (time.perf_counter() - begun) * 1e6
    if answer.status_code != status:
        raise SystemExit(f"benchmark: {address} answered {answer.status_code}: {answer.text[:300]}")
    return elapsed_us


if __name__ == "__main__":
    from figures import print_table

    print_table(measure(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
