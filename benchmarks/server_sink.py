"""What reporting to a server costs the loop that reports: with a server that is fast, slow, or away.

`measure` starts this file twice with the installed SDK: as small servers, and as the process that reports.
"""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from figures import Figure

CALLS = 3_000
STEPS = 100
SERIES = {"epoch": 3, "loss": 0.412, "accuracy": 0.97}
#: A server that answers each request only after so many seconds.
SLOW_S = 1.0


def measure(python: Path, *, rounds: int) -> list[Figure]:
    """Measure in a process of the SDK that `python` has.

    Args:
        python: Interpreter of an environment in which the SDK is installed.
        rounds: Counted rounds; one more warms up.
    """
    from figures import Figure

    servers = [_start_server(python, delay_s) for delay_s in (0.0, SLOW_S)]
    try:
        ports = [int(server.stdout.readline()) for server in servers if server.stdout]
        answer = subprocess.run(
            [python, __file__, "report", str(rounds), *map(str, ports), str(_unused_port())],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        for server in servers:
            server.kill()
    times = json.loads(answer.stdout)
    return [
        Figure("one set_progress into the server sink, caller's cost", times["progress fast"], None, 5),
        Figure("one set_metrics of 3 into the server sink, caller's cost", times["metrics fast"], None, 5),
        Figure("the same, server slow / fast", times["metrics slow"], times["metrics fast"], 1.2),
        Figure("the same, server away / fast", times["metrics away"], times["metrics fast"], 1.2),
        # The caches are the step's by then. A machine that is slow at the moment is slow for both.
        Figure("one set_metrics after each step of 1 ms / that step", times["in step"], times["step"], 0.01),
    ]


def report(rounds: int, ports: list[int]) -> dict[str, list[float]]:
    """Report to each server in turn; return the caller's times in microseconds."""
    from pydantic import BaseModel

    from synapse_sdk.clients.event_sink import ServerSink
    from synapse_sdk.plugins import BaseAction, RuntimeContext
    from synapse_sdk.plugins.events import EventStream

    class Params(BaseModel):
        epochs: int = 5

    class Noop(BaseAction[Params]):
        def execute(self) -> None:
            return None

    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        streams, actions = [], {}
        for name, port in zip(("fast", "slow", "away"), ports, strict=True):
            sink = ServerSink(
                Path(folder) / f"{name}.jsonl",
                url=f"http://127.0.0.1:{port}",
                token="none",
                job=name,
                say=_ignore,
            )
            stream = EventStream([sink], job=name)
            streams.append((stream, sink))
            actions[name] = Noop(Params(), RuntimeContext(stream, {}, name))
        spins = _spins_per_ms()
        for number in range(rounds + 1):
            sample = {}
            for name in _rotated(list(actions), number):
                sample[f"progress {name}"] = _progress_us(actions[name])
                sample[f"metrics {name}"] = _metrics_us(actions[name])
            for stream, _ in streams:
                stream.flush()
            _wait_until_sent(streams[0][1])
            sample["in step"], sample["step"] = _in_steps_us(actions["fast"], spins)
            for key, value in sample.items():
                if number:
                    times.setdefault(key, []).append(value)
        for stream, sink in streams:
            sink.close(timeout_s=0)
            stream.close()
            if stream.failures:
                raise SystemExit(f"benchmark: events were lost: {stream.failures}")
    return times


def _progress_us(action: object) -> float:
    started = time.thread_time()
    for number in range(CALLS):
        action.set_progress(number % 1000, 1000, "train")  # type: ignore[attr-defined]
    return (time.thread_time() - started) / CALLS * 1e6


def _metrics_us(action: object) -> float:
    started = time.thread_time()
    for _ in range(CALLS):
        action.set_metrics(SERIES, step="train")  # type: ignore[attr-defined]
    return (time.thread_time() - started) / CALLS * 1e6


def _in_steps_us(action: object, spins: int) -> tuple[float, float]:
    """Return the medians of one call's time behind a millisecond of other work, and of that work's own."""
    calls, clock, steps = [], [], []
    for _ in range(STEPS):
        begun = time.thread_time()
        _spin(spins)
        started = time.thread_time()
        action.set_metrics(SERIES, step="train")  # type: ignore[attr-defined]
        ended = time.thread_time()
        calls.append(ended - started)
        clock.append(time.thread_time() - ended)
        steps.append(started - begun)
    read = statistics.median(clock)
    return (statistics.median(calls) - read) * 1e6, (statistics.median(steps) - read) * 1e6


def _rotated(names: list[str], count: int) -> list[str]:
    """Begin with another name each time: the first one pays for cold caches."""
    return names[count % len(names) :] + names[: count % len(names)]


def _spin(count: int) -> int:
    total = 0
    for number in range(count):
        total += number
    return total


def _spins_per_ms() -> int:
    started = time.thread_time()
    _spin(200_000)
    return int(200_000 / ((time.thread_time() - started) * 1e3))


def _wait_until_sent(sink: object) -> None:
    reader = sink._reader  # type: ignore[attr-defined]  # noqa: SLF001 - only a benchmark wants to know
    while reader.count_left()[0]:
        time.sleep(0.02)


def _ignore(_: str) -> None:
    pass


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_server(python: Path, delay_s: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, __file__, "serve", str(delay_s)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


class _Handler(BaseHTTPRequestHandler):
    """Takes everything, remembers nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes; the second would wait 40 ms
    delay_s = 0.0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.delay_s)
        answer = b'{"accepted": %d, "duplicate": 0, "refused": 0}' % body.count(b"\n")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def serve(delay_s: float) -> None:
    """Answer until the standard input ends."""
    _Handler.delay_s = delay_s
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(float(sys.argv[2]))
    else:
        json.dump(report(int(sys.argv[2]), [int(port) for port in sys.argv[3:]]), sys.stdout)
