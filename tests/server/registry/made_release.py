"""Releases for tests of the registry: contents and the document that publishes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.clients.transport import Transport
from synapse_sdk.manifest import ManifestFile
from synapse_sdk.packaging.release_digest import release_digest
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, PackedContent, iter_pack

CONFIG: dict[str, Any] = {
    "name": "YOLO",
    "code": "yolov8",
    "version": "0.1.0",
    "category": "custom",
    "actions": {"train": {"name": "train", "entrypoint": "plugin.train:TrainAction"}},
}
FILES = {
    "README.md": b"# YOLO\n",
    "config.yaml": b"name: YOLO\n",
    "plugin/train.py": b"class TrainAction: ...\n",
}


def make_document(
    files: Mapping[str, bytes] = FILES,
    *,
    version: str = "0.1.0",
    code: str = "yolov8",
    is_draft: bool = False,
    lock: bytes | None = None,
    schemas: Mapping[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Build the body of `POST plugin_releases/`."""
    config = {**CONFIG, "version": version, "code": code}
    manifest = [
        ManifestFile(path, 0o644, len(data), digest_bytes(data)) for path, data in sorted(files.items())
    ]
    lock_digest = None if lock is None else digest_bytes(lock)
    return {
        "plugin": code,
        "version": version,
        "manifest": [file.to_document() for file in manifest],
        "config": config,
        "lock": None if lock is None else {"digest": lock_digest, "size_bytes": len(lock)},
        "schemas": schemas,
        "digest": release_digest(manifest, config, lock_digest=lock_digest, schemas=schemas),
        "is_draft": is_draft,
        **changes,
    }


def make_pack(*contents: bytes) -> bytes:
    """Build a pack."""
    return b"".join(iter_pack(PackedContent(digest_bytes(data), len(data), [data]) for data in contents))


def send_contents(client: Transport, *contents: bytes) -> Any:
    """Bring contents to the server."""
    return client.post("blobs/pack/", content=make_pack(*contents), headers={"Content-Type": PACK_MEDIA_TYPE})


def publish(client: Transport, files: Mapping[str, bytes] = FILES, **options: Any) -> Any:
    """Bring a release to the server: its contents, then itself."""
    lock = options.get("lock")
    send_contents(client, *files.values(), *([lock] if lock is not None else []))
    return client.post("plugin_releases/", json=make_document(files, **options))
