"""What a folder holds, as values: the files that travel, what stays behind and why, and one digest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from pathlib import Path
from typing import NamedTuple

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk.manifest.names import from_manifest_name


class ManifestFile(NamedTuple):
    """A file that travels."""

    #: From the folder on, with `/` between names.
    path: str
    #: 0o644, or 0o755 for a file that its owner may execute. Nothing else of the permissions travels.
    mode: int
    size_bytes: int
    digest: str

    def locate(self, folder: Path) -> Path:
        """Return where the file is in `folder`, whatever the locale calls it."""
        return folder / from_manifest_name(self.path)

    def to_document(self) -> dict[str, object]:
        """Return the plain value that digests and `--json` are made of."""
        # Part of every release's identity: changing a name or a spelling here changes every digest.
        return {
            "path": self.path,
            "mode": f"{self.mode:o}",
            "size_bytes": self.size_bytes,
            "digest": self.digest,
        }


class LeftOut(NamedTuple):
    """A file or a whole folder that stays behind."""

    #: As `ManifestFile.path`; bytes that are not UTF-8 and control characters appear escaped.
    path: str
    #: `always`, or the ignore file and line: `.synapseignore:7`.
    rule: str
    #: What the built-in rule protects from, or the pattern as it is written in the file.
    reason: str
    is_folder: bool
    #: Files in a folder. None when they were not counted: the folder is one of the built-in never-list, or
    #: holds more than 1,000 entries.
    file_count: int | None = None

    def to_document(self) -> dict[str, object]:
        """Return the plain value for `--json`."""
        return {
            "path": self.path,
            "rule": self.rule,
            "reason": self.reason,
            "is_folder": self.is_folder,
            "file_count": self.file_count,
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a folder that travel, sorted by path, and the digest that names them together."""

    files: tuple[ManifestFile, ...]
    left_out: tuple[LeftOut, ...]
    #: What deserves a look and stops nothing: an ignore pattern that can never match, two names that differ
    #: only in case.
    warnings: tuple[str, ...] = ()
    #: Paths of files that were searched, with these very bytes, and certainly hold nothing to be found.
    clean: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def digest(self) -> str:
        """Return the digest of every path, mode, size and content. No file at all has a digest too."""
        return digest_bytes(canonical_files(self.files).encode())


def canonical_files(files: Iterable[ManifestFile]) -> str:
    """Write files, in this order, as `canonical_json` would, ten times as fast."""
    return join_written(write_files(files))


def write_files(files: Iterable[ManifestFile]) -> list[str]:
    """Write each file as `canonical_json` would; none of these texts holds the end of a line."""
    quote = encode_basestring
    return [
        f'{{"digest":{quote(digest)},"mode":"{mode:o}","path":{quote(path)},"size_bytes":{size_bytes}}}'
        for path, mode, size_bytes, digest in files
    ]


def join_written(written: Iterable[str]) -> str:
    """Return what `canonical_files` does, of files that `write_files` wrote."""
    return f"[{','.join(written)}]"


def canonical_json(value: object) -> bytes:
    """Write a plain value as the one JSON text that it has: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()
