"""Files below an address, to be read only.

Source: interface sheet `platform.md` §5. Unlike there, nothing is uploaded: what a server does with a
file that is put to an address differs from one to the next.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, ClassVar, Never
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.config import HTTPStorageConfig, parse_configuration
from synapse_sdk.storage_providers.errors import (
    StorageCapabilityError,
    StorageConfigError,
    StorageConnectionError,
    StorageError,
    StorageNotFoundError,
    StoragePermissionError,
)
from synapse_sdk.storage_providers.inside import split_path
from synapse_sdk.storage_providers.registry import get_capabilities

#: What is read at once, and how much of a file is held in memory before it goes to a temporary one. Bytes.
_CHUNK, _HELD = 1024 * 1024, 16 * 1024 * 1024
_NOT_ADMITTED, _NOT_THERE, _NO_HEAD = (401, 403), (404, 410), (405, 501)


class HTTPStorage:
    """Files below one address."""

    capabilities: ClassVar[StorageCapabilities] = get_capabilities("http")

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        """Prepare requests; nothing is sent yet.

        Args:
            configuration: `base_url`, and perhaps `timeout` in seconds and `headers` that every request has.
                A `user:password@` in the address authenticates (Basic).

        Raises:
            StorageConfigError: The configuration does not fit, or the address is none.
        """
        self._config = parse_configuration(HTTPStorageConfig, "http", configuration)
        given = self._config.base_url.rstrip("/")
        if not _is_web_address(given):
            raise StorageConfigError(
                "The base_url of a storage begins with http:// or https://, and has no query.",
                {"field": "base_url"},
            )
        #: Without a name and password, which are sent with each request and told to nobody.
        self.base_url, self._login = _part_from_login(given)

    def upload(self, source: str | Path, target: str) -> str:
        """Refuse.

        Raises:
            StorageCapabilityError: Always.
        """
        raise _can_not("take files")

    def exists(self, target: str) -> bool:
        """Does the server have a file there?

        Raises:
            StorageConnectionError: It can not be asked.
            StoragePermissionError: It does not say, to us.
        """
        return self.get_pathlib(target).exists()

    def get_url(self, target: str) -> str:
        """Return the address of a file."""
        return "/".join([self.base_url, *(quote(part, safe="") for part in split_path(target))])

    def get_pathlib(self, path: str) -> HTTPPath:
        """Return a file.

        Raises:
            StoragePermissionError: It leads out of the storage.
        """
        return HTTPPath(self, split_path(path))

    def get_path_file_count(self, pathlib_obj: HTTPPath) -> int:
        """Return 1 for a file; what is in a folder is not known.

        Raises:
            StorageNotFoundError: No file is there.
        """
        pathlib_obj.get_size()
        return 1

    def get_path_total_size(self, pathlib_obj: HTTPPath) -> int:
        """Return how many bytes a file has."""
        return pathlib_obj.get_size()

    @contextmanager
    def ask(self, method: str, path: str) -> Iterator[httpx.Response]:
        """Send a request for a file; give its answer, which is a good one.

        Raises:
            StorageNotFoundError: No file is there.
            StoragePermissionError: It is not for us.
            StorageConnectionError: The server is away, or does not answer in time.
            StorageError: It answers something else, such as another address; that is not followed, for the
                headers may hold a secret.
        """
        url = self.get_url(path)
        headers = {**self._config.headers, "Accept-Encoding": "identity"}
        try:
            with httpx.stream(
                method, url, headers=headers, auth=self._login, timeout=self._config.timeout
            ) as response:
                if not response.is_success:
                    raise _refused(response.status_code, url)
                yield response
        except httpx.HTTPError as error:
            raise StorageConnectionError(
                f"{url} can not be reached: {error or type(error).__name__}.", {"url": url}
            ) from error


class HTTPPath:
    """A file below an address. It can be read; nothing is listed and nothing written."""

    def __init__(self, storage: HTTPStorage, parts: tuple[str, ...]) -> None:
        """Name a file of a storage by its parts; nothing is asked yet."""
        self._storage = storage
        self.parts = parts
        self._pure = PurePosixPath(*parts)

    @property
    def name(self) -> str:
        """The last part."""
        return self._pure.name

    @property
    def suffix(self) -> str:
        """The last part from its last dot on."""
        return self._pure.suffix

    @property
    def stem(self) -> str:
        """The last part without its suffix."""
        return self._pure.stem

    @property
    def parent(self) -> HTTPPath:
        """What it is below; the storage's own address is below nothing."""
        return HTTPPath(self._storage, self.parts[:-1])

    @property
    def url(self) -> str:
        """Its address."""
        return self._storage.get_url("/".join(self.parts))

    def __truediv__(self, other: str) -> HTTPPath:
        return HTTPPath(self._storage, (*self.parts, *split_path(other)))

    def joinpath(self, *others: str) -> HTTPPath:
        """Return a path below it."""
        added = (part for other in others for part in split_path(other))
        return HTTPPath(self._storage, (*self.parts, *added))

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"HTTPPath({self.url!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HTTPPath) and self.url == other.url

    def __hash__(self) -> int:
        return hash(self.url)

    def exists(self) -> bool:
        """Does the server have a file there?"""
        try:
            self.get_size()
        except StorageNotFoundError:
            return False
        return True

    def is_file(self) -> bool:
        """Does the server have a file there?  Folders are not known over HTTP."""
        return self.exists()

    def is_dir(self) -> bool:
        """Say no: folders are not known over HTTP."""
        return False

    def is_symlink(self) -> bool:
        """Say no."""
        return False

    def get_size(self) -> int:
        """Return how many bytes the file has.

        Raises:
            StorageNotFoundError: None is there.
        """
        path = "/".join(self.parts)
        try:
            with self._storage.ask("HEAD", path) as response:
                length = response.headers.get("content-length", "")
                if length.isdigit():
                    return int(length)
        except StorageError as error:
            if error.details.get("status_code") not in _NO_HEAD:
                raise
        with self.open("rb") as stream:  # the server does not say: read it
            return stream.seek(0, io.SEEK_END)

    def open(self, mode: str = "r", *, encoding: str | None = None) -> IO[Any]:
        """Open the file to be read: "rb", or "r" for text, UTF-8 unless told otherwise.

        It is fetched whole first, so that one that breaks off is never taken for a short one.

        Raises:
            StorageCapabilityError: It is to be written.
        """
        if mode not in ("r", "rt", "rb"):
            raise _can_not("be written")
        spooled = tempfile.SpooledTemporaryFile(max_size=_HELD)  # noqa: SIM115 - the caller closes it
        try:
            with self._storage.ask("GET", "/".join(self.parts)) as response:
                for chunk in response.iter_bytes(_CHUNK):
                    spooled.write(chunk)
        except BaseException:
            spooled.close()
            raise
        spooled.seek(0)
        return spooled if mode == "rb" else io.TextIOWrapper(spooled, encoding=encoding or "utf-8")

    def read_bytes(self) -> bytes:
        """Return the file's bytes."""
        with self.open("rb") as stream:
            content: bytes = stream.read()
        return content

    def read_text(self, encoding: str = "utf-8") -> str:
        """Return the file's text."""
        return self.read_bytes().decode(encoding)

    def iterdir(self) -> Never:
        """Refuse."""
        raise _can_not("list what is in a folder")

    def glob(self, pattern: str) -> Never:
        """Refuse."""
        raise _can_not("list what is in a folder")

    def rglob(self, pattern: str) -> Never:
        """Refuse."""
        raise _can_not("list what is in a folder")

    def mkdir(self, *_: object, **__: object) -> Never:
        """Refuse."""
        raise _can_not("be written")

    def write_bytes(self, _: bytes) -> Never:
        """Refuse."""
        raise _can_not("be written")


def _refused(status: int, url: str) -> StorageError:
    facts = {"url": url, "status_code": status}
    if status in _NOT_THERE:
        return StorageNotFoundError(f"Nothing is at {url}.", facts)
    if status in _NOT_ADMITTED:
        return StoragePermissionError(
            f"{url} is not for us: the server answers {status}.",
            facts,
            hint="Does the storage's configuration have the headers that it asks for?",
        )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR and status not in _NO_HEAD:
        return StorageConnectionError(f"{url} can not be had just now: the server answers {status}.", facts)
    return StorageError(f"{url} can not be had: the server answers {status}.", facts)


def _can_not(what: str) -> StorageCapabilityError:
    return StorageCapabilityError(
        f"A storage of the kind 'http' can not {what}: files are read by their addresses.",
        {"provider": "http"},
        hint="Name the files, or use a storage of another kind.",
    )


def _part_from_login(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = login.partition(":")
    return urlunsplit(parts._replace(netloc=host)), (unquote(user), unquote(password))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return good and not parts.query and not parts.fragment
