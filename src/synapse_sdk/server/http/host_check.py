"""Refuses requests for a Host that is not ours, as a page sends them that rebinds its name to loopback."""

from __future__ import annotations

from collections.abc import Callable, Collection

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from synapse_sdk.server.http.errors import InvalidError
from synapse_sdk.server.http.handlers import problem_response

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


class HostCheck:
    """ASGI middleware: only the hosts that the server is known by."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], record: Callable[[str, str], None]) -> None:
        """Let requests for `hosts` (names without a port) through to `app`.

        Any other is refused, and handed to `record`: what was asked, and why it was refused.
        """
        self._app = app
        self._record = record
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "").lower()
        name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
        if name in self._hosts:
            await self._app(scope, receive, send)
            return
        refusal = InvalidError(
            f"The Host header names {name!r}, which this server does not answer to.",
            hint="Start the server with --allow-host NAME to serve it under that name.",
        )
        asked = f"{scope.get('method', 'WEBSOCKET')} {scope['path']}"
        await run_in_threadpool(self._record, asked, refusal.message)
        await problem_response(refusal)(scope, receive, send)
