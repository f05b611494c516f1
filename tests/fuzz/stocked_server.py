"""A server with a row of everything, and everybody who may ask it: what the fuzz is let loose on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli_process import Synapse
from tests.server.jobs.desk import Desk, make_event, make_metric, publish, register
from tests.server_process import ServerProcess

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.transport import Transport

TEXT = b"weights"
ITEM = {"path": "best.pt", "size_bytes": len(TEXT), "digest": digest_bytes(TEXT)}


@dataclass(repr=False)  # it holds tokens
class StockedServer:
    """A running server, one token for each kind of caller, and values that name real rows."""

    process: ServerProcess
    #: By who it is: the owner, a viewer, a job's worker, an agent, nobody.
    tokens: dict[str, str | None]
    ended_job: str
    #: By the name of a parameter or field: values that are there.
    known: dict[str, list[Any]]

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[StockedServer]:
        """Start it below `folder`, and stop it."""
        (folder / "home").mkdir(parents=True)
        process = ServerProcess(Synapse(folder / "home", folder), folder / "data", options=("--no-agent",))
        process.start()
        try:
            yield _stock(process)
        finally:
            process.stop()


def _stock(process: ServerProcess) -> StockedServer:
    owner, viewer = process.make_token(), process.make_token("--account", "guest", "--role", "viewer")
    person = Transport(process.url, owner)
    agent_token = person.post("tokens/", json={"name": "agent", "kind": "agent"})["token"]
    release = publish(person)
    agent = Transport(process.url, agent_token)
    desk = Desk(process, person, agent, register(agent))
    ended = desk.start_one()
    desk.end(ended)
    running = desk.start_one()
    job = running["job"]
    desk.send(job, [make_event(job, 1, text="hello"), make_metric(job, 2, 0.5)])
    for name in (ended["job"], job):
        agent.put(f"jobs/{name}/attempts/1/logs/stdout/", params={"offset": 0}, content=b"one\ntwo\n")
    person.put(f"blobs/{ITEM['digest']}/", content=TEXT)
    person.post("datasets/", json={"name": "digits", "manifest": [ITEM]})
    person.post("models/", json={"name": "best", "manifest": [ITEM]})
    agent.post(f"jobs/{job}/attempts/1/outputs/", json={"files": [ITEM]})
    for transport in (person, agent):
        transport.close()
    tokens = {
        "owner": owner,
        "viewer": viewer,
        "job": running["job_token"],
        "agent": agent_token,
        "nobody": None,
    }
    return StockedServer(process, tokens, ended["job"], _known(release, ended["job"], job, desk.agent_id))


def _known(release: dict[str, Any], ended: str, running: str, agent_id: int) -> dict[str, list[Any]]:
    return {
        "job": [running, ended, 2, 1],
        "job_id": [running, ended],
        "attempt": [1],
        "number": [1],
        "agent_id": [agent_id],
        "agent": [agent_id],
        "plugin": ["digits", str(release["id"])],
        "lookup": [str(release["id"]), "digits@0.1.0", "digits"],
        "version": ["0.1.0"],
        "action": ["train"],
        "params": [{"epochs": 3}],
        "path": ["README.md", ITEM["path"]],
        "digest": [ITEM["digest"], release["digest"]],
        "size_bytes": [ITEM["size_bytes"]],
        "dataset_id": [1],
        "dataset": [1],
        "model_id": [1],
        "name": ["digits", "best"],
        "storage_id": [1],
        "file_id": [1],
        "upload_id": [1],
        "stream": ["stdout", "stderr"],
        "step": ["train"],
        "key": ["loss"],
    }
