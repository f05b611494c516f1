"""A folder as a zip file, and back. What an archive from elsewhere could do harm with is refused.

Source: interface sheet `platform.md` §5. Unlike there, equal folders make equal archives, patterns mean what
they mean in `.gitignore`, and links are neither followed out of the folder nor unpacked.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

from synapse_sdk._internal.atomic_write import temporary_sibling, written_beside
from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk._internal.units import format_size
from synapse_sdk.manifest.gitignore import Pattern, parse_patterns
from synapse_sdk.packaging.unpacked import UNREADABLE, UnpackedLimitError, iter_members
from synapse_sdk.plugins.errors import ArchiveError

__all__ = [
    "ArchiveFilter",
    "ProgressCallback",
    "create_archive",
    "create_archive_from_git",
    "extract_archive",
    "get_archive_size",
    "list_archive_contents",
]

#: Told after each file: how many are done, and how many there are.
ProgressCallback = Callable[[int, int], None]
Compression = Literal["deflated", "stored", "bzip2", "lzma"]

#: What is made again when it is needed, or is about a checkout and not in it.
_DEFAULT_EXCLUDES = (
    "__pycache__/", "*.py[cod]", ".git", ".hg/", ".svn/", ".venv/", "venv/", "node_modules/", ".tox/",
    ".nox/", ".mypy_cache/", ".pytest_cache/", ".ruff_cache/", ".ipynb_checkpoints/", ".idea/", ".vscode/",
    "*.sw[op]", ".DS_Store", "Thumbs.db",
)  # fmt: skip
_METHODS: dict[Compression, int] = {
    "deflated": zipfile.ZIP_DEFLATED,
    "stored": zipfile.ZIP_STORED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
#: The oldest moment that a zip entry can carry: equal folders make equal archives.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
#: An archive may unpack to so much, or to so many times its own size: what says more is a bomb.
_UNPACKED_BYTES = 1024**3
_UNPACKED_RATIO = 200
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class ArchiveFilter:
    """Which files of a folder go into an archive."""

    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()

    @classmethod
    def from_patterns(
        cls,
        include: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        use_defaults: bool = True,
    ) -> ArchiveFilter:
        """Make a filter of patterns as `.gitignore` has them, a later one winning over an earlier one.

        Args:
            include: Only what one of them matches goes in; everything unless given.
            exclude: What one of them matches stays out, included or not.
            use_defaults: Leave out caches, virtual environments, version control and what editors leave, too.
        """
        excluded = [*(_DEFAULT_EXCLUDES if use_defaults else ()), *(exclude or ())]
        return cls(_parse(include or ()), _parse(excluded))

    def matches(self, path: str) -> bool:
        """Does the file at this path, relative and with slashes, go in?"""
        parts = PurePosixPath(path).parts
        places = [("/".join(parts[:end]), end < len(parts)) for end in range(1, len(parts) + 1)]
        if any(_is_matched(self.exclude, place, is_folder) for place, is_folder in places):
            return False
        return not self.include or any(
            _is_matched(self.include, place, is_folder) for place, is_folder in places
        )


def create_archive(
    source_path: str | Path,
    archive_path: str | Path,
    filter: ArchiveFilter | None = None,
    compression: Compression = "deflated",
    compression_level: int = 6,
    progress_callback: ProgressCallback | None = None,
) -> Path:
    """Write the files of a folder into a zip file; return its path.

    The same files make the same bytes, whenever and wherever: paths in order, no times, no permissions other
    than whether a file can be executed. Folders without files are left out.

    Args:
        source_path: The folder.
        archive_path: The file; what is there is replaced once the new one is whole. It may lie in the folder.
        filter: Which files; all but `ArchiveFilter.from_patterns()`'s defaults unless given.
        compression: How they are packed.
        compression_level: From 0 to 9, for "deflated"; from 1, for "bzip2".
        progress_callback: Told after each file.

    Raises:
        ArchiveError: There is no such folder, a link leads out of it, or a file can not be read.
    """
    source, target = _require_folder(source_path), Path(archive_path)
    chosen = ArchiveFilter.from_patterns() if filter is None else filter
    own = _place_of(target)
    paths = [path for path in _list_files(source, chosen) if not _is_at(source / path, own)]
    return _write(source, paths, target, compression, compression_level, progress_callback)


def create_archive_from_git(
    source_path: str | Path,
    archive_path: str | Path,
    filter: ArchiveFilter | None = None,
    include_untracked: bool = True,
    compression: Compression = "deflated",
    compression_level: int = 6,
    progress_callback: ProgressCallback | None = None,
) -> Path:
    """As `create_archive`, with the files that git knows of below a folder, as they are there now.

    Args:
        source_path: The folder, a checkout or one in it.
        include_untracked: Those that git does not know of and that no ignore file names, too.
        filter: Which of them; all unless given.
        archive_path, compression, compression_level, progress_callback: As for `create_archive`.

    Raises:
        ArchiveError: It is no checkout, has submodules, or there is no git; and as for `create_archive`.
    """
    source, target = _require_folder(source_path), Path(archive_path)
    others = ["--others", "--exclude-standard"] if include_untracked else []
    command = ["git", "-C", str(source), "ls-files", "-z", "--cached", "--deduplicate", *others]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
    except FileNotFoundError as error:
        raise ArchiveError("git is not installed.", hint="Use create_archive, or install git.") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip()
        raise ArchiveError(
            f"git does not know the files of {source}: {reason}",
            {"path": str(source)},
            hint="Use create_archive.",
        ) from error
    paths = sorted(os.fsdecode(path) for path in listed.split(b"\0") if path)
    # Tracked and deleted since: not there now.
    own = _place_of(target)
    there = [path for path in paths if os.path.lexists(source / path) and not _is_at(source / path, own)]
    for path in there:
        if (source / path).is_dir() and not (source / path).is_symlink():
            raise ArchiveError(
                f"{path} is a submodule, whose files git does not list here.",
                {"path": path},
                hint="Use create_archive.",
            )
        _check_link(source, path)
    chosen = filter or ArchiveFilter()
    wanted = [path for path in there if chosen.matches(path) and (source / path).is_file()]
    return _write(source, wanted, target, compression, compression_level, progress_callback)


def extract_archive(
    archive_path: str | Path,
    output_path: str | Path,
    progress_callback: ProgressCallback | None = None,
    *,
    limit_bytes: int | None = None,
) -> Path:
    """Unpack a zip file into a folder; return the folder.

    All of it is unpacked beside the folder first, so that an archive that is refused leaves nothing in it.
    Files of the same names are replaced, others stay.

    Args:
        archive_path: The archive.
        output_path: The folder; made if need be.
        progress_callback: Told after each file.
        limit_bytes: How much it may unpack to; 1 GiB, or 200 times its own size if that is more, unless
            given.

    Raises:
        ArchiveError: It is no whole zip file, or it holds what could do harm: a path that leads elsewhere, a
            link or device, one name twice, an encrypted file, or more than the limit.
        OSError: It can not be written.
    """
    archive, folder = Path(archive_path), Path(output_path)
    members = _read_members(archive)
    _check_members(archive, members)
    own_limit = max(_UNPACKED_BYTES, _UNPACKED_RATIO * archive.stat().st_size)
    limit = own_limit if limit_bytes is None else limit_bytes
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = temporary_sibling(folder.parent, label=folder.name or "archive")
    try:
        names = list(_unpack(archive, members, beside, limit, progress_callback))
        folder.mkdir(exist_ok=True)
        root = folder.resolve()
        for info in members:
            if info.is_dir():
                _inside(root, info.filename, archive).mkdir(parents=True, exist_ok=True)
        for name in names:
            target = _inside(root, name, archive)
            target.parent.mkdir(parents=True, exist_ok=True)
            (beside / name).replace(target)
    finally:
        shutil.rmtree(beside)
    return folder


def list_archive_contents(archive_path: str | Path) -> list[str]:
    """Return the paths of the files in a zip file, in its order, as it says them: they may lead anywhere.

    Raises:
        ArchiveError: It is no zip file.
    """
    return [info.filename for info in _read_members(Path(archive_path)) if not info.is_dir()]


def get_archive_size(archive_path: str | Path) -> int:
    """Return how many bytes the files in a zip file have unpacked, as it says.

    Raises:
        ArchiveError: It is no zip file.
    """
    return sum(info.file_size for info in _read_members(Path(archive_path)))


def _parse(patterns: Iterable[str]) -> tuple[Pattern, ...]:
    return tuple(parse_patterns("\n".join(patterns).encode("utf-8", "surrogateescape")))


def _is_matched(patterns: tuple[Pattern, ...], path: str, is_folder: bool) -> bool:
    whole = os.fsencode(path)
    for pattern in reversed(patterns):
        if (pattern.needs_folder and not is_folder) or pattern.matches is None:
            continue
        if pattern.matches(whole if pattern.sees_path else whole.rpartition(b"/")[2]):
            return not pattern.is_negated
    return False


def _require_folder(path: str | Path) -> Path:
    folder = Path(path).absolute()
    if not folder.is_dir():
        raise ArchiveError(f"There is no folder {folder}.", {"path": str(folder)})
    return folder


def _place_of(target: Path) -> Path:
    """Return where a file will be, however its folder was named."""
    return target.parent.resolve() / target.name


def _is_at(file: Path, place: Path) -> bool:
    return file.name == place.name and file.parent.resolve() == place.parent


def _list_files(folder: Path, chosen: ArchiveFilter) -> Iterator[str]:
    found = []
    for place, folders, files in os.walk(folder, onerror=_refuse_unreadable):
        base = Path(place).relative_to(folder)
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in [*files, *links]:
            path = (base / name).as_posix()
            if not chosen.matches(path):
                continue
            _check_link(folder, path)
            if name in links:
                raise ArchiveError(
                    f"{path} is a link to a folder, which an archive can not hold.",
                    {"path": path},
                    hint="Leave it out with a pattern, or put the files there.",
                )
            if (folder / path).is_file():
                found.append(path)
        # A folder that is left out is not walked through: it may be large.
        folders[:] = [
            name
            for name in folders
            if not _is_matched(chosen.exclude, (base / name).as_posix(), is_folder=True)
        ]
    return iter(sorted(found))


def _refuse_unreadable(error: OSError) -> None:
    raise ArchiveError(f"{error.filename} can not be read: {error.strerror}.", {"path": str(error.filename)})


def _check_link(folder: Path, path: str) -> None:
    file = folder / path
    if file.is_symlink() and not file.resolve().is_relative_to(folder.resolve()):
        raise ArchiveError(
            f"{path} is a link that leads out of the folder, to {file.readlink()}.",
            {"path": path},
            hint="Leave it out with a pattern, or put the file there.",
        )


def _write(
    folder: Path,
    paths: list[str],
    target: Path,
    compression: Compression,
    level: int,
    progress: ProgressCallback | None,
) -> Path:
    if compression not in _METHODS:
        allowed = ", ".join(get_args(Compression))
        raise ArchiveError(f"{compression!r} is no compression; there are {allowed}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        written_beside(target) as stream,
        zipfile.ZipFile(stream, "w", _METHODS[compression], compresslevel=level) as archive,
    ):
        for done, path in enumerate(paths, start=1):
            try:
                _add(archive, folder / path, path, _METHODS[compression])
            except (OSError, UnicodeEncodeError) as error:
                raise ArchiveError(f"{path!r} can not be packed: {error}.", {"path": repr(path)}) from error
            if progress is not None:
                progress(done, len(paths))
    return target


def _add(archive: zipfile.ZipFile, file: Path, path: str, method: int) -> None:
    with file.open("rb") as source:
        status = os.fstat(source.fileno())
        info = zipfile.ZipInfo(path, _EPOCH)
        info.create_system, info.compress_type, info.file_size = _UNIX, method, status.st_size
        info.external_attr = (stat.S_IFREG | (0o755 if status.st_mode & 0o111 else 0o644)) << 16
        with archive.open(info, "w") as target:
            shutil.copyfileobj(source, target, CHUNK_BYTES)


def _read_members(archive: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return opened.infolist()
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise ArchiveError(
                f"{archive} can not be read: {error.strerror}.", {"path": str(archive)}
            ) from error
        raise _broken(archive, f"it is no zip file ({error})") from error


def _check_members(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    seen: dict[tuple[str, ...], bool] = {}
    for info in members:
        name = info.filename
        parts = PurePosixPath(name).parts
        # zipfile cuts a name at its first null character; what it was is still in orig_filename.
        leads_elsewhere = (
            not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0]
        )
        if leads_elsewhere or "\0" in info.orig_filename:
            raise _broken(archive, f"it holds {info.orig_filename!r}, which would lie elsewhere")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _broken(archive, f"{name!r} in it is a link or a device, not a file")
        if info.flag_bits & 0x1:
            raise _broken(archive, f"{name!r} in it is encrypted")
        if parts in seen and not (seen[parts] and info.is_dir()):
            raise _broken(archive, f"it holds {name!r} twice")
        seen[parts] = info.is_dir()
    for parts in seen:
        above = next((parts[:end] for end in range(1, len(parts)) if seen.get(parts[:end]) is False), None)
        if above is not None:
            raise _broken(
                archive, f"{'/'.join(above)!r} in it is a file, and a folder of {'/'.join(parts)!r}"
            )


def _unpack(
    archive: Path,
    members: list[zipfile.ZipInfo],
    folder: Path,
    limit_bytes: int,
    progress: ProgressCallback | None,
) -> Iterator[str]:
    modes = {info.filename: 0o755 if info.external_attr >> 16 & 0o111 else 0o644 for info in members}
    total = sum(1 for info in members if not info.is_dir())
    if not total:
        return
    try:
        for done, (name, chunks) in enumerate(iter_members(archive, _ZIP, limit_bytes=limit_bytes), start=1):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, modes[name]), "wb") as stream:
                stream.writelines(chunks)
            if progress is not None:
                progress(done, total)
            yield name
    except UnpackedLimitError as error:
        raise _broken(
            archive, f"it unpacks to more than {format_size(limit_bytes)}", limit=limit_bytes
        ) from error
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's, such as a full disk: no fault of the archive
        raise _broken(archive, f"it can not be unpacked ({error})") from error


def _inside(root: Path, name: str, archive: Path) -> Path:
    """Return where a member goes, unless a link that was there before leads it elsewhere."""
    target = root / name
    if not target.parent.resolve().is_relative_to(root):
        raise _broken(archive, f"{name!r} would lie behind a link that leads out of {root}")
    return target


def _broken(archive: Path, what: str, **facts: Any) -> ArchiveError:
    return ArchiveError(f"{archive.name} can not be used: {what}.", {"path": str(archive), **facts})
