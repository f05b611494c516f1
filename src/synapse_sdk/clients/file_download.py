"""One file by its address: written beside, taken up where it broke off, renamed when it is whole.

An address of the server itself is asked with the token; any other, such as a signed one of a storage,
without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.clients.errors import ClientError, ClientResponseIncompleteError
from synapse_sdk.clients.patience import RETRY_WAITS_S
from synapse_sdk.clients.transport import BROKEN, Transport, is_worth_repeating, wait_before_repeating

if TYPE_CHECKING:
    import httpx

_SCHEMES = ("http", "https")
_PARTIAL = 206


def download_file(
    transport: Transport, url: str, target: Path, *, waits_s: Sequence[float] = RETRY_WAITS_S
) -> int:
    """Write what an address answers to `target`; return its size in bytes.

    Args:
        transport: The server that named the address.
        url: The address; one without a host is the server's own.
        target: The file. It is there whole, or it stays as it was; its folder must exist.
        waits_s: Seconds before each time that it is asked for again, where it broke off or a server can not
            send it just now, and did not say how long that takes.

    Raises:
        ClientError: The address is none, or it can not be had; its query, which may hold a signature, is not
            told.
        OSError: It can not be written.
    """
    address = _resolve(transport, url)
    source = _choose_source(transport, address)
    part = target.with_name(f".{uuid7()}.part")
    try:
        with source as asked:
            size_bytes = _receive(asked, address, part, waits_s)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return size_bytes


def _resolve(transport: Transport, url: str) -> str:
    if "://" not in url and not url.startswith("//"):
        parts = urlsplit(transport.url)
        base = f"{parts.scheme}://{parts.netloc}" if url.startswith("/") else transport.url
        return f"{base}/{url.lstrip('/')}"
    if not _is_web_address(url):
        raise ClientError(
            None, f"{_shown(url)!r} is no address that a file can be had from: http and https are."
        )
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


@contextmanager
def _choose_source(transport: Transport, address: str) -> Iterator[Transport]:
    mine, other = urlsplit(transport.url), urlsplit(address)
    if (mine.scheme, mine.netloc) == (other.scheme, other.netloc):
        yield transport
        return
    stranger = Transport(f"{other.scheme}://{other.netloc}")
    try:
        yield stranger
    finally:
        stranger.close()


def _receive(source: Transport, address: str, part: Path, waits_s: Sequence[float]) -> int:
    version: dict[str, str] = {}  # of what is in `part`
    for tries in range(len(waits_s) + 1):
        try:
            return _take_up(source, address, part, version)
        except BROKEN as error:
            if tries == len(waits_s) or not is_worth_repeating(error):
                raise
            wait_before_repeating(error, tries, waits_s)
    raise AssertionError("unreachable")


def _take_up(source: Transport, address: str, part: Path, version: dict[str, str]) -> int:
    """Go on with a part; `version` is the header by which a file that was replaced meanwhile comes anew.

    Of a server that does not say which version it sends, everything is asked for again.
    """
    have = part.stat().st_size if version and part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", **version}
    with source.stream(address, headers=headers) as response:
        goes_on = response.headers.get("content-range", "").startswith(f"bytes {have}-") and have > 0
        if response.status_code == _PARTIAL and not goes_on:
            part.unlink(missing_ok=True)
            raise ClientResponseIncompleteError(f"{_shown(address)} came from another place than asked for.")
        version.clear()
        version.update(_read_version(response.headers))
        with part.open("ab" if goes_on else "wb") as stream:
            for chunk in response.iter_bytes():
                stream.write(chunk)
        size_bytes = part.stat().st_size
        if (wanted := _whole_size(response, have if goes_on else 0)) not in (None, size_bytes):
            raise ClientResponseIncompleteError(
                f"{_shown(address)} broke off after {size_bytes} of {wanted} bytes."
            )
    return size_bytes


def _read_version(headers: httpx.Headers) -> dict[str, str]:
    """Return what tells this version of a file from every other. Source: RFC 9110 §13.1.5."""
    tag, changed = headers.get("etag", ""), headers.get("last-modified", "")
    if tag.startswith('"'):  # a weak one says too little
        return {"If-Range": tag}
    try:
        # In the second in which it was sent, it may have been changed again.
        is_past = parsedate_to_datetime(headers.get("date", "")) > parsedate_to_datetime(changed)
    except (TypeError, ValueError):
        return {}
    return {"If-Range": changed} if is_past else {}


def _whole_size(response: httpx.Response, before: int) -> int | None:
    length = response.headers.get("content-length")
    return before + int(length) if length is not None and length.isdigit() else None


def _shown(url: str) -> str:
    return url.partition("?")[0]
