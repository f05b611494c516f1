"""What every answer of the console says to browsers, and how much a request may carry."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Params may have 16 MiB; a form needs some room around them.
BODY_MAX_BYTES = 17 * 1024 * 1024
#: Nothing from elsewhere, nothing inline: an injected tag has nothing to run.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """ASGI middleware: adds the headers, and refuses bodies that no form of ours sends."""

    def __init__(self, app: ASGIApp) -> None:
        """Protect `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                # Pages hold what only their reader may see.
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if _is_too_large(Headers(scope=scope)):
            answer = PlainTextResponse(f"A form has at most {BODY_MAX_BYTES} bytes.", 413)
            await answer(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _is_too_large(headers: Headers) -> bool:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return True  # browsers know the length of a form before they send it
    length = headers.get("content-length", "0")
    return not length.isdigit() or int(length) > BODY_MAX_BYTES
