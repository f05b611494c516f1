"""Files in pieces, as base64, as documents; and the folder of temporary files, which is kept small.

Source: interface sheet `platform.md` §5. Unlike there, the folder is the user's own, and only what lies in it
is ever removed.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
import os
import re
import shutil
import stat
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = [
    "DEFAULT_CHUNK_SIZE",
    "DEFAULT_MAX_TEMP_FILES",
    "cleanup_stale_tmp_dirs",
    "convert_file_to_base64",
    "decode_base64_data",
    "evict_temp_dirs",
    "evict_temp_files",
    "get_dict_from_file",
    "get_temp_path",
    "is_base64_data",
    "protect_temp_file",
    "protect_temp_files",
    "read_file_in_chunks",
    "unprotect_temp_file",
]

#: Bytes that are read at once.
DEFAULT_CHUNK_SIZE = 50 * 1024 * 1024
#: Files that a folder of temporary files may hold, unless `SYNAPSE_MAX_TEMP_FILES` says otherwise.
DEFAULT_MAX_TEMP_FILES = 2000
#: Hours after which nobody comes back for a folder of temporary files.
_STALE_HOURS = 24.0

_DATA_URI = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,(?P<body>.*)", re.DOTALL
)
_protected: Counter[Path] = Counter()
_lock = threading.Lock()


def read_file_in_chunks(file_path: str | Path, chunk_size: int = DEFAULT_CHUNK_SIZE) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces of `chunk_size`, the last one shorter; none for an empty file.

    Raises:
        OSError: It can not be read.
        ValueError: `chunk_size` is below 1.
    """
    if chunk_size < 1:
        raise ValueError(f"chunk_size is {chunk_size}; a number of bytes above 0 is needed.")
    with Path(file_path).open("rb") as stream:
        while chunk := stream.read(chunk_size):
            yield chunk


def convert_file_to_base64(file_path: str | Path) -> str:
    """Return a file as a data URI: `data:image/png;base64,…`. A text that is one already comes back as it is.

    Raises:
        OSError: The file can not be read.
    """
    if isinstance(file_path, str) and is_base64_data(file_path):
        return file_path
    path = Path(file_path)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def is_base64_data(data: object) -> bool:
    """Is this a data URI with base64 in it? Any other text may as well be a path, and is none."""
    match = _DATA_URI.fullmatch(data) if isinstance(data, str) else None
    return match is not None and _decode(match["body"]) is not None


def decode_base64_data(data: str) -> bytes:
    """Return the bytes of a data URI, or of plain base64.

    Raises:
        ValueError: It is neither.
    """
    match = _DATA_URI.fullmatch(data)
    decoded = _decode(match["body"] if match else data)
    if decoded is None:
        raise ValueError(f"{data[:40]!r} is no base64.")
    return decoded


def get_dict_from_file(file_path: str | Path) -> dict[str, Any]:
    """Return the mapping that a file of JSON (`.json`) or YAML (`.yaml`, `.yml`) holds.

    Raises:
        OSError: It can not be read.
        ValueError: It is neither, is damaged, has a key twice, or holds something else; the message has the
            file and the place.
    """
    path = Path(file_path)
    kind = path.suffix.lower()
    if kind not in (".json", ".yaml", ".yml"):
        raise ValueError(f"{path.name} can not be read: files of .json, .yaml and .yml can.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is no text in UTF-8: {error.reason} at byte {error.start}.") from error
    document = (_parse_json if kind == ".json" else _parse_yaml)(text, path.name)
    if not isinstance(document, dict):
        raise ValueError(f"{path.name} holds a {type(document).__name__}, not a mapping.")
    return document


def get_temp_path(sub_path: str | Path | None = None) -> Path:
    """Return the folder of temporary files of this user, or one in it; made if need be, for nobody else to
    see.

    Raises:
        ValueError: `sub_path` leads out of it.
        PermissionError: Somebody else made the folder.
    """
    root = Path(tempfile.gettempdir()) / f"synapse-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    status = root.lstat()
    # Its name can be guessed. Whoever was there first could read, and change, what we put there.
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(f"{root} belongs to somebody else; set TMPDIR to a folder of your own.")
    if sub_path is None:
        return root
    folder = root / sub_path
    if ".." in Path(sub_path).parts or not folder.is_relative_to(root):
        raise ValueError(f"{str(sub_path)!r} leads out of {root}.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def protect_temp_file(path: str | Path) -> None:
    """Keep a temporary file of this process from being evicted, until it is unprotected as often."""
    with _lock:
        _protected[Path(path).absolute()] += 1


def unprotect_temp_file(path: str | Path) -> None:
    """Let a file be evicted that was protected; nothing for one that was not."""
    with _lock:
        place = Path(path).absolute()
        _protected[place] -= 1
        if _protected[place] <= 0:
            del _protected[place]


@contextmanager
def protect_temp_files(paths: Iterable[str | Path]) -> Iterator[None]:
    """Protect files while a block runs: `with protect_temp_files([path]): …`."""
    places = list(paths)
    for path in places:
        protect_temp_file(path)
    try:
        yield
    finally:
        for path in places:
            unprotect_temp_file(path)


def evict_temp_files(folder: str | Path | None = None, max_files: int | None = None) -> int:
    """Remove the files that were changed longest ago, until a folder holds no more than it may; return how
    many.

    Protected files stay, and so do files that are still being written, whose names begin with a dot.

    Args:
        folder: The folder, that of `get_temp_path` or one in it. Others are not tidied: 0.
        max_files: How many it may hold; as `SYNAPSE_MAX_TEMP_FILES` says, else `DEFAULT_MAX_TEMP_FILES`.

    Raises:
        ValueError: The variable is no whole number.
    """
    place = _find_own(folder)
    limit = _read_limit() if max_files is None else max_files
    if place is None:
        return 0
    files = [file for file in place.iterdir() if file.is_file() and not file.name.startswith(".")]
    return _evict(files, limit)


def evict_temp_dirs(folder: str | Path | None = None, max_dirs: int | None = None) -> int:
    """As `evict_temp_files`, for the folders in a folder. One that holds a protected file stays."""
    place = _find_own(folder)
    limit = _read_limit() if max_dirs is None else max_dirs
    if place is None:
        return 0
    return _evict([entry for entry in place.iterdir() if entry.is_dir() and not entry.is_symlink()], limit)


def cleanup_stale_tmp_dirs(max_age_hours: float = _STALE_HOURS) -> int:
    """Remove the folders of temporary files in which nothing was changed for so long; return how many."""
    oldest_s = time.time() - max_age_hours * 3600
    stale = [
        entry
        for entry in get_temp_path().iterdir()
        if entry.is_dir() and not entry.is_symlink() and _last_change_s(entry) < oldest_s
    ]
    return _evict(stale, 0)


def _decode(body: str) -> bytes | None:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _parse_json(text: str, file: str) -> Any:
    def refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if repeated := [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]:
            raise ValueError(f"{file} has a key twice in one mapping: {', '.join(map(repr, repeated))}.")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=refuse_repeated)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{file} is no JSON: {error.msg}: line {error.lineno} column {error.colno}."
        ) from error


def _parse_yaml(text: str, file: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = "" if mark is None else f": line {mark.line + 1} column {mark.column + 1}"
        what = "has a key twice in one mapping" if isinstance(error, DuplicateKeyError) else "is no YAML"
        raise ValueError(f"{file} {what}: {error.problem or error.context}{place}.") from error
    except YAMLError as error:
        raise ValueError(f"{file} is no YAML: {error}") from error


def _read_limit() -> int:
    text = os.environ.get("SYNAPSE_MAX_TEMP_FILES") or str(DEFAULT_MAX_TEMP_FILES)
    if not text.isdecimal():
        raise ValueError(f"SYNAPSE_MAX_TEMP_FILES is {text!r}; a whole number is needed.")
    return int(text)


def _find_own(folder: str | Path | None) -> Path | None:
    """Return the folder if it is one of temporary files. What users keep elsewhere is theirs."""
    root = get_temp_path()
    place = root if folder is None else Path(folder).absolute()
    return place if place.is_dir() and place.resolve().is_relative_to(root.resolve()) else None


def _evict(entries: list[Path], limit: int) -> int:
    with _lock:
        free = [entry for entry in entries if not any(kept.is_relative_to(entry) for kept in _protected)]
        excess = len(entries) - limit
        oldest = sorted(free, key=_last_change_s)[: max(excess, 0)]
        for entry in oldest:
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)  # another process may tidy, too
    return len(oldest)


def _last_change_s(entry: Path) -> float:
    try:
        inside = (file.lstat().st_mtime for file in entry.rglob("*")) if entry.is_dir() else ()
        return max(entry.lstat().st_mtime, *inside, 0.0)
    except FileNotFoundError:  # gone since it was listed
        return 0.0
