"""Everybody who speaks to a server about jobs: who submits, an agent, a plugin that is published."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.transport import Transport
from synapse_sdk.manifest import ManifestFile
from synapse_sdk.packaging.release_digest import release_digest

CONFIG = {
    "name": "Digits",
    "code": "digits",
    "version": "0.1.0",
    "category": "neural_net",
    "env": {"THREADS": 2, "FAST": True},
    "actions": {
        "train": {"entrypoint": "plugin.train:Train", "method": "job"},
        "inference": {"entrypoint": "plugin.inference:Inference"},
    },
}
SCHEMAS = {
    "train": {
        "params": {
            "type": "object",
            "required": ["epochs"],
            "properties": {
                "epochs": {"type": "integer"},
                "name": {"type": "string"},
                "rate": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                "dataset": {"type": "integer"},
            },
        }
    }
}

README = b"# Digits\n"


@dataclass
class Desk:
    """Everybody who speaks to the server about jobs."""

    server: Any
    person: Transport
    agent: Transport
    agent_id: int

    def submit(self, **body: Any) -> dict[str, Any]:
        """Ask for a training."""
        return self.person.post(
            "plugins/digits/run/", json={"action": "train", "params": {"epochs": 3}, **body}
        )

    def claim(self, *, wait_s: float = 0, free_slots: int = 1) -> list[dict[str, Any]]:
        """Claim what waits."""
        body = {"free_slots": free_slots, "wait_s": wait_s}
        return self.agent.post(f"agents/{self.agent_id}/claim/", json=body)["assignments"]

    def claim_one(self) -> dict[str, Any]:
        """Submit a job and claim it; return the assignment."""
        self.submit()
        (assignment,) = self.claim()
        return assignment

    def start_one(self) -> dict[str, Any]:
        """Submit, claim and start a job; return the assignment."""
        assignment = self.claim_one()
        self.agent.post(f"jobs/{assignment['job']}/attempts/1/started/")
        return assignment

    def heartbeat(self, assignment: dict[str, Any], phase: str = "running") -> dict[str, Any]:
        """Say that the attempt is in the agent's hands; return the directive."""
        report = {"job": assignment["job"], "attempt": assignment["attempt"], "phase": phase}
        answer = self.agent.post(f"agents/{self.agent_id}/heartbeat/", json={"attempts": [report]})
        return answer["directives"][0]

    def end(
        self, assignment: dict[str, Any], outcome: dict[str, Any] | None = None, **record: Any
    ) -> dict[str, Any]:
        """Say how the attempt ended; well, unless told."""
        identity = {"job": assignment["job"], "attempt": assignment["attempt"]}
        moments = {"started_at": iso_z(utc_now()), "ended_at": iso_z(utc_now())}
        body = {"exit": {**identity, "exit_code": 0, **moments, **record}}
        if outcome is None and body["exit"]["exit_code"] == 0:
            outcome = {"state": "SUCCEEDED"}
        if outcome is not None:
            body["outcome"] = {**identity, **moments, **outcome}
        return self.agent.post(f"jobs/{assignment['job']}/attempts/{assignment['attempt']}/exit/", json=body)

    def job(self, job: str | int) -> dict[str, Any]:
        """Look at a job."""
        return self.person.get(f"jobs/{job}/")

    def events(self, job: str, **params: Any) -> list[dict[str, Any]]:
        """Look at its events."""
        return self.person.get(f"jobs/{job}/events/", params={"limit": 1000, **params})["results"]

    def send(self, job: str, events: Iterable[dict[str, Any]], *, sender: Transport | None = None) -> Any:
        """Send events, by the agent unless told."""
        body = b"".join(json.dumps(event).encode() + b"\n" for event in events)
        return (sender or self.agent).post(f"jobs/{job}/events/", content=body)


def make_event(job: str, seq: int, kind: str = "message", **facts: Any) -> dict[str, Any]:
    """Build an event of the worker."""
    identity = {"job": job, "attempt": 1, "producer": "worker", "seq": seq}
    return {**identity, "at": iso_z(utc_now()), "kind": kind, **facts}


def make_metric(job: str, seq: int, value: Any, *, ordinal: int | None = None, **more: Any) -> dict[str, Any]:
    """Build a metric event of the step `train`."""
    number = seq - 1 if ordinal is None else ordinal
    values = {"loss": value, **more}
    ordinals = dict.fromkeys(values, number)
    return make_event(job, seq, "metric", step="train", values=values, ordinals=ordinals)


def publish(
    transport: Transport,
    *,
    is_draft: bool = False,
    lock: dict[str, Any] | None = None,
    schemas: Any = SCHEMAS,
    **changes: Any,
) -> dict[str, Any]:
    """Publish the plugin that the tests run; `changes` are to its config."""
    digest = digest_bytes(README)
    transport.post(
        "blobs/pack/", content=f"{digest.removeprefix('sha256:')} {len(README)}\n".encode() + README
    )
    return transport.post(
        "plugin_releases/", json=build_release(is_draft=is_draft, lock=lock, schemas=schemas, **changes)
    )


def build_release(
    *, is_draft: bool = False, lock: dict[str, Any] | None = None, schemas: Any = SCHEMAS, **changes: Any
) -> dict[str, Any]:
    """Build the request that publishes it."""
    config = {**CONFIG, **changes}
    files = [ManifestFile("README.md", 0o644, len(README), digest_bytes(README))]
    return {
        "plugin": config["code"],
        "version": config["version"],
        "manifest": [file.to_document() for file in files],
        "config": config,
        "schemas": schemas,
        "lock": lock,
        "digest": release_digest(
            files, config, lock_digest=None if lock is None else lock["digest"], schemas=schemas
        ),
        "is_draft": is_draft,
    }


def register(transport: Transport, name: str = "here", **facts: Any) -> int:
    """Register an agent; return its number."""
    known = {"interpreter": "cpython 3.11.7", "platform": "linux-x86_64", "sdk_version": "2026.12.0"}
    return transport.post("agents/register/", json={"name": name, **known, "cpus": 4, **facts})["id"]
