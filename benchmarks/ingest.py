"""How fast events become durable on a server: against a bare ASGI application, and against plain SQL.

The same batches of 1,000 metric events go over HTTP to our server and to an application that does nothing
but read the lines and insert them, each in a process of its own; and straight into SQLite by `executemany`.
All three write ahead with `synchronous = FULL`. Measured is the wall time of a batch.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from figures import Figure

BATCH = 1_000
TABLE = (
    "CREATE TABLE event (job TEXT, attempt INTEGER, producer TEXT, seq INTEGER, kind TEXT, line TEXT,"
    " PRIMARY KEY (job, attempt, producer, seq)) WITHOUT ROWID"
)
INSERT = "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?)"


def measure(*, batches: int = 40) -> list[Figure]:
    """Measure with the environment that runs this, which has the server's extra."""
    from figures import Figure

    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as scratch:
        ours = _time_server("serve_ours", Path(scratch) / "ours", batches)
        bare = _time_server("serve_bare", Path(scratch) / "bare", batches)
        plain = _time_plain(Path(scratch) / "plain.db", batches)
    # Figures are times, so the floors' share of our time is turned round: 1 / 0.5 = 2 and 1 / 0.4 = 2.5.
    return [
        Figure("ingest of 1,000 events / bare ASGI and SQLite", ours, bare, 2.0),
        Figure("1,000 events to the server / plain executemany", ours, plain, 2.5),
    ]


def make_batches(job: str, count: int) -> list[bytes]:
    """Return batches of metric events as a worker sends them."""
    from synapse_sdk.plugins.event_encoder import EventEncoder, RawEvent

    encoder = EventEncoder(job, 1, "worker")
    values = {"loss": 0.25, "accuracy": 0.5, "rate": 0.001}
    batches = []
    for _ in range(count):
        raw = [RawEvent("metric", time.time(), "train", None, None, (values, None)) for _ in range(BATCH)]
        batches.append(b"".join(event.line + b"\n" for event in encoder.encode(raw)))
    return batches


def serve_ours(folder: Path) -> None:
    """Run our server with one job; print where, the token and the job."""
    from synapse_sdk.server.app import create_app, open_services
    from synapse_sdk.server.data_folder import DataFolder

    services = open_services(DataFolder(folder))
    accounts = services.accounts
    account = accounts.ensure_account("bench", role="admin")
    token = accounts.create_token(workspace_id=1, kind="user", name="bench", account_id=account.id).text
    _serve(create_app(services), {"token": token})


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


def _time_server(name: str, folder: Path, batches: int) -> list[float]:
    import httpx

    command = [sys.executable, __file__, name, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            facts = json.loads(process.stdout.readline())
            headers = {"Synapse-Access-Token": f"Token {facts['token']}"}
            with httpx.Client(base_url=facts["url"], headers=headers, timeout=60) as client:
                job = _make_job(client) if name == "serve_ours" else "job"
                return [_time_post(client, job, body) for body in make_batches(job, batches)]
        finally:
            process.terminate()


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


def _time_plain(file: Path, batches: int) -> list[float]:
    database = _open(file)
    times = []
    for body in make_batches("job", batches):
        rows = _rows(body)
        begun = time.perf_counter()
        with database:
            database.executemany(INSERT, rows)
        times.append((time.perf_counter() - begun) * 1e6)
    database.close()
    return times


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
