"""A folder → its manifest. The only part of this room that reads disk."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from synapse_sdk._internal.digests import CHUNK_BYTES, digest_bytes
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.source_identity import source_identity
from synapse_sdk.manifest import gitignore, ignore, names, never
from synapse_sdk.manifest.ignore import IGNORE_FILES, IgnoreFile, IgnoreRules, Rule
from synapse_sdk.manifest.known_files import KnownFiles, KnownFolder
from synapse_sdk.manifest.manifest import LeftOut, Manifest, ManifestFile
from synapse_sdk.manifest.names import from_manifest_name, to_manifest_name, to_printable
from synapse_sdk.manifest.never import VIRTUALENV, VIRTUALENV_MARKERS, find_never

#: Entries that are looked at to say how many files an ignored folder holds. Enough for anything that a person
#: would want counted; a folder of a million cached images must not slow a run down.
COUNT_LIMIT = 1_000

#: Files up to this size are read at once, and shown to whoever searches them.
SMALL_BYTES = CHUNK_BYTES

#: Called with a path and the whole content of a small file: is there certainly nothing to be found in it?
IsClean = Callable[[str, bytes], bool]

_ALWAYS = "always"
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}
#: A backslash separates folders where the archive may be unpacked. Control characters, those that turn the
#: direction of writing among them, can make a terminal show another name.
_MISLEADING = re.compile("[\\\\\0-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_DEAD_LINKS = {errno.ELOOP: "which leads back to itself", errno.ENOENT: "which is not there"}


class ManifestError(SynapseError):
    """Something in the folder can not travel and is not ignored; `details["problems"]` lists all of it."""

    @classmethod
    def of(cls, folder: Path, problems: dict[str, str]) -> ManifestError:
        """Build the error for problems by path."""
        lines = [f"{path} {problem}" for path, problem in sorted(problems.items())]
        many = f"{len(lines)} entries of {folder} can not travel:\n  " + "\n  ".join(lines)
        return cls(
            f"{lines[0]}." if len(lines) == 1 else many,
            {
                "folder": str(folder),
                "problems": [{"path": path, "problem": text} for path, text in sorted(problems.items())],
            },
            hint="Mend or remove it, or name it in .synapseignore if it need not travel.",
        )


def build_manifest(
    folder: Path, *, known: KnownFiles | None = None, is_clean: IsClean | None = None
) -> Manifest:
    """Read `folder` and say which of its files travel.

    A symbolic link to a file that travels is followed: its content travels under the link's name. Names are
    kept exactly as they are on disk. Empty folders do not travel.

    Size and digest of a file come from one reading, so each entry was true at one moment. Whoever copies the
    files later compares them with their digests.

    Args:
        folder: The folder.
        known: What is known of its files; those that are the same are not read. It is brought up to date, and
            not saved.
        is_clean: Searches the small files as they are read; see `Manifest.clean`.

    Raises:
        ManifestError: The folder is not there; or an entry that is not ignored is a link that leads outside,
            to a folder, to nothing or to something left out; a pipe, socket or device; unreadable; or has a
            name that is not UTF-8 or holds a control character or a backslash. Every such entry is named.
    """
    return _Walk(folder, known, is_clean).run()


class _Walk:
    """One reading of a folder."""

    def __init__(self, folder: Path, known: KnownFiles | None, is_clean: IsClean | None) -> None:
        self._folder = folder
        self._known = known
        self._is_clean = is_clean
        self._clean: set[str] = set()
        # Real, so that a link's real target can be compared with it.
        self._root = Path(os.path.realpath(folder))
        # As text: for 10,000 files, joining paths takes longer than asking the system about them.
        self._prefix = f"{str(self._root).rstrip('/')}/"
        self._files: dict[str, ManifestFile] = {}
        self._links: list[str] = []
        self._left_out: list[LeftOut] = []
        self._problems: dict[str, str] = {}
        self._warnings: list[str] = []

    def run(self) -> Manifest:
        """Walk, then follow the links, then say what was found."""
        if not self._root.is_dir():
            raise ManifestError(f"{self._folder} is not a folder.", {"folder": str(self._folder)})
        pending = [("", IgnoreRules())]
        while pending:
            prefix, above = pending.pop()
            pending.extend(self._walk_folder(prefix, above))
        if self._links:
            real_files = {from_manifest_name(name): file for name, file in self._files.items()}
            for path in self._links:
                self._follow(path, real_files)
        if self._problems:
            raise ManifestError.of(self._folder, self._problems)
        files = tuple(self._files[path] for path in sorted(self._files))
        left_out = tuple(sorted(self._left_out, key=lambda entry: entry.path))
        warnings = (*sorted(self._warnings), *_name_clashes(files))
        return Manifest(files, left_out, warnings, frozenset(self._clean))

    def _walk_folder(self, prefix: str, above: IgnoreRules) -> Iterator[tuple[str, IgnoreRules]]:
        """Take in one folder; yield the folders in it that are to be entered."""
        try:
            with os.scandir(self._root / prefix) as entries:
                by_name = {entry.name: entry for entry in entries}
        except OSError as error:
            self._problems[to_printable(prefix) or "."] = f"can not be listed: {error.strerror}"
            return
        rules = above.below(self._read_ignore_files(prefix, by_name))
        known = None
        if self._known is not None:
            known = self._known.enter(prefix, f"{_code_identity()} {rules.identity}")
        for name, entry in by_name.items():
            path = prefix + name
            if known is not None and name in known.taken and self._take_known(path, entry, known):
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if rule := self._find_rule(path, rules, is_folder=is_folder):
                self._leave_out(path, rule, is_folder=is_folder)
            elif problem := _name_problem(name):
                self._problems[to_printable(path)] = problem
            elif is_folder:
                yield path + "/", rules
            elif entry.is_symlink():
                self._links.append(path)
            else:
                self._take(path, entry, known)

    def _read_ignore_files(self, prefix: str, by_name: dict[str, os.DirEntry[str]]) -> dict[str, IgnoreFile]:
        files = {}
        for name in IGNORE_FILES:
            # A link or a pipe of that name is no ignore file, as for git; it is treated as any other entry.
            if name not in by_name or not by_name[name].is_file(follow_symlinks=False):
                continue
            path = prefix + name
            try:
                data = (self._root / path).read_bytes()
            except OSError as error:
                self._problems[to_printable(path)] = f"can not be read: {error.strerror}"
                continue
            if b"\0" in data:
                self._problems[to_printable(path)] = "is not text in UTF-8 (perhaps UTF-16); save it as UTF-8"
                continue
            files[name] = file = IgnoreFile.parse(path, data)
            self._warnings += [
                f"{file.path}:{pattern.line}: {pattern.text} can never match anything"
                for pattern in file.patterns
                if pattern.matches is None
            ]
        return files

    def _find_rule(self, path: str, rules: IgnoreRules, *, is_folder: bool) -> Rule | None:
        if reason := find_never(path, is_folder=is_folder):
            return Rule(_ALWAYS, reason)
        if rule := rules.find_rule(os.fsencode(path), is_folder=is_folder):
            return rule
        if is_folder and any(
            os.path.lexists(f"{self._prefix}{path}/{marker}") for marker in VIRTUALENV_MARKERS
        ):
            return Rule(_ALWAYS, VIRTUALENV)
        return None

    def _leave_out(self, path: str, rule: Rule, *, is_folder: bool) -> None:
        count = None
        if is_folder and rule.origin != _ALWAYS:
            count = _count_files(self._root / path)
        self._left_out.append(LeftOut(to_printable(path), rule.origin, rule.reason, is_folder, count))

    def _take(self, path: str, entry: os.DirEntry[str], known: KnownFolder | None) -> None:
        if known is not None and self._take_known(path, entry, known):
            return
        name = to_manifest_name(path)
        try:
            self._files[name] = self._read(path, entry.name, known)
        except _NotAFileError as error:
            self._problems[name] = f"is {error}; only files travel"
        except OSError as error:
            self._problems[name] = f"can not be read: {error.strerror}"

    def _take_known(self, path: str, entry: os.DirEntry[str], known: KnownFolder) -> bool:
        """Take a file that need not be read; return whether it is one."""
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return False  # reading it will say why
        facts = known.find(entry.name, status)
        if facts is None:
            return False
        _, size_bytes, _, _, digest, is_clean = facts
        name = to_manifest_name(path)
        if self._is_clean is not None:
            if is_clean:
                self._clean.add(name)
            elif size_bytes <= SMALL_BYTES:
                return False  # to be searched
        self._files[name] = ManifestFile(name, _mode(status), size_bytes, digest)
        return True

    def _read(self, path: str, last_name: str, known: KnownFolder | None) -> ManifestFile:
        name = to_manifest_name(path)
        # Not through a link, and not waiting for a pipe's writer: the entry may have been replaced just now.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self._prefix + path, flags)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _NotAFileError(_KINDS.get(stat.S_IFMT(status.st_mode), "not a file"))
            if status.st_size <= SMALL_BYTES:
                data = _read_whole(descriptor, status.st_size)
                size_bytes, digest, is_clean = len(data), digest_bytes(data), self._search(name, data)
            else:
                size_bytes, digest = _digest(descriptor)
                is_clean = False
        finally:
            os.close(descriptor)
        if known is not None and size_bytes == status.st_size:
            known.note(last_name, status, digest, is_clean=is_clean)
        return ManifestFile(name, _mode(status), size_bytes, digest)

    def _search(self, name: str, data: bytes) -> bool:
        if self._is_clean is None or not self._is_clean(name, data):
            return False
        self._clean.add(name)
        return True

    def _follow(self, path: str, real_files: Mapping[str, ManifestFile]) -> None:
        full, name = self._root / path, to_manifest_name(path)
        link = f"is a link to {to_printable(str(full.readlink()))}, "
        try:
            target = Path(os.path.realpath(full, strict=True))
        except OSError as error:
            what = _DEAD_LINKS.get(error.errno or 0, f"which can not be followed: {error.strerror}")
            self._problems[name] = link + what
            return
        if not target.is_relative_to(self._root):
            self._problems[name] = link + "which is outside the folder"
        elif found := real_files.get(target.relative_to(self._root).as_posix()):
            self._files[name] = ManifestFile(name, found.mode, found.size_bytes, found.digest)
        elif target.is_dir():
            self._problems[name] = link + "a folder; only links to files are followed"
        else:
            # It would carry what a rule keeps behind, such as `.env`, out under another name.
            self._problems[name] = link + "which does not travel itself"


@cache
def _code_identity() -> str:
    """Return what tells the code that decides what travels from every other version of it."""
    return source_identity(sys.modules[__name__], ignore, gitignore, names, never)


class _NotAFileError(Exception):
    """Neither a file nor a folder nor a link."""


def _read_whole(descriptor: int, size_bytes: int) -> bytes:
    """Read to the end, also of a file that has grown since its size was asked."""
    data = os.read(descriptor, size_bytes + 1)
    if len(data) == size_bytes:
        return data
    pieces = [data]
    while piece := os.read(descriptor, CHUNK_BYTES):
        pieces.append(piece)
    return b"".join(pieces)


def _digest(descriptor: int) -> tuple[int, str]:
    digest, size_bytes, room = hashlib.sha256(), 0, memoryview(bytearray(CHUNK_BYTES))
    while count := os.readv(descriptor, [room]):
        digest.update(room[:count])
        size_bytes += count
    return size_bytes, f"sha256:{digest.hexdigest()}"


def _mode(status: os.stat_result) -> int:
    return 0o755 if status.st_mode & stat.S_IXUSR else 0o644


def _name_problem(name: str) -> str | None:
    try:
        text = to_manifest_name(name)
    except UnicodeDecodeError:
        return "has a name that is not UTF-8"
    if _MISLEADING.search(text):
        return "has a name with a backslash or a control character"
    return None


def _count_files(folder: Path) -> int | None:
    """Count the files below a folder that is left out, within bounds. What can not be listed adds nothing."""
    files, seen, pending = 0, 0, [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if seen > COUNT_LIMIT:
                        return None
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        files += 1
        except OSError:
            continue
    return files


def _name_clashes(files: tuple[ManifestFile, ...]) -> list[str]:
    """Say which names become one where case or the spelling of accents does not count (macOS, Windows)."""
    import unicodedata

    first: dict[str, str] = {}
    clashes = []
    for file in files:
        path = file.path
        folded = path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()
        if (other := first.setdefault(folded, file.path)) != file.path:
            clashes.append(
                f"{other} and {file.path} differ only in case or accents; "
                "on macOS and Windows one would replace the other"
            )
    return clashes
