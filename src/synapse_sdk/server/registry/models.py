"""Plugins and releases as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.plugins.config import PluginConfig

#: Who made the upload: this SDK, contents first; or the vendor's client, one zip.
Source = Literal["synapse", "vendor"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin: what its releases have in common."""

    id: int
    workspace_id: int
    code: str
    name: str
    category: str
    description: str
    created_by: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """One immutable version of a plugin. Its files are read by page."""

    id: int
    workspace_id: int
    plugin_id: int
    plugin_code: str
    version: str
    digest: str
    #: Its author's alone, and not checked by the server's policy.
    is_draft: bool
    #: When its author sent another draft of the same version; None for what can be run.
    replaced_at: datetime | None
    created_by: int | None
    created_at: datetime
    config: Mapping[str, Any]
    #: `{action: {"params": JSON Schema | None, "result": JSON Schema | None}}`; None when there are none.
    schemas: Mapping[str, Any] | None
    lock_digest: str | None
    size_bytes: int
    file_count: int
    source: Source

    def load_config(self) -> PluginConfig:
        """Return the config as a model."""
        return PluginConfig.model_validate(self.config)


@dataclass(frozen=True, slots=True)
class NewRelease:
    """What somebody wants to publish, checked as far as can be without the database."""

    code: str
    version: str
    files: tuple[ManifestFile, ...]
    #: Those of them whose contents must be looked for: the others are files of a release that is here.
    sent_files: tuple[ManifestFile, ...]
    config: PluginConfig
    config_document: Mapping[str, Any]
    lock_digest: str | None
    schemas: Mapping[str, Any] | None
    digest: str
    is_draft: bool
    source: Source

    @property
    def size_bytes(self) -> int:
        """Return the size of all files together."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a request to publish."""

    release: Release
    #: False when the very same release was here already.
    is_new: bool
    warnings: tuple[str, ...] = ()
