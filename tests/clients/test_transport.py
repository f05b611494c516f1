"""Requests to one server, from several threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from synapse_sdk.clients.transport import Transport

THREADS = 8


def test_threads_that_ask_first_at_the_same_time_share_their_connections():
    transport, start = Transport("http://127.0.0.1:9"), threading.Barrier(THREADS)

    def ask(_: int) -> int:
        start.wait(10)
        return id(transport._client())

    with ThreadPoolExecutor(THREADS) as pool:
        clients = set(pool.map(ask, range(THREADS)))
    transport.close()

    assert len(clients) == 1
