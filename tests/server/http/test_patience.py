"""Clients that are slow on purpose, over real sockets: they lose their connection, and nobody else waits."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from synapse_sdk.server.http import patience

REQUEST = b"GET /health/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def connection(server) -> Iterator[socket.socket]:
    """A connection that has said nothing."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as found:
        yield found


def read_to_end(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def trickle(connection: socket.socket) -> None:
    for _ in range(300):
        connection.sendall(b"x")
        try:
            assert connection.recv(1) == b"", "an answer to half a head"
        except TimeoutError:
            continue


@pytest.fixture
def short_patience(monkeypatch) -> None:
    monkeypatch.setattr(patience, "HEAD_LIMIT_S", 0.5)


def test_who_says_nothing_loses_the_connection(short_patience, connection):
    assert read_to_end(connection) == b""


def test_a_head_that_trickles_loses_the_connection(short_patience, server, connection):
    connection.sendall(REQUEST + b"X-Slow: ")
    connection.settimeout(0.1)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        trickle(connection)
    assert httpx.get(f"{server.url}/health/").status_code == 200


def test_a_later_head_on_the_same_connection_has_no_more_time(short_patience, connection):
    connection.sendall(REQUEST + b"\r\n")
    said = b""
    while not said.endswith(b"}"):
        said += connection.recv(65536)
    assert said.startswith(b"HTTP/1.1 200")
    connection.sendall(REQUEST)  # without its end
    assert read_to_end(connection) == b""


def test_a_head_has_a_size(connection):
    connection.sendall(REQUEST)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):  # a flood is cut off, whatever it says
        connection.sendall((b"X-More: " + b"x" * 1000 + b"\r\n") * 50_000)


def test_a_long_head_that_fits_is_answered(connection):
    connection.sendall(REQUEST + b"Connection: close\r\nX-More: " + b"x" * 30_000 + b"\r\n\r\n")
    assert read_to_end(connection).startswith(b"HTTP/1.1 200")


def test_many_who_say_nothing_keep_nobody_from_being_answered(server):
    address = urlsplit(server.url)
    idle = [socket.create_connection((address.hostname, address.port)) for _ in range(200)]
    try:
        assert httpx.get(f"{server.url}/health/", timeout=30).status_code == 200
    finally:
        for connection in idle:
            connection.close()
