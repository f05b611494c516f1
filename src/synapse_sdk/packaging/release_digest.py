"""The identity of a release: one digest of files, lock, schemas and config, never of archive bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.manifest import ManifestFile, canonical_json, join_written, write_files
from synapse_sdk.plugins.config import PluginConfig

#: Version of the document that a release's digest is made of. A new one is a new digest for every release.
RELEASE_SCHEMA_VERSION = 1


def release_digest(
    files: Iterable[ManifestFile],
    config: Mapping[str, Any],
    *,
    lock_digest: str | None = None,
    schemas: Mapping[str, Any] | None = None,
) -> str:
    """Return the digest that names a release, here and on every server.

    Args:
        files: The manifest; its order plays no part.
        config: As `config_document` gives it.
        lock_digest: Of the lock's text; None without a lock.
        schemas: JSON schemas of the actions' params and results; None when they were not made.
    """
    return written_release_digest(
        write_files(sorted(files)), config, lock_digest=lock_digest, schemas=schemas
    )


def written_release_digest(
    written: Iterable[str],
    config: Mapping[str, Any],
    *,
    lock_digest: str | None = None,
    schemas: Mapping[str, Any] | None = None,
) -> str:
    """Return what `release_digest` does, of files that `write_files` wrote, in their order."""
    # The files, of which there may be 100,000, are written apart; the keys stay in their order.
    before = canonical_json({"config": config})
    behind = canonical_json(
        {"lock": lock_digest, "schema_version": RELEASE_SCHEMA_VERSION, "schemas": schemas}
    )
    return digest_bytes(before[:-1] + b',"files":' + join_written(written).encode() + b"," + behind[1:])


def config_document(config: PluginConfig) -> dict[str, Any]:
    """Return the config as a release holds it: as its author wrote it.

    A default of ours that changes some day changes no old digest.
    """
    return config.model_dump(mode="json", exclude_unset=True)
