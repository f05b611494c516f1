"""A zip that somebody sent: looked at from all sides before a byte of it is unpacked.

Source: interface sheet `platform.md` §2.4.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk._internal.units import format_size
from synapse_sdk.server.http import InvalidError
from synapse_sdk.server.registry.manifest import FILE_LIMIT, SIZE_LIMIT_BYTES, check_paths

#: Deflate shrinks by 1032 at most, text by 10, and sparse weights by some more. A whole archive that grows
#: beyond both bounds is made to grow.
RATIO_LIMIT = 200
RATIO_FREE_BYTES = 64 * 1024**2
#: 100,000 entries with long paths. Python reads all of it before anybody can count them.
DIRECTORY_LIMIT_BYTES = 32 * 1024**2

_ENCRYPTED = 0x1
_UNIX = 3
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END = b"PK\x05\x06"
_END_TAIL_BYTES = 22 + 65_535  # the record, and the longest comment after it
_LOCATOR_BYTES = 20


class ArchiveEntry(NamedTuple):
    """A file of the archive."""

    path: str
    mode: int
    size_bytes: int
    info: zipfile.ZipInfo


@contextmanager
def opened_archive(stream: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Open a zip.

    Raises:
        InvalidError: It is none, or damaged; also when that is found while it is being read.
    """
    try:
        _check_directory(stream)
        with zipfile.ZipFile(stream) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error) as error:
        raise InvalidError(f"The archive can not be read: {error}.") from error


def list_entries(archive: zipfile.ZipFile) -> list[ArchiveEntry]:
    """Return the files of an archive in the order of their paths. Nothing is unpacked.

    Raises:
        InvalidError: It holds what no release may hold. Names it.
    """
    infos = archive.infolist()
    if len(infos) > FILE_LIMIT:
        raise InvalidError(f"The archive has {len(infos)} entries; {FILE_LIMIT} is the most that is taken.")
    for info in infos:
        if problem := _find_problem(info):
            raise InvalidError(
                f"The archive has the entry {info.orig_filename[:200]!r}: {problem}.",
                {"path": info.orig_filename[:200]},
            )
    _check_sizes(infos)
    files = [info for info in infos if not info.is_dir()]
    check_paths([info.filename.rstrip("/") for info in infos if info.is_dir()], loc="file", are_folders=True)
    check_paths([info.filename for info in files], loc="file")
    entries = [ArchiveEntry(info.filename, _mode_of(info), info.file_size, info) for info in files]
    return sorted(entries, key=lambda entry: entry.path)


def iter_entry(archive: zipfile.ZipFile, entry: ArchiveEntry) -> Iterator[bytes]:
    """Yield the bytes of a file; never more than the archive's directory says that there are."""
    with archive.open(entry.info) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _find_problem(info: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    if info.orig_filename != info.filename:
        return "its name has a null character, or separators of another system"
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link, or something else that is no file"
    if info.compress_type not in _METHODS:
        return "its compression is neither none nor deflate"
    if info.is_dir() and info.file_size:
        return "it is a folder with contents of its own"
    return None


def _check_sizes(infos: list[zipfile.ZipInfo]) -> None:
    total_bytes = sum(info.file_size for info in infos)
    packed_bytes = sum(info.compress_size for info in infos)
    if total_bytes > SIZE_LIMIT_BYTES:
        raise InvalidError(
            f"The archive holds {format_size(total_bytes)}; {format_size(SIZE_LIMIT_BYTES)} is the most.",
            {"size_bytes": total_bytes, "limit_bytes": SIZE_LIMIT_BYTES},
        )
    if total_bytes > RATIO_FREE_BYTES and total_bytes > RATIO_LIMIT * packed_bytes:
        raise InvalidError(
            f"The archive would grow from {format_size(packed_bytes)} to {format_size(total_bytes)}; "
            "no honest one does.",
            {"size_bytes": total_bytes, "packed_bytes": packed_bytes},
        )


def _mode_of(info: zipfile.ZipInfo) -> int:
    is_executable = info.create_system == _UNIX and bool(info.external_attr >> 16 & stat.S_IXUSR)
    return 0o755 if is_executable else 0o644


def _check_directory(stream: IO[bytes]) -> None:
    """Refuse a directory that would take much memory to read.

    Source: PKWARE APPNOTE 6.3, §4.3.14 to §4.3.16 (the three records at a zip's end).
    """
    size_bytes = stream.seek(0, 2)
    start = stream.seek(max(size_bytes - _END_TAIL_BYTES, 0))
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("it is no zip file")
    count, directory_bytes = struct.unpack_from("<HI", tail, at + 10)
    if count == 0xFFFF or directory_bytes == 0xFFFFFFFF:
        count, directory_bytes = _read_large_counts(stream, start + at) or (count, directory_bytes)
    if count > FILE_LIMIT or directory_bytes > DIRECTORY_LIMIT_BYTES:
        raise InvalidError(
            f"The archive has {count} entries, listed in {format_size(directory_bytes)}; up to {FILE_LIMIT} "
            f"and {format_size(DIRECTORY_LIMIT_BYTES)} are taken."
        )
    stream.seek(0)


def _read_large_counts(stream: IO[bytes], end: int) -> tuple[int, int] | None:
    """Return entries and size of the directory as a large archive's own records have them, if it has any."""
    if end < _LOCATOR_BYTES:
        return None
    stream.seek(end - _LOCATOR_BYTES)
    locator = stream.read(_LOCATOR_BYTES)
    if not locator.startswith(b"PK\x06\x07"):
        return None
    stream.seek(struct.unpack_from("<Q", locator, 8)[0])
    record = stream.read(56)
    if not record.startswith(b"PK\x06\x06"):
        raise zipfile.BadZipFile("its end is damaged")
    count, directory_bytes = struct.unpack_from("<QQ", record, 32)
    return count, directory_bytes
