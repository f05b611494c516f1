"""A release's contents → a folder of code that is whole, or not there at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.manifest.manifest import ManifestFile
from synapse_sdk.storage.pack import read_pack

MAX_FILES = 100_000
MAX_BYTES = 16 * 1024**3


class ReleaseContentsError(SynapseError):
    """A release's contents are not what its manifest says, or would be written elsewhere."""


def parse_file(row: Mapping[str, Any]) -> ManifestFile:
    """Read a file's entry in the list that a server gives of a release."""
    return ManifestFile(row["path"], int(str(row["mode"]), 8), int(row["size_bytes"]), row["digest"])


def write_code(files: Sequence[ManifestFile], archive: Iterable[bytes], folder: Path) -> None:
    """Write the files of a release to `folder`, each checked against its digest.

    Args:
        files: The release's manifest.
        archive: Pack of its contents, in pieces; a content that several files share may come once.
        folder: Where they shall be; appears when all are there. An interrupted try before is removed.

    Raises:
        ReleaseContentsError: A path leads out of the folder or is there twice, or a content is missing. Paths
            are checked before anything is written.
        PackError: The archive is torn, or a content has another digest.
        OSError: There is no room.
    """
    check_paths(files)
    partial = folder.with_name(f".{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    try:
        _unpack(files, archive, partial)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def check_paths(files: Sequence[ManifestFile]) -> None:
    """Refuse a manifest that could write outside its folder, or is absurdly large.

    Raises:
        ReleaseContentsError: It is; names the first such path.
    """
    if len(files) > MAX_FILES or sum(file.size_bytes for file in files) > MAX_BYTES:
        raise ReleaseContentsError(
            f"The release has {len(files):,} files; {MAX_FILES:,} of {MAX_BYTES:,} bytes are the most.",
            {"file_count": len(files)},
        )
    paths = {file.path for file in files}
    if len(paths) != len(files):
        raise ReleaseContentsError("The release has two files of one path.")
    for file in files:
        pure = PurePosixPath(file.path)
        is_plain = str(pure) == file.path and not pure.is_absolute() and file.path not in ("", ".")
        if not is_plain or ".." in pure.parts or "\\" in file.path or "\0" in file.path:
            raise ReleaseContentsError(
                f"The release has a path that may not be written: {file.path!r}.", {"path": file.path}
            )
        if file.mode not in (0o644, 0o755):
            raise ReleaseContentsError(
                f"{file.path} has the mode {file.mode:o}; 644 and 755 are what releases have.",
                {"path": file.path},
            )
    for file in files:
        pure = PurePosixPath(file.path)
        if above := next((str(parent) for parent in pure.parents if str(parent) in paths), None):
            raise ReleaseContentsError(
                f"{above} is both a file and a folder of the release.", {"path": above}
            )


def _unpack(files: Sequence[ManifestFile], archive: Iterable[bytes], folder: Path) -> None:
    wanted: dict[str, list[ManifestFile]] = {}
    for file in files:
        wanted.setdefault(file.digest, []).append(file)
    for content in read_pack(archive, max_content_bytes=max((file.size_bytes for file in files), default=0)):
        same = wanted.pop(content.digest, [])
        if same:
            _write_file(same[0], content.chunks, folder)
        for other in same[1:]:
            _write_file(other, _read(same[0].locate(folder)), folder)
    if wanted:
        missing = next(iter(wanted.values()))[0].path
        raise ReleaseContentsError(
            f"The release's archive lacks {len(wanted)} contents, {missing} for one.", {"path": missing}
        )


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _write_file(file: ManifestFile, chunks: Iterable[bytes], folder: Path) -> None:
    path = file.locate(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    size_bytes = 0
    with path.open("xb") as stream:
        for chunk in chunks:
            size_bytes += stream.write(chunk)
    if size_bytes != file.size_bytes:
        raise ReleaseContentsError(
            f"{file.path} has {size_bytes:,} bytes and its manifest says {file.size_bytes:,}.",
            {"path": file.path},
        )
    path.chmod(file.mode)
