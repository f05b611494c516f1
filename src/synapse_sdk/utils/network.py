"""Addresses, ids and limits of streams, checked before anything is sent."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from synapse_sdk.clients.errors import ValidationError
from synapse_sdk.utils.redaction import redact_text

_RESOURCE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
#: Characters of a message that a log line has room for.
_MESSAGE_LENGTH = 500
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


class InvalidRequestError(ValidationError, ValueError):
    """What would be asked is wrong; nothing was sent."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How much of a stream its reader takes. What comes beyond is an error, never dropped.

    Raises:
        ValueError: A limit is not a whole number above zero.
    """

    #: Messages of a WebSocket.
    max_messages: int = 10_000
    #: Lines of a stream over HTTP.
    max_lines: int = 50_000
    #: Bytes of all together.
    max_bytes: int = 50 * 1024 * 1024
    #: Bytes of one message.
    max_message_size: int = 10 * 1024
    #: Messages that wait to be read.
    queue_size: int = 1000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value!r}; a whole number above 0 is needed.")


def http_to_websocket_url(url: str) -> str:
    """Return the WebSocket's address of one of HTTP: `https` becomes `wss`, all else stays.

    Raises:
        InvalidRequestError: It is no address of http, https, ws or wss.
    """
    try:
        parts = urlsplit(url.strip())
        scheme = _SCHEMES.get(parts.scheme.lower())
        is_address = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        scheme, is_address = None, False
    if scheme is None or not is_address:
        raise InvalidRequestError(
            400, f"{redact_text(url)!r} is no address of a stream: http, https, ws and wss are."
        )
    return urlunsplit(parts._replace(scheme=scheme))


def sanitize_error_message(error_msg: str, context: str = "") -> str:
    """Return a message as one line for a log: without secrets, of at most 500 characters.

    Args:
        error_msg: The message.
        context: What was being done; stands before it.
    """
    line = " ".join(redact_text(str(error_msg)).split())
    if len(line) > _MESSAGE_LENGTH:
        line = f"{line[: _MESSAGE_LENGTH - 1]}…"
    return f"{context}: {line}" if context else line


def validate_resource_id(resource_id: Any, resource_name: str = "resource") -> str:
    """Return an id as text: letters, digits, `_` and `-`, at most 100, so that it can not lead elsewhere.

    Raises:
        InvalidRequestError: It is none.
    """
    is_id = isinstance(resource_id, str | int) and not isinstance(resource_id, bool)
    if not is_id or not _RESOURCE_ID.fullmatch(str(resource_id)):
        raise InvalidRequestError(
            400,
            f"{str(resource_id)[:100]!r} is no id of a {resource_name}: 1 to 100 of A-Z a-z 0-9 _ - are.",
        )
    return str(resource_id)


def validate_timeout(timeout: Any, max_timeout: float = 300.0) -> float:
    """Return a number of seconds above 0, at most `max_timeout`.

    Raises:
        InvalidRequestError: It is none.
    """
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool) and math.isfinite(timeout)
    if not is_number or not 0 < timeout <= max_timeout:
        raise InvalidRequestError(
            400, f"{timeout!r} is no timeout: more than 0 and at most {max_timeout:g} seconds are."
        )
    return float(timeout)
