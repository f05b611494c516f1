"""From a request's headers to the principal. Source: interface sheet `platform.md` §1.4."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from synapse_sdk.server.http.errors import UnauthorizedError
from synapse_sdk.server.http.principal import Principal

#: Where tokens are looked for, most particular first.
TOKEN_HEADERS = ("SYNAPSE-Agent", "Synapse-Access-Token", "Authorization")
WORKSPACE_HEADER = "Synapse-Tenant"
_SCHEMES = ("token ", "bearer ")


def find_token(request: Request) -> str | None:
    """Return the token that a request carries: `Token x`, `Bearer x` or bare `x`."""
    for header in TOKEN_HEADERS:
        if value := _without_scheme(request.headers.get(header, "")):
            return value
    return None


def find_workspace(request: Request) -> str | None:
    """Return the workspace that a request asks for, None for the token's own."""
    return _without_scheme(request.headers.get(WORKSPACE_HEADER, "")) or None


def _without_scheme(value: str) -> str:
    value = value.strip()
    for scheme in _SCHEMES:
        if value.lower().startswith(scheme):
            return value[len(scheme) :].strip()
    return value


def authenticate(request: Request) -> Principal:
    """Return who is asking; looked up once for each request.

    Raises:
        UnauthorizedError: No token, or one that is unknown, expired or revoked.
    """
    known: Principal | None = getattr(request.state, "principal", None)
    if known is not None:
        return known
    principal = _look_up(request)
    request.state.principal = principal
    return principal


def is_let_in(request: Request) -> bool:
    """Is the token of a request good still? For answers that take hours."""
    try:
        _look_up(request)
    except UnauthorizedError:
        return False
    return True


def _look_up(request: Request) -> Principal:
    token = find_token(request)
    if token is None:
        raise UnauthorizedError(
            "Not authenticated: the request carries no token.",
            hint="Send the header `Synapse-Access-Token: Token …`; `synapse login` does.",
        )
    accounts: Any = request.app.state.services.accounts
    principal: Principal = accounts.authenticate(token, workspace=find_workspace(request))
    return principal


Authenticated = Annotated[Principal, Depends(authenticate)]
