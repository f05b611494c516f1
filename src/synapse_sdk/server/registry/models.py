"""Plugins and releases as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from synapse_sdk.manifest import ManifestFile, write_files
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
class WrittenFiles:
    """The files of a release in the order of their paths, and each as `manifest.write_files` writes it."""

    files: tuple[ManifestFile, ...]
    written: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, files: Iterable[ManifestFile]) -> WrittenFiles:
        """Write files, in this order."""
        kept = tuple(files)
        return cls(kept, tuple(write_files(kept)))


@dataclass(frozen=True, slots=True)
class Difference:
    """How the files of a new release are different from those of one that is here."""

    base_id: int
    base: WrittenFiles
    #: Files that the base has otherwise, or not.
    changed: tuple[ManifestFile, ...]
    #: Paths that only the base has.
    removed: frozenset[str]

    @property
    def gone(self) -> frozenset[str]:
        """Paths of which the base's own files do not stay."""
        return self.removed.union([file.path for file in self.changed])

    def apply(self) -> WrittenFiles:
        """Return the files of the new release."""
        gone = self.gone
        whole = zip(self.base.files, self.base.written, strict=True)
        pairs = [(file, written) for file, written in whole if file.path not in gone]
        pairs += zip(self.changed, write_files(self.changed), strict=True)
        pairs.sort()
        return WrittenFiles(tuple([file for file, _ in pairs]), tuple([written for _, written in pairs]))


@dataclass(frozen=True, slots=True)
class NewRelease:
    """What somebody wants to publish, checked as far as can be without the database."""

    code: str
    version: str
    content: WrittenFiles
    #: None when all files were sent. The contents of files that are the base's are here.
    difference: Difference | None
    config: PluginConfig
    config_document: Mapping[str, Any]
    lock_digest: str | None
    schemas: Mapping[str, Any] | None
    digest: str
    is_draft: bool
    source: Source

    @property
    def files(self) -> tuple[ManifestFile, ...]:
        """All files in the order of their paths."""
        return self.content.files

    @property
    def sent_files(self) -> tuple[ManifestFile, ...]:
        """Those whose contents must be looked for."""
        return self.content.files if self.difference is None else self.difference.changed

    @property
    def size_bytes(self) -> int:
        """Return the size of all files together."""
        return sum([file.size_bytes for file in self.files])


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a request to publish."""

    release: Release
    #: False when the very same release was here already.
    is_new: bool
    warnings: tuple[str, ...] = ()
