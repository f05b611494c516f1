"""The vendor's one-request upload: a zip with everything in it becomes a release like any other.

Source: interface sheet `platform.md` §2.5.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.packaging.release_digest import config_document
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.config_file import CONFIG_NAMES, SIZE_LIMIT_BYTES, load_config
from synapse_sdk.plugins.errors import ConfigError
from synapse_sdk.server.http import InvalidError, Principal
from synapse_sdk.server.registry.content_service import ContentService
from synapse_sdk.server.registry.models import NewRelease
from synapse_sdk.server.registry.new_release import build_new_release
from synapse_sdk.server.registry.vendor_archive import (
    ArchiveEntry,
    iter_entry,
    list_entries,
    opened_archive,
)


class VendorUpload(NamedTuple):
    """The parts of the request."""

    plugin: str
    version: str
    #: JSON; only the forms of the actions are taken from it, all else is in the zip's config.yaml.
    config: str
    debug: str
    file: IO[bytes]


def receive_upload(contents: ContentService, principal: Principal, upload: VendorUpload) -> NewRelease:
    """Check an upload, bring in its contents, and return the release that it asks for.

    Raises:
        InvalidError: The archive is hostile or damaged; or its config does not fit, or is another plugin's.
    """
    schemas = _read_schemas(upload.config)
    with opened_archive(upload.file) as archive:
        entries = list_entries(archive)
        config = _load_config(archive, entries)
        # Checked with everything but the digests before anything is written.
        _build(upload, config, schemas, [_as_file(entry, _UNKNOWN) for entry in entries])
        blobs = contents.receive_streams(principal, (iter_entry(archive, entry) for entry in entries))
    files = [_as_file(entry, blob.digest) for entry, blob in zip(entries, blobs, strict=True)]
    return _build(upload, config, schemas, files)


_UNKNOWN = "sha256:" + "0" * 64


def _as_file(entry: ArchiveEntry, digest: str) -> ManifestFile:
    return ManifestFile(entry.path, entry.mode, entry.size_bytes, digest)


def _build(
    upload: VendorUpload,
    config: PluginConfig,
    schemas: Mapping[str, Any] | None,
    files: Sequence[ManifestFile],
) -> NewRelease:
    return build_new_release(
        code=upload.plugin,
        version=upload.version,
        files=files,
        config=config_document(config),
        lock_digest=None,
        schemas=schemas,
        is_draft=upload.debug.strip().lower() == "true",
        source="vendor",
    )


def _load_config(archive: zipfile.ZipFile, entries: Sequence[ArchiveEntry]) -> PluginConfig:
    by_path = {entry.path: entry for entry in entries}
    entry = next((by_path[name] for name in CONFIG_NAMES if name in by_path), None)
    if entry is None:
        raise InvalidError(
            "The archive has no config.yaml at its top.", hint="Pack the plugin's folder itself."
        )
    if entry.size_bytes > SIZE_LIMIT_BYTES:
        raise InvalidError(f"{entry.path} is larger than {SIZE_LIMIT_BYTES:,} bytes; that is no config.")
    with tempfile.TemporaryDirectory(prefix="synapse-upload-") as scratch:
        file = Path(scratch) / entry.path
        file.write_bytes(b"".join(iter_entry(archive, entry)))
        try:
            return load_config(file).config
        except ConfigError as error:
            raise InvalidError(error.message, error.details, hint=error.hint) from error


def _read_schemas(text: str) -> dict[str, Any] | None:
    """Return the forms that the client made of its models; None where it sent none."""
    try:
        document = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"The part `config` is not JSON: {error}.") from error
    actions = document.get("actions") if isinstance(document, dict) else None
    if not isinstance(actions, dict):
        return None
    return {
        str(name): {"params": None, "result": None, "ui_schema": _find_forms(action)}
        for name, action in actions.items()
    }


def _find_forms(action: Any) -> Any:
    hyperparameters = action.get("hyperparameters") if isinstance(action, dict) else None
    return hyperparameters.get("train_ui_schemas") if isinstance(hyperparameters, dict) else None
