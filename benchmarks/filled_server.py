"""Fills a server's folder: 10,000 jobs, two of them with a million log lines and a million metric points.

What a job is given at its start and end goes through the API; the masses go through the services, in this
process and without a server: a thousand events at a time, all finished jobs in one transaction.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from real_server import RealServer

    from synapse_sdk.server.app import Services

JOBS = 10_000
POINTS = LINES = 1_000_000
#: One job has all of its points in one series, the other in so many, as a training of many losses has.
SERIES = 10
_BATCH = 1_000
_LOG_CHUNK_LINES = 50_000
_STATES = ("SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED", "STOPPED")
CONFIG = {
    "name": "Bench",
    "code": "bench",
    "version": "0.1.0",
    "category": "custom",
    "actions": {
        "train": {"entrypoint": "plugin.noop:Noop"},
        "inference": {"entrypoint": "plugin.noop:Noop"},
    },
}


@dataclass(frozen=True, slots=True)
class Filled:
    """Which jobs are the large ones."""

    #: All points in one series.
    deep: int
    #: Many series.
    wide: int
    jobs: int = JOBS
    points: int = POINTS
    lines: int = LINES


def fill(scratch: Path, *, jobs: int = JOBS, points: int = POINTS, lines: int = LINES) -> Filled:
    """Fill `scratch/data`, which must not be there yet.

    Args:
        scratch: The folder that the server is then started over.
        jobs: How many jobs there are in all.
        points: Metric points of each large job.
        lines: Log lines of each large job.
    """
    from real_server import real_server

    with real_server(scratch, "--no-agent") as server:
        large = _run_large_jobs(server, lines)
    with _opened(scratch / "data") as services:
        principal = _owner(services)
        _add_jobs(services, jobs - len(large))
        _add_metrics(services, principal, large[0], events=points, series=1)
        _add_metrics(services, principal, large[1], events=points // SERIES, series=SERIES)
    _say("")
    return Filled(large[0]["number"], large[1]["number"], jobs, points, lines)


def _run_large_jobs(server: RealServer, lines: int) -> list[dict[str, Any]]:
    """Publish a plugin; let two of its jobs begin, print and end."""
    import httpx

    with server.open_api() as person:
        publish(person)
        token = person.post("/tokens/", json={"kind": "agent", "name": "bench"}).raise_for_status().json()
        jobs = [
            person.post("/plugins/bench/run/", json={"action": "train"}).raise_for_status().json()
            for _ in range(2)
        ]
    headers = {"Synapse-Access-Token": f"Token {token['token']}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as agent:
        facts = {"interpreter": "cpython 3.11", "platform": "linux-x86_64", "sdk_version": "2026.12.0"}
        body = {"name": "bench", "cpus": 8, "gpus": 0, **facts}
        number = agent.post("/agents/register/", json=body).raise_for_status().json()["id"]
        agent.post(f"/agents/{number}/claim/", json={"free_slots": 2, "wait_s": 0}).raise_for_status()
        for job in jobs:
            _run_large_job(agent, job["id"], lines)
    return jobs


def publish(person: Any) -> None:
    """Publish a plugin of one file."""
    from synapse_sdk._internal.digests import digest_bytes
    from synapse_sdk.manifest import ManifestFile
    from synapse_sdk.packaging.release_digest import release_digest

    text = b"# Bench\n"
    file = ManifestFile("README.md", 0o644, len(text), digest_bytes(text))
    person.put(f"/blobs/{file.digest}/", content=text).raise_for_status()
    release = {"plugin": CONFIG["code"], "version": CONFIG["version"], "config": CONFIG}
    release |= {"manifest": [file.to_document()], "digest": release_digest([file], CONFIG)}
    person.post("/plugin_releases/", json=release).raise_for_status()


def _run_large_job(agent: Any, job: str, lines: int) -> None:
    from synapse_sdk._internal.clock import iso_z, utc_now

    started_at = iso_z(utc_now())
    attempt = f"/jobs/{job}/attempts/1"
    agent.post(f"{attempt}/started/").raise_for_status()
    offset = 0
    for first in range(0, lines, _LOG_CHUNK_LINES):
        _say(f"log lines {first:,} of {lines:,}")
        text = "".join(
            f"[{number:>9}] epoch {number // 2000} step {number % 2000}: loss 0.{number % 9973:04} in 12 ms\n"
            for number in range(first, min(first + _LOG_CHUNK_LINES, lines))
        ).encode()
        agent.put(f"{attempt}/logs/stdout/", params={"offset": offset}, content=text).raise_for_status()
        offset += len(text)
    moments = {"started_at": started_at, "ended_at": iso_z(utc_now())}
    record = {"exit": {"job": job, "attempt": 1, "exit_code": 0, **moments}}
    agent.post(f"{attempt}/exit/", json=record).raise_for_status()


@contextmanager
def _opened(folder: Path) -> Iterator[Services]:
    from synapse_sdk.server.app import open_services
    from synapse_sdk.server.data_folder import DataFolder

    services = open_services(DataFolder(folder))
    try:
        yield services
    finally:
        services.database.close()


def _owner(services: Services) -> Any:
    account = services.accounts.ensure_account("owner")
    new = services.accounts.create_token(workspace_id=1, kind="user", name="bench", account_id=account.id)
    return services.accounts.authenticate(new.text)


def _add_jobs(services: Services, count: int) -> None:
    """Add finished jobs like one that is there, in one transaction."""
    from datetime import timedelta

    from synapse_sdk._internal.uuid7 import uuid7
    from synapse_sdk.server.jobs import store

    with services.database.write() as connection:
        like = store.find_job(connection, 1, lookup="1")
        assert like is not None
        known = store.get_document(connection, like.key)
        document = {"params": {}, "envelope": dict(known.envelope), "env": {}}
        own = ("key", "number", "attempt_count", "last_cursor", "agent_name")
        facts = {name: getattr(like, name) for name in like.__slots__ if name not in own}
        for index in range(count):
            if index % 500 == 0:
                _say(f"jobs {index:,} of {count:,}")
            ended_at = like.created_at + timedelta(seconds=90)
            facts |= {"id": uuid7(), "state": _STATES[index % len(_STATES)], "ended_at": ended_at}
            facts |= {"action": "inference" if index % 7 == 0 else "train"}
            store.add_job(connection, facts, document)


def _add_metrics(
    services: Services, principal: Any, job: dict[str, Any], *, events: int, series: int
) -> None:
    sent = 0
    for body in _iter_batches(job["id"], events, series):
        if sent % (20 * _BATCH) == 0:
            _say(f"metric events of job {job['number']}: {sent:,} of {events:,}")
        sent += services.jobs.events.ingest(principal, job["id"], body).accepted
    if sent != events:
        raise SystemExit(f"benchmark: {sent:,} of {events:,} events were taken")


def _iter_batches(job: str, events: int, series: int) -> Iterator[bytes]:
    from synapse_sdk.plugins.event_encoder import EventEncoder, RawEvent

    encoder, noise = EventEncoder(job, 1, "worker"), random.Random(7)
    for first in range(0, events, _BATCH):
        raw = []
        for number in range(first, min(first + _BATCH, events)):
            level = math.exp(-number / events) + noise.gauss(0, 0.02)
            values = {f"loss_{index}" if index else "loss": level + index for index in range(series)}
            if series > 1:
                values["global_step"] = float(number)
            raw.append(RawEvent("metric", time.time(), "train", None, None, (values, None)))
        yield b"".join(event.line + b"\n" for event in encoder.encode(raw))


def _say(text: str) -> None:
    """Show how far it is, on one line of a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[Kfilling: {text}" if text else "\r\x1b[K")
        sys.stderr.flush()
