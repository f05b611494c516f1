"""The messages of a WebSocket, within limits.

Source: interface sheet `platform.md` §3.4. Unlike there, silence is an error and no end, and a message that
is too long is told and not dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from synapse_sdk._internal.extras import install_command, require
from synapse_sdk.clients.errors import ClientTimeoutError, StreamLimitExceededError, WebSocketError
from synapse_sdk.utils.network import (
    StreamLimits,
    http_to_websocket_url,
    sanitize_error_message,
    validate_timeout,
)
from synapse_sdk.utils.redaction import redact_url

_CONNECT_TIMEOUT_S = 10.0


def http_to_ws_url(url: str) -> str:
    """Return the WebSocket's address of one of HTTP; see `network.http_to_websocket_url`."""
    return http_to_websocket_url(url)


def stream_websocket(
    url: str,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
    limits: StreamLimits | None = None,
) -> Iterator[str]:
    """Yield the messages of a WebSocket as texts, until the other side closes it.

    Args:
        url: Its address; one of http or https is turned into that of a WebSocket.
        headers: Sent with the first request, such as those that authenticate.
        timeout: Seconds for which the other side may say nothing; to begin with, 10 at most.
        limits: How much is taken.

    Raises:
        InvalidRequestError: The address, or the timeout, is none; nothing was sent.
        MissingExtraError: The library for WebSockets is not installed.
        WebSocketError: It can not be opened, or broke off; `status_code` is that of a server that refused.
        ClientTimeoutError: The other side said nothing for so long.
        StreamLimitExceededError: There is more than `limits` take; what was within them has been yielded.
    """
    address, silence_s = http_to_websocket_url(url), validate_timeout(timeout)
    websockets = require(
        "websockets.sync.client", install=install_command("websocket"), why="read a WebSocket"
    )
    return _read(websockets, address, dict(headers or {}), silence_s, limits or StreamLimits())


def stream_websocket_logs(
    url: str,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
    limits: StreamLimits | None = None,
) -> Iterator[str]:
    """Yield the lines of a log that a WebSocket tells, until it says that the log is complete.

    A message is a line as it is, or JSON: `{"type": "log", "message": …}`, `complete` at the end, `error`.

    Args:
        url, headers, timeout, limits: As for `stream_websocket`.

    Raises:
        WebSocketError: As `stream_websocket`; and the other side told an error, or closed before the log was
            complete.
        ClientError: As `stream_websocket`.
    """
    return _read_log(stream_websocket(url, headers, timeout, limits), redact_url(url))


def _read(
    websockets: Any, url: str, headers: dict[str, str], silence_s: float, limits: StreamLimits
) -> Iterator[str]:
    from websockets.exceptions import ConnectionClosedOK, InvalidStatus, PayloadTooBig, WebSocketException

    shown = redact_url(url)
    count = size_bytes = 0
    is_open = False
    try:
        with websockets.connect(
            url,
            additional_headers=headers,
            open_timeout=min(_CONNECT_TIMEOUT_S, silence_s),
            max_size=limits.max_message_size,
            max_queue=limits.queue_size,
        ) as connection:
            is_open = True
            while True:
                message = connection.recv(timeout=silence_s)
                count += 1
                size_bytes += len(message.encode() if isinstance(message, str) else message)
                if count > limits.max_messages or size_bytes > limits.max_bytes:
                    raise _too_much(shown, f"{limits.max_messages} messages, {limits.max_bytes} bytes")
                yield message if isinstance(message, str) else message.decode("utf-8", "replace")
    except ConnectionClosedOK:
        return
    except TimeoutError as error:
        waited_s = silence_s if is_open else min(_CONNECT_TIMEOUT_S, silence_s)
        what = "said nothing" if is_open else "did not open as a WebSocket"
        raise ClientTimeoutError(f"{shown} {what} for {waited_s:g} s.") from error
    except InvalidStatus as error:
        status = error.response.status_code
        raise WebSocketError(
            status, f"{shown} is no WebSocket for us: the server answers {status}."
        ) from error
    except (WebSocketException, OSError) as error:
        causes = (error, error.__cause__, error.__context__)
        if any(isinstance(cause, PayloadTooBig) for cause in causes) or "1009" in str(error):
            raise _too_much(shown, f"{limits.max_message_size} bytes in one message") from error
        reason = sanitize_error_message(str(error) or type(error).__name__)
        raise WebSocketError(
            None, f"The WebSocket {shown} broke off, or can not be opened: {reason}"
        ) from error


def _read_log(messages: Iterator[str], shown: str) -> Iterator[str]:
    for message in messages:
        kind, line = _parse(message)
        if kind == "complete":
            return
        if kind == "error":
            raise WebSocketError(None, f"{shown} says: {sanitize_error_message(line)}")
        if kind != "connected":
            yield line
    raise WebSocketError(None, f"{shown} closed before the log was complete.")


def _parse(message: str) -> tuple[str, str]:
    """Return the kind of a message and what it says; a text that is none of the protocol's is a line."""
    try:
        document = json.loads(message)
    except ValueError:
        return "log", message
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        return "log", message
    told = document.get("message", document.get("data", ""))
    return document["type"], told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def _too_much(shown: str, limit: str) -> StreamLimitExceededError:
    return StreamLimitExceededError(
        None, f"{shown} tells more than is taken: {limit}.", hint="Give larger `limits`, if it is meant to."
    )
