"""Clients are tested against the real server."""

from __future__ import annotations

from tests.server.conftest import server, start_server

__all__ = ["server", "start_server"]
