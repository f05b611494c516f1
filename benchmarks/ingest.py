"""How fast events become durable on a server: against a bare ASGI application, and against plain SQL.

*One batch.* The same batches of 1,000 metric events of three numbers go by HTTP to our server and, in turn,
to an application that does nothing but read the lines and insert them; each server is a process. Measured is
the wall time of a request.

*A stream.* 100,000 such events go the way of a training run: `EventEncoder` numbers and writes them, a
`ServerSink` appends them to its spool and sends them from its own thread, the server keeps them. Measured
is the wall time from before the first event is encoded until the server has acknowledged the last one; then
the server is asked for every one of them. The floor is one thread that has the rows ready and inserts them by
`executemany`, a transaction for each 1,000. Wall time, not CPU, on both sides: the issue asks for a rate, and
that client and server work at the same time is what a rate is made of. The calls that report are not in it;
`server_sink.py` measures those.

All of them write ahead with `synchronous = FULL`: what is acknowledged, or committed, is on the disk.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import httpx
    from figures import Figure

    from synapse_sdk.plugins.event_encoder import RawEvent

BATCH = 1_000
STREAM_BATCHES = 100
TABLE = (
    "CREATE TABLE event (job TEXT, attempt INTEGER, producer TEXT, seq INTEGER, kind TEXT, line TEXT,"
    " PRIMARY KEY (job, attempt, producer, seq)) WITHOUT ROWID"
)
INSERT = "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?)"


def measure(*, batches: int = 40, streams: int = 5) -> list[Figure]:
    """Measure with the environment that runs this, which has the server's extra."""
    from figures import Figure

    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        ours = stack.enter_context(_started("serve_ours", folder / "ours"))
        bare = stack.enter_context(_started("serve_bare", folder / "bare"))
        posts = _time_posts(ours, bare, batches)
        times = []
        for number in range(streams):
            stream_us = _time_stream(ours, folder / f"{number}.jsonl")
            times.append((stream_us, _time_plain(folder / f"{number}.db")))
    # Figures are times, so the floors' share of our time is turned round: 1 / 0.5 = 2 and 1 / 0.4 = 2.5.
    return [
        Figure("ingest of 1,000 events / bare ASGI and SQLite", *zip(*posts, strict=True), 2.0),
        Figure("1,000 events of a stream / plain executemany", *zip(*times, strict=True), 2.5),
    ]


def make_batches(job: str, count: int) -> list[bytes]:
    """Return batches of metric events as a worker sends them."""
    from synapse_sdk.plugins.event_encoder import EventEncoder

    encoder = EventEncoder(job, 1, "worker")
    return [
        b"".join(event.line + b"\n" for event in encoder.encode(_report(number))) for number in range(count)
    ]


def _report(number: int) -> list[RawEvent]:
    """Return what a loop leaves in the queue that reports a batch of steps."""
    from synapse_sdk.plugins.event_encoder import RawEvent

    events = []
    for step in range(number * BATCH, (number + 1) * BATCH):
        values = {"loss": 2.5 / (step + 1), "accuracy": step / (step + 100), "rate": 0.001}
        events.append(RawEvent("metric", time.time(), "train", None, None, (values, None)))
    return events


def serve_ours(folder: Path) -> None:
    """Run our server as `synapse server start` does; print where, and a token."""
    from synapse_sdk.server.app import open_services
    from synapse_sdk.server.data_folder import DataFolder
    from synapse_sdk.server.process import ServerConfig, serve

    services = open_services(DataFolder(folder))
    account = services.accounts.ensure_account("bench", role="admin")
    token = services.accounts.create_token(
        workspace_id=1, kind="user", name="bench", account_id=account.id
    ).text
    services.database.close()
    serve(
        ServerConfig(data_dir=folder, port=0, has_agent=False),
        on_ready=lambda url: print(json.dumps({"token": token, "url": url}), flush=True),
    )


def serve_bare(folder: Path) -> None:
    """Run an application that only inserts the lines that it is sent."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    folder.mkdir()
    database = _open(folder / "bare.db")

    def insert(body: bytes) -> int:
        rows = _rows(body)
        with database:
            database.executemany(INSERT, rows)
        return len(rows)

    async def take(request: Request) -> JSONResponse:
        return JSONResponse({"accepted": await run_in_threadpool(insert, await request.body())})

    _serve(Starlette(routes=[Route("/jobs/{job}/events/", take, methods=["POST"])]), {"token": "none"})


class _Server(NamedTuple):
    url: str
    token: str


@contextmanager
def _started(name: str, folder: Path) -> Iterator[_Server]:
    command = [sys.executable, __file__, name, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            facts = json.loads(process.stdout.readline())
            yield _Server(facts["url"], facts["token"])
        finally:
            process.terminate()


def _client(server: _Server) -> httpx.Client:
    import httpx

    headers = {"Synapse-Access-Token": f"Token {server.token}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=60)


def _time_posts(ours: _Server, bare: _Server, batches: int) -> list[tuple[float, float]]:
    """Return the times of the same batches, of our server and of the bare application, in turn."""
    with _client(ours) as to_ours, _client(bare) as to_bare:
        job = _make_job(to_ours)
        return [
            (_time_post(to_ours, job, body), _time_post(to_bare, job, body))
            for body in make_batches(job, batches)
        ]


def _time_post(client: Any, job: str, body: bytes) -> float:
    begun = time.perf_counter()
    answer = client.post(f"/jobs/{job}/events/", content=body)
    elapsed_us = (time.perf_counter() - begun) * 1e6
    if answer.status_code != 200 or answer.json()["accepted"] != BATCH:
        raise SystemExit(f"benchmark: the server answered {answer.status_code}: {answer.text[:300]}")
    return elapsed_us


def _make_job(client: Any) -> str:
    """Publish a plugin of one file and submit a job of it, which no agent will take."""
    from synapse_sdk._internal.digests import digest_bytes
    from synapse_sdk.manifest import ManifestFile
    from synapse_sdk.packaging.release_digest import release_digest

    text = b"# Bench\n"
    file = ManifestFile("README.md", 0o644, len(text), digest_bytes(text))
    client.put(f"/blobs/{file.digest}/", content=text).raise_for_status()

    config = {
        "name": "Bench",
        "code": "bench",
        "version": "0.1.0",
        "category": "custom",
        "actions": {"noop": {"entrypoint": "plugin.noop:Noop"}},
    }
    release = {"plugin": "bench", "version": "0.1.0", "config": config}
    release |= {"manifest": [file.to_document()], "digest": release_digest([file], config)}
    client.post("/plugin_releases/", json=release).raise_for_status()
    answer = client.post("/plugins/bench/run/", json={"action": "noop"}).raise_for_status()
    return str(answer.json()["id"])


def _time_stream(server: _Server, spool: Path) -> float:
    """Return the time per batch of a stream from the encoder to the server's disk."""
    from synapse_sdk.clients.event_sink import ServerSink
    from synapse_sdk.plugins.event_encoder import EventEncoder

    with _client(server) as client:
        job = _make_job(client)
        rounds = [_report(number) for number in range(STREAM_BATCHES)]
        encoder = EventEncoder(job, 1, "worker")
        sink = ServerSink(spool, url=server.url, token=server.token, job=job)
        begun = time.perf_counter()
        for raw in rounds:
            sink.write(encoder.encode(raw))
        sink.close(timeout_s=60)
        elapsed_us = (time.perf_counter() - begun) * 1e6
        _require_all(client, job)
    return elapsed_us / STREAM_BATCHES


def _require_all(client: httpx.Client, job: str) -> None:
    """Ask the server for every event of the stream."""
    seqs: list[int] = []
    after = 0
    while True:
        query = {"after": after, "limit": 1_000}
        items = client.get(f"/jobs/{job}/events/", params=query).raise_for_status().json()["results"]
        if not items:
            break
        after = items[-1]["cursor"]
        seqs += [item["seq"] for item in items if item["producer"] == "worker"]
    if seqs != list(range(1, STREAM_BATCHES * BATCH + 1)):
        raise SystemExit(f"benchmark: the server has {len(seqs)} of {STREAM_BATCHES * BATCH} events")


def _time_plain(file: Path) -> float:
    """Return the time per batch of the same rows, ready, by one thread into SQLite."""
    batches = [_rows(body) for body in make_batches("0193d5a0-0000-7000-8000-000000000000", STREAM_BATCHES)]
    database = _open(file)
    begun = time.perf_counter()
    for rows in batches:
        with database:
            database.executemany(INSERT, rows)
    elapsed_us = (time.perf_counter() - begun) * 1e6
    database.close()
    return elapsed_us / STREAM_BATCHES


def _open(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(TABLE)
    return database


def _rows(body: bytes) -> Sequence[tuple[Any, ...]]:
    rows = []
    for line in body.splitlines():
        event = json.loads(line)
        identity = (event["job"], event["attempt"], event["producer"], event["seq"])
        rows.append((*identity, event["kind"], line.decode()))
    return rows


def _serve(app: Any, facts: dict[str, str]) -> None:
    import socket

    import uvicorn

    listener = socket.socket()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as our server does; see `_listen`
    listener.bind(("127.0.0.1", 0))
    print(json.dumps({**facts, "url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    {"serve_ours": serve_ours, "serve_bare": serve_bare}[sys.argv[1]](Path(sys.argv[2]))
