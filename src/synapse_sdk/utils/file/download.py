"""Files by their addresses, each fetched once.

Source: interface sheet `platform.md` §5. Unlike there, a file that is kept is whole; what is asked for by a
query, such as `?id=7`, is a file of its own; and only what lies in the folder of temporary files is ever
removed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from synapse_sdk.utils.file.io import evict_temp_files, get_temp_path, protect_temp_files
from synapse_sdk.utils.file.retry import streaming_download

__all__ = [
    "adownload_file",
    "afiles_url_to_path",
    "afiles_url_to_path_from_objs",
    "download_file",
    "download_json",
    "files_url_to_path",
    "files_url_to_path_from_objs",
]

#: Makes something of the path of a file that was fetched.
Coerce = Callable[[Path], Any]

#: What a storage adds to an address so that it may be asked: it changes each time, and the file does not.
_SIGNATURES = ("x-amz-", "x-goog-", "x-oss-")
#: The same, by what the signature is called. Without one beside it, such a name may tell which file is meant.
_SHOWN_AS = ("response-content-disposition", "response-content-type")
_SIGNED_WITH = {
    "x-amz-signature": _SHOWN_AS,
    "x-goog-signature": _SHOWN_AS,
    "signature": (
        "awsaccesskeyid", "expires", "googleaccessid", "key-pair-id", "ossaccesskeyid", "policy",
        "signature", *_SHOWN_AS,
    ),
    "sig": ("se", "sig", "ske", "skoid", "sks", "skt", "sktid", "skv", "sp", "spr", "sr", "st", "sv"),
}  # fmt: skip
#: Files that are fetched at once.
_AT_ONCE = 8
#: Of a suffix that is part of a file's name here.
_SUFFIX_LENGTH = 20


def download_file(
    url: str,
    path_download: str | Path,
    name: str | None = None,
    coerce: Coerce | None = None,
    use_cached: bool = True,
    evict: bool = True,
) -> Any:
    """Fetch a file into a folder; return its path, or what `coerce` makes of it.

    Args:
        url: An address of http or https.
        path_download: The folder; made if need be.
        name: The file's name, to which the address's suffix is added if it has another one. Such a file is
            always fetched. Unless given, it is a digest of the address, without what signs it, and the
            suffix.
        coerce: Called with the path.
        use_cached: Take a file that was fetched before.
        evict: Keep the folder small afterwards, if it is one of `get_temp_path`.

    Raises:
        ValueError: `name` is none of a file.
        ClientError: The file can not be had.
        OSError: It can not be written.
    """
    folder = Path(path_download)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (_name_after(url) if name is None else _with_suffix(name, url))
    if name is None and use_cached and path.is_file():
        with suppress(FileNotFoundError):  # evicted by another process just now
            os.utime(path)  # it is used again, and not the next to be evicted
    if name is not None or not use_cached or not path.is_file():
        streaming_download(url, path)
    if evict:
        with protect_temp_files([path]):
            evict_temp_files(folder)
    return path if coerce is None else coerce(path)


async def adownload_file(
    url: str,
    path_download: str | Path,
    name: str | None = None,
    coerce: Coerce | None = None,
    use_cached: bool = True,
    evict: bool = True,
) -> Any:
    """As `download_file`, while others run."""
    return await asyncio.to_thread(download_file, url, path_download, name, coerce, use_cached, evict)


def download_json(url: str) -> Any:
    """Return the JSON that an address answers.

    Raises:
        ClientError: It can not be had.
        ValueError: It is no JSON.
    """
    with tempfile.TemporaryDirectory(prefix="synapse-") as folder:
        data = streaming_download(url, Path(folder) / "answer").read_bytes()
    try:
        return json.loads(data)
    except ValueError as error:
        raise ValueError(f"{_shown(url)} answers no JSON: {error}") from error


def files_url_to_path(
    files: MutableMapping[str, Any], coerce: Coerce | None = None, file_field: str | None = None
) -> None:
    """Fetch the files that a mapping names, and put their paths in the place of their addresses.

    Args:
        files: Name → an address, which becomes a path; or a mapping with `url`, which becomes one with
            `path`. None stays. Changed in place, once all files are there.
        coerce: Called with each path; what it returns is put there instead.
        file_field: Only this name, unless all.

    Raises:
        ClientError, OSError: As `download_file`. The mapping is as it was.
    """
    _fetch_all([(files, key) for key in ([file_field] if file_field else list(files))], coerce)


async def afiles_url_to_path(
    files: MutableMapping[str, Any], coerce: Coerce | None = None, file_field: str | None = None
) -> None:
    """As `files_url_to_path`, while others run."""
    await asyncio.to_thread(files_url_to_path, files, coerce, file_field)


def files_url_to_path_from_objs(
    objs: Any,
    files_fields: Sequence[str],
    coerce: Coerce | None = None,
    is_list: bool = False,
    is_async: bool = False,
) -> None:
    """As `files_url_to_path`, for mappings inside of objects such as data units.

    Args:
        objs: An object, a mapping; or a list of them, with `is_list`.
        files_fields: Where its files are: `files`, or `data_unit.files` for one in another. What is there is
            an address, or a mapping as `files_url_to_path` takes it; an object that does not have it is
            passed over.
        coerce: Called with each path.
        is_list: Are there several objects?
        is_async: Without effect.

    Raises:
        ClientError, OSError: As `download_file`. The objects are as they were.
    """
    places: list[tuple[MutableMapping[str, Any], str]] = []
    for item in objs if is_list else [objs]:
        for field in files_fields:
            *above, last = field.split(".")
            holder = item
            for part in above:
                holder = holder.get(part) if isinstance(holder, Mapping) else None
            if not isinstance(holder, MutableMapping) or last not in holder:
                continue
            inner = holder[last]
            places += [(holder, last)] if isinstance(inner, str) else [(inner, key) for key in inner or ()]
    _fetch_all(places, coerce)


async def afiles_url_to_path_from_objs(
    objs: Any, files_fields: Sequence[str], coerce: Coerce | None = None, is_list: bool = False
) -> None:
    """As `files_url_to_path_from_objs`, while others run."""
    await asyncio.to_thread(files_url_to_path_from_objs, objs, files_fields, coerce, is_list)


def _fetch_all(places: Sequence[tuple[MutableMapping[str, Any], str]], coerce: Coerce | None) -> None:
    wanted = [(holder, key, url) for holder, key in places if (url := _find_url(holder[key])) is not None]
    folder = get_temp_path("media")
    # One address is fetched once, however often it is named: two writers of one file help nobody.
    paths = _fetch_each(list(dict.fromkeys(url for *_, url in wanted)), folder)
    with protect_temp_files(paths.values()):
        evict_temp_files(folder)
    values = [paths[url] if coerce is None else coerce(paths[url]) for *_, url in wanted]
    for (holder, key, _), value in zip(wanted, values, strict=True):
        if isinstance(holder[key], MutableMapping):
            holder[key].pop("url", None)  # one mapping may be at several places
            holder[key]["path"] = value
        else:
            holder[key] = value


def _fetch_each(urls: Sequence[str], folder: Path) -> dict[str, Path]:
    """Fetch addresses, some at once. After the first that fails, or Ctrl-C, no other is begun."""
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="synapse-download")
    try:
        tasks: dict[Future[Any], str] = {
            pool.submit(download_file, url, folder, evict=False): url for url in urls
        }
        return {tasks[task]: task.result() for task in as_completed(tasks)}
    finally:
        pool.shutdown(cancel_futures=True)


def _find_url(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, MutableMapping):
        url = value.get("url")
        return url if isinstance(url, str) else None
    return None


def _name_after(url: str) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    names = {key.lower() for key, _ in pairs}
    signing = {name for sign, beside in _SIGNED_WITH.items() if sign in names for name in beside}
    query = [
        (key, value)
        for key, value in pairs
        if key.lower() not in signing and not key.lower().startswith(_SIGNATURES)
    ]
    cleaned = urlunsplit(parts._replace(query=urlencode(query), fragment=""))
    return hashlib.md5(cleaned.encode(), usedforsecurity=False).hexdigest() + _suffix_of(url)


def _suffix_of(url: str) -> str:
    suffix = PurePosixPath(unquote(urlsplit(url).path)).suffix
    return suffix if suffix[1:].isalnum() and len(suffix) <= _SUFFIX_LENGTH else ""


def _with_suffix(name: str, url: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} is no name of a file.")
    suffix = _suffix_of(url)
    return name if name.lower().endswith(suffix.lower()) else name + suffix


def _shown(url: str) -> str:
    return url.partition("?")[0].rpartition("@")[2]
