"""Local wheels that travel with a plugin: is each of them what its name and its RECORD say?

Source: packaging.python.org, "Binary distribution format" (file name, dist-info, RECORD).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import Parser
from io import StringIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk.packaging.contents import PlannedFile
from synapse_sdk.plugins.errors import BuildError, ChecksumMismatchError

if TYPE_CHECKING:
    from packaging.tags import Tag

#: A wheel that claims to unpack to more than so many times its size, and to more than the floor, is a bomb.
#: Real ones reach about 20; deflate itself ends near 1,000.
RATIO_LIMIT = 200
RATIO_FLOOR_BYTES = 64 * 1024**2

#: Metadata files are read whole; real ones have a few kilobytes, the RECORD of a huge wheel a few megabytes.
_METADATA_LIMIT_BYTES = 32 * 1024**2
#: "RECORD.jws" and "RECORD.p7s" sign RECORD and so can not be in it.
_UNRECORDED = ("RECORD", "RECORD.jws", "RECORD.p7s")
#: MD5 and SHA-1 are not allowed; these are what wheels have.
_ALGORITHMS = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A checked wheel."""

    path: str
    name: str
    version: str
    tags: tuple[str, ...]

    def to_document(self) -> dict[str, object]:
        """Return the plain value for `--json`."""
        return {"path": self.path, "name": self.name, "version": self.version, "tags": list(self.tags)}


def is_wheel(path: str, wheels_dir: str) -> bool:
    """Is this the path of a wheel in the plugin's folder of local wheels?"""
    if not path.endswith(".whl"):  # most files, and a path takes a while to take apart
        return False
    pure = PurePosixPath(path)
    return pure.parent == PurePosixPath(wheels_dir) and pure.suffix == ".whl"


def check_wheel(planned: PlannedFile) -> Wheel:
    """Check one wheel.

    Every member is unpacked once, in pieces, and compared with its hash in RECORD.

    Raises:
        BuildError: The name is not a wheel's, the file is not a sound zip, metadata is missing or contradicts
            the name, RECORD is incomplete, or it unpacks to absurdly much.
        ChecksumMismatchError: A member's bytes are not those that RECORD or the zip itself promises.
    """
    path = planned.file.path
    name, version, tags = _parse_name(path)
    try:
        with zipfile.ZipFile(planned.location) as archive:
            members = _list_members(archive, path, planned.file.size_bytes)
            info = _find_dist_info(members, path, name, version)
            _check_metadata(_read_text(archive, members, f"{info}/METADATA", path), path, name, version)
            _read_text(archive, members, f"{info}/WHEEL", path)
            _check_record(archive, members, info, path)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error, RuntimeError) as error:
        raise _broken(path, f"is not a sound zip file: {error}") from error
    return Wheel(path, name, version, tuple(sorted(map(str, tags))))


def find_duplicates(wheels: Iterable[Wheel]) -> list[str]:
    """Say where an installer would have to choose: two versions of one distribution, or two files of one."""
    warnings = []
    seen: dict[str, list[Wheel]] = {}
    for wheel in wheels:
        others = seen.setdefault(wheel.name, [])
        warnings += [
            f"{other.path} and {wheel.path} are both {wheel.name}; an installer would have to choose"
            for other in others
            if wheel.version != other.version or set(wheel.tags) & set(other.tags)
        ]
        others.append(wheel)
    return warnings


def _parse_name(path: str) -> tuple[str, str, frozenset[Tag]]:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        name, version, _, tags = parse_wheel_filename(PurePosixPath(path).name)
    except InvalidWheelFilename as error:
        raise _broken(path, "does not have a wheel's name", "NAME-VERSION-PYTHON-ABI-PLATFORM.whl") from error
    return name, str(version), tags


def _list_members(archive: zipfile.ZipFile, path: str, size_bytes: int) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        pure = PurePosixPath(member.filename)
        if pure.is_absolute() or ".." in pure.parts or "\\" in member.filename:
            raise _broken(path, f"has a member that leads out of it: {member.filename!r}")
        if member.filename in members:
            raise _broken(path, f"has two members named {member.filename}")
        if not member.is_dir():
            members[member.filename] = member
    # zipfile never unpacks more of a member than its header declares, so the declared sizes bound the work.
    unpacked_bytes = sum(member.file_size for member in members.values())
    if unpacked_bytes > max(RATIO_FLOOR_BYTES, size_bytes * RATIO_LIMIT):
        raise _broken(path, f"has {size_bytes:,} bytes and would unpack to {unpacked_bytes:,}")
    return members


def _find_dist_info(members: Iterable[str], path: str, name: str, version: str) -> str:
    from packaging.utils import canonicalize_name

    folders = {first for first, slash, _ in (member.partition("/") for member in members) if slash}
    folders = {folder for folder in folders if folder.endswith(".dist-info")}
    if len(folders) != 1:
        raise _broken(path, f"must have one .dist-info folder and has {len(folders)}")
    folder = folders.pop()
    found, _, found_version = folder.removesuffix(".dist-info").partition("-")
    if canonicalize_name(found) != name or not _same_version(found_version, version):
        raise _broken(path, f"holds {folder}, which is another distribution")
    return folder


def _same_version(left: str, right: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(left) == Version(right)
    except InvalidVersion:
        return False


def _read_text(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], member: str, path: str) -> str:
    if member not in members:
        raise _broken(path, f"has no {member}")
    if members[member].file_size > _METADATA_LIMIT_BYTES:
        raise _broken(path, f"has a {member} of {members[member].file_size:,} bytes")
    try:
        return archive.read(members[member]).decode()
    except UnicodeDecodeError as error:
        raise _broken(path, f"has a {member} that is not UTF-8") from error


def _check_metadata(text: str, path: str, name: str, version: str) -> None:
    from packaging.utils import canonicalize_name

    metadata = Parser().parsestr(text, headersonly=True)
    found, found_version = metadata.get("Name") or "", metadata.get("Version") or ""
    if canonicalize_name(found) != name or not _same_version(found_version, version):
        raise _broken(
            path, f"is {found or 'nameless'} {found_version} by its METADATA, not what its name says"
        )


def _check_record(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], info: str, path: str
) -> None:
    hashes = _parse_record(_read_text(archive, members, f"{info}/RECORD", path), path)
    unrecorded = {f"{info}/{name}" for name in _UNRECORDED}
    if missing := sorted(set(hashes) - set(members) - unrecorded):
        raise _broken(path, f"lacks {missing[0]}, which its RECORD lists")
    for name, member in members.items():
        if name in unrecorded:
            continue
        algorithm, _, expected = hashes.get(name, "").partition("=")
        if not expected:
            raise _broken(path, f"holds {name}, for which its RECORD has no hash")
        if algorithm not in _ALGORITHMS:
            raise _broken(path, f"has a hash by {algorithm} in its RECORD", " or ".join(_ALGORITHMS))
        if _hash_member(archive, member, algorithm, path) != expected.rstrip("="):
            raise _mismatch(path, name)


def _parse_record(text: str, path: str) -> dict[str, str]:
    try:
        rows = [row for row in csv.reader(StringIO(text), strict=True) if row]
        return {name: hashed for name, hashed, _ in rows}
    except (csv.Error, ValueError) as error:
        raise _broken(path, "has a RECORD with rows that are not path,hash,size") from error


def _hash_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, algorithm: str, path: str) -> str:
    digest = hashlib.new(algorithm)
    with archive.open(member) as stream:
        try:
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
        except zipfile.BadZipFile as error:
            # Reading an opened member raises this for one reason: the zip's own checksum does not fit.
            raise _mismatch(path, member.filename) from error
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def _mismatch(path: str, member: str) -> ChecksumMismatchError:
    return ChecksumMismatchError(
        f"{path}: the bytes of {member} are not those that the wheel's RECORD promises.",
        {"wheel": path, "member": member},
        hint="Build or download the wheel again.",
    )


def _broken(path: str, what: str, allowed: str | None = None) -> BuildError:
    more = f" (allowed: {allowed})" if allowed else ""
    return BuildError(
        f"{path} {what}{more}.", {"wheel": path}, hint="Build or download the wheel again, or remove it."
    )
