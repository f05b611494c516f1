"""One file by its address, taken up where it broke off."""

from __future__ import annotations

import math
import os
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from synapse_sdk.clients.errors import ClientError
from synapse_sdk.clients.file_download import download_file
from synapse_sdk.clients.transport import Transport

__all__ = ["streaming_download"]

#: How often a file is asked for again. `SYNAPSE_DOWNLOAD_MAX_RETRIES`
_MAX_RETRIES = 5
#: Seconds before it is asked for again, doubled each time. `SYNAPSE_DOWNLOAD_BACKOFF_BASE`
_BACKOFF_BASE_S = 1.0
#: The most of them. `SYNAPSE_DOWNLOAD_BACKOFF_CAP`
_BACKOFF_CAP_S = 8.0


def streaming_download(url: str, path: str | Path, *, max_retries: int | None = None) -> Path:
    """Write what an address answers to a file, piece by piece; return its path.

    Redirects are followed. A download that breaks off goes on where it was, if what is there is still the
    same.

    Args:
        url: An address of http or https; a user and password in it are sent to its own host only.
        path: The file. It is there whole, or it stays as it was; its folder must exist.
        max_retries: How often it is asked for again when it breaks off, or the server can not send it just
            now; as `SYNAPSE_DOWNLOAD_MAX_RETRIES` says, else 5.

    Raises:
        ClientError: It is no address, or it can not be had. The message has no query and no password.
        OSError: The file can not be written.
    """
    target = Path(path)
    address, headers = _part_from_password(url)
    parts = urlsplit(address)
    transport = Transport(f"{parts.scheme}://{parts.netloc}", headers=headers, follows_redirects=True)
    try:
        download_file(transport, address, target, waits_s=_list_waits(max_retries))
    finally:
        transport.close()
    return target


def _part_from_password(url: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(url.strip())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address:
        shown = url.partition("?")[0].rpartition("@")[2]
        raise ClientError(None, f"{shown!r} is no address that a file can be had from: http and https are.")
    user_info, at, host = parts.netloc.rpartition("@")
    if not at:
        return urlunsplit(parts), {}
    word = b64encode(":".join(map(unquote, user_info.split(":", 1))).encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {word}"}


def _list_waits(max_retries: int | None) -> list[float]:
    retries = (
        _read_number("SYNAPSE_DOWNLOAD_MAX_RETRIES", _MAX_RETRIES) if max_retries is None else max_retries
    )
    base_s = _read_number("SYNAPSE_DOWNLOAD_BACKOFF_BASE", _BACKOFF_BASE_S)
    cap_s = _read_number("SYNAPSE_DOWNLOAD_BACKOFF_CAP", _BACKOFF_CAP_S)
    return [min(base_s * 2**tries, cap_s) for tries in range(int(retries))]


def _read_number(variable: str, default: float) -> float:
    """Return what a variable of the environment says, at the one place that asks for it."""
    text = os.environ.get(variable) or str(default)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1000:
        raise ClientError(None, f"{variable} is {text!r}; a number from 0 to 999 is needed.")
    return number
