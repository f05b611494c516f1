"""A server with something on it: a plugin, a dataset with pictures, a model, an agent, jobs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.console.running import RunningConsole

from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.transport import Transport
from synapse_sdk.manifest import ManifestFile
from synapse_sdk.packaging.release_digest import release_digest
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, PackedContent, iter_pack

SCHEMAS = {
    "train": {
        "params": {
            "type": "object",
            "required": ["dataset", "epochs"],
            "$defs": {"Optimizer": {"enum": ["sgd", "adam"], "title": "Optimizer", "type": "string"}},
            "properties": {
                "dataset": {"type": "integer", "title": "Dataset", "description": "What to learn from."},
                "epochs": {
                    "type": "integer",
                    "title": "Epochs",
                    "minimum": 1,
                    "maximum": 100,
                    "description": "How often all of the data is seen.",
                },
                "learning_rate": {
                    "type": "number",
                    "title": "Learning Rate",
                    "exclusiveMinimum": 0,
                    "default": 0.05,
                },
                "optimizer": {"$ref": "#/$defs/Optimizer", "default": "sgd"},
                "augment": {"type": "boolean", "title": "Augment", "default": True},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "Note"},
                "layers": {
                    "type": "array",
                    "items": {"type": "integer"},
                    "default": [64, 32],
                    "title": "Layers",
                },
            },
        }
    },
    "inference": {"params": None},
}
CONFIG = {
    "name": "Digits",
    "code": "digits",
    "version": "0.1.0",
    "category": "neural_net",
    "description": "Reads handwritten digits",
    "actions": {
        "train": {
            "entrypoint": "plugin.train:TrainAction",
            "method": "job",
            "description": "Learns to read digits, epoch by epoch",
            "input_type": "image_folder",
            "output_type": "model_weights",
        },
        "inference": {"entrypoint": "plugin.inference:InferenceAction"},
    },
}
FILES = {
    "README.md": b"# Digits\n\nReads handwritten digits.\n\n<script>alert(1)</script>\n",
    "config.yaml": b"name: Digits\ncode: digits\n",
    "plugin/train.py": b"class TrainAction:\n    pass\n",
    "weights.bin": bytes(range(256)),
}


@dataclass
class World:
    """Who speaks to the server."""

    server: RunningConsole
    person: Transport
    agent: Transport
    agent_id: int

    def submit(self, action: str = "train", **params: Any) -> dict[str, Any]:
        """Ask for a job."""
        known = {"dataset": 1, "epochs": 3} if action == "train" else {}
        return self.person.post("plugins/digits/run/", json={"action": action, "params": {**known, **params}})

    def start(self, **params: Any) -> dict[str, Any]:
        """Submit a job and have the agent start it; return the assignment."""
        self.submit(**params)
        return self.claim_and_start()

    def claim_and_start(self) -> dict[str, Any]:
        """Have the agent start the job that waits longest."""
        body = {"free_slots": 1, "wait_s": 10}
        (assignment,) = self.agent.post(f"agents/{self.agent_id}/claim/", json=body)["assignments"]
        self.agent.post(f"jobs/{assignment['job']}/attempts/1/started/")
        return assignment

    def tell(
        self, assignment: Mapping[str, Any], events: Iterable[Mapping[str, Any]], *, first: int = 1
    ) -> None:
        """Report events of the worker, numbered from `first`."""
        identity = {"job": assignment["job"], "attempt": 1, "producer": "worker", "at": iso_z(utc_now())}
        lines = [
            json.dumps({**identity, "seq": seq, **event}) for seq, event in enumerate(events, start=first)
        ]
        self.agent.post(f"jobs/{assignment['job']}/events/", content="\n".join(lines).encode())

    def print(
        self, assignment: Mapping[str, Any], text: str, *, offset: int = 0, stream: str = "stdout"
    ) -> int:
        """Append to a log; return its size."""
        path = f"jobs/{assignment['job']}/attempts/1/logs/{stream}/"
        answer = self.agent.put(path, params={"offset": offset}, content=text.encode())
        return int(answer["size_bytes"])

    def end(self, assignment: Mapping[str, Any], outcome: Mapping[str, Any], **record: Any) -> None:
        """Say how an attempt ended."""
        identity = {"job": assignment["job"], "attempt": 1}
        moments = {"started_at": iso_z(utc_now()), "ended_at": iso_z(utc_now())}
        exit_record = {**identity, **moments, "exit_code": 0, **record}
        body = {"exit": exit_record, "outcome": {**identity, **moments, **outcome}}
        self.agent.post(f"jobs/{assignment['job']}/attempts/1/exit/", json=body)


def metric(step: str, ordinal: int, **values: Any) -> dict[str, Any]:
    """Build a metric event."""
    return {"kind": "metric", "step": step, "values": values, "ordinals": dict.fromkeys(values, ordinal)}


def progress(step: str, current: int, total: int) -> dict[str, Any]:
    """Build a progress event."""
    body = {
        "current": current,
        "total": total,
        "percent": 100 * current / total,
        "elapsed_s": 2.0 * current,
        "remaining_s": 2.0 * (total - current),
    }
    return {"kind": "progress", "step": step, "body": body}


def build_world(server: RunningConsole) -> World:
    """Publish the plugin, register dataset and agent."""
    person, agent = server.client(), server.agent_client()
    publish(person)
    register_dataset(person)
    facts = {"interpreter": "cpython 3.11.7", "platform": "linux-x86_64", "sdk_version": "2026.12.0"}
    agent_id = agent.post("agents/register/", json={"name": "workbench", "cpus": 8, "gpus": 1, **facts})["id"]
    return World(server, person, agent, agent_id)


def publish(
    person: Transport, version: str = "0.1.0", *, schemas: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Publish a version of the plugin."""
    schemas = SCHEMAS if schemas is None else schemas
    send(person, *FILES.values())
    config = {**CONFIG, "version": version}
    files = [ManifestFile(path, 0o644, len(data), digest_bytes(data)) for path, data in sorted(FILES.items())]
    body = {
        "plugin": "digits",
        "version": version,
        "manifest": [file.to_document() for file in files],
        "config": config,
        "schemas": schemas,
        "digest": release_digest(files, config, schemas=schemas),
    }
    return person.post("plugin_releases/", json=body)


def register_dataset(person: Transport, name: str = "digits", pictures: int = 60) -> dict[str, Any]:
    """Register a dataset of small pictures in two splits."""
    files = {
        f"{split}/{number:03}.png": draw_picture(number * (1 if split == "train" else 7))
        for split in ("train", "test")
        for number in range(pictures)
    }
    files["train/notes.txt"] = b"what was drawn"
    send(person, *files.values())
    manifest = [
        {"path": path, "size_bytes": len(data), "digest": digest_bytes(data)}
        for path, data in sorted(files.items())
    ]
    return person.post("datasets/", json={"name": name, "manifest": manifest})


def register_model(person: Transport, name: str = "reader", **facts: Any) -> dict[str, Any]:
    """Register a model of one file."""
    data = f"weights of {name}".encode()
    send(person, data)
    manifest = [{"path": "model.bin", "size_bytes": len(data), "digest": digest_bytes(data)}]
    return person.post("models/", json={"name": name, "filename": "model.bin", "manifest": manifest, **facts})


def draw_picture(number: int) -> bytes:
    """Return a small PNG."""
    from PIL import Image

    pixels = bytes((x * number + y * 13) % 256 for y in range(8) for x in range(8))
    stream = io.BytesIO()
    Image.frombytes("L", (8, 8), pixels).save(stream, "PNG")
    return stream.getvalue()


def send(person: Transport, *contents: bytes) -> None:
    """Bring contents to the server."""
    packed = (PackedContent(digest_bytes(data), len(data), [data]) for data in contents)
    pack = b"".join(iter_pack(packed))
    person.post("blobs/pack/", content=pack, headers={"Content-Type": PACK_MEDIA_TYPE})
