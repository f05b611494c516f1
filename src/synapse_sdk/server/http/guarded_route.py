"""Routes that ask for the token before they read a body, and take only JSON that can be told again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool

from synapse_sdk.server.http.auth import authenticate
from synapse_sdk.server.http.errors import InvalidError, TooLargeError

#: Bodies that are held in memory: a manifest of 200,000 files is about 40 MB. Files are read as they come.
BODY_LIMIT_BYTES = 64 * 1024**2
#: Numbers that can be too large for a float, which then is infinite: `1e400`.
_MAY_OVERFLOW = re.compile(rb"[eE]\+?\d{3}|\d{309}")


class GuardedRoute(APIRoute):
    """A route for those who hold a token.

    Otherwise bodies would be read before the token is looked at: anybody could fill the memory, or with a
    form the disk.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, behind the guard."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await run_in_threadpool(authenticate, request)
            bounded = GuardedRequest(request.scope, request.receive)
            # Here, because FastAPI calls every problem of a body "an error", and nothing else.
            if self.body_field is not None and "json" in bounded.headers.get("content-type", ""):
                await bounded.json()
            return await handler(bounded)

        return guarded


class GuardedRequest(Request):
    """A request whose body has bounds."""

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            TooLargeError: It is longer than is held in memory.
        """
        if not hasattr(self, "_body"):
            body = bytearray()
            async for chunk in self.stream():
                body += chunk
                if len(body) > BODY_LIMIT_BYTES:
                    raise TooLargeError(
                        f"The body of this request has up to {BODY_LIMIT_BYTES:,} bytes.",
                        {"limit_bytes": BODY_LIMIT_BYTES},
                    )
            self._body = bytes(body)
        return self._body

    async def json(self) -> Any:
        """Return the body as JSON: no half characters, no numbers without end, not nested more than 200 deep.

        Python's own parser takes all of these, and the answers that hold them can not be written later.

        Raises:
            InvalidError: It is none, or holds what can not be kept.
        """
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = None if not body else await run_in_threadpool(_read_json, body)
        return self._json


def _read_json(body: bytes) -> Any:
    try:
        document = from_json(body, allow_inf_nan=False)
        if _MAY_OVERFLOW.search(body):
            json.dumps(document, allow_nan=False)
    except ValueError as error:
        raise InvalidError(f"The body is no JSON that can be kept: {error}.") from error
    return document
