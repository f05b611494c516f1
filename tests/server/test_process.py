"""How the server's process listens."""

from __future__ import annotations

import socket
from pathlib import Path

from synapse_sdk.server.process import ServerConfig, _listen


def test_answers_do_not_wait_for_the_client_to_acknowledge_their_heads(tmp_path: Path) -> None:
    with (
        _listen(ServerConfig(data_dir=tmp_path, port=0)) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
