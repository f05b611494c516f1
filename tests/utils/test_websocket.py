"""Messages of a real WebSocket on this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from websockets.sync.server import ServerConnection, serve

from synapse_sdk.exceptions import ClientTimeoutError, StreamLimitExceededError, WebSocketError
from synapse_sdk.utils.network import InvalidRequestError, StreamLimits
from synapse_sdk.utils.websocket import http_to_ws_url, stream_websocket, stream_websocket_logs
from tests.utils.file_server import FileServer

TOKEN = "q7Zt0bX9fLs2VwKd"


@contextmanager
def serving(handler: Callable[[ServerConnection], None]) -> Iterator[str]:
    """Serve one WebSocket; give its address, as one of HTTP."""
    with serve(handler, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}/jobs/1/logs/?token={TOKEN}"
        finally:
            server.shutdown()
            thread.join()


def saying(*messages: str | bytes | dict[str, object]) -> Callable[[ServerConnection], None]:
    def handler(connection: ServerConnection) -> None:
        for message in messages:
            connection.send(json.dumps(message) if isinstance(message, dict) else message)

    return handler


def test_messages_come_until_it_is_closed():
    seen = {}

    def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.update(connection.request.headers.raw_items())
        connection.send("one")
        connection.send("두".encode())

    with serving(handler) as url:
        assert list(stream_websocket(url, {"Authorization": "abc"})) == ["one", "두"]
    assert seen["Authorization"] == "abc"


def test_a_log_is_its_lines_until_it_is_complete():
    told = saying(
        {"type": "connected"}, {"type": "log", "message": "one"}, "plain", '{"loss": 1}',
        {"type": "log", "data": [1]}, {"type": "complete"}, "never read",
    )  # fmt: skip
    with serving(told) as url:
        assert list(stream_websocket_logs(url)) == ["one", "plain", '{"loss": 1}', "[1]"]


def test_a_log_that_was_not_complete_is_told_after_its_lines():
    with serving(saying("one")) as url:
        lines = stream_websocket_logs(url)
        assert next(lines) == "one"
        with pytest.raises(WebSocketError, match="closed before the log was complete") as caught:
            next(lines)
    assert TOKEN not in str(caught.value)


def test_an_error_that_is_told_is_raised_without_its_secrets():
    told = saying({"type": "error", "message": f"no access: token={TOKEN}"})
    with (
        serving(told) as url,
        pytest.raises(WebSocketError, match=r"says: .* token=\*\*\*") as caught,
    ):
        list(stream_websocket_logs(url))
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "messages", "before"),
    [
        (StreamLimits(max_messages=2), ["1", "2", "3"], ["1", "2"]),
        (StreamLimits(max_bytes=5), ["abc", "de", "f"], ["abc", "de"]),
        (StreamLimits(max_message_size=10), ["short", "x" * 11, "after"], ["short"]),
    ],
)
def test_what_is_beyond_a_limit_is_told_and_not_dropped(
    limits: StreamLimits, messages: list[str], before: list[str]
):
    with serving(saying(*messages)) as url:
        stream = stream_websocket(url, limits=limits)
        assert [next(stream) for _ in before] == before
        with pytest.raises(StreamLimitExceededError, match="more than is taken"):
            next(stream)


def test_silence_is_no_end():
    over = threading.Event()

    def handler(connection: ServerConnection) -> None:
        connection.send("one")
        over.wait(30)

    with serving(handler) as url:
        messages = stream_websocket(url, timeout=0.2)
        assert next(messages) == "one"
        with pytest.raises(ClientTimeoutError, match=r"said nothing for 0\.2 s"):
            next(messages)
        over.set()


def test_a_server_that_does_not_open_it_is_told_as_such():
    with socket.create_server(("127.0.0.1", 0)) as mute:  # the system takes the connection, nobody answers
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/?token={TOKEN}"
        with pytest.raises(ClientTimeoutError, match=r"did not open as a WebSocket for 0\.3 s") as caught:
            next(stream_websocket(url, timeout=0.3))

    assert TOKEN not in str(caught.value)


def test_a_server_that_breaks_off_is_told():
    def handler(connection: ServerConnection) -> None:
        connection.send("one")
        connection.socket.shutdown(2)

    with serving(handler) as url:
        messages = stream_websocket(url)
        assert next(messages) == "one"
        with pytest.raises(WebSocketError, match="broke off") as caught:
            next(messages)
    assert TOKEN not in str(caught.value)


def test_a_server_that_refuses_is_told_with_its_status():
    def refuse(connection: ServerConnection, request: object) -> object:
        return connection.respond(HTTPStatus.FORBIDDEN, "no")

    with serve(saying(), "127.0.0.1", 0, process_request=refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(WebSocketError, match="answers 403") as caught:
            list(stream_websocket(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"))
        server.shutdown()
        thread.join()
    assert caught.value.status_code == 403


def test_a_server_of_files_is_no_websocket(server: FileServer):
    with pytest.raises(WebSocketError):
        list(stream_websocket(f"{server.url}/x"))


def test_a_server_that_is_not_there_is_told():
    with serving(saying()) as url:
        pass

    with pytest.raises(WebSocketError, match="can not be opened") as caught:
        list(stream_websocket(url))
    assert TOKEN not in str(caught.value)


def test_what_is_no_address_is_refused_at_once():
    with pytest.raises(InvalidRequestError):
        stream_websocket("ftp://host")
    with pytest.raises(InvalidRequestError, match="at most 300 seconds"):
        stream_websocket("ws://host", timeout=0)
    assert http_to_ws_url("https://host/x") == "wss://host/x"
