"""Who visits: from the cookie to the principal, and the proof that a form is ours."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.console.errors import ForgedRequestError, SignedOutError, SlowFormError, TooLargeFormError
from synapse_sdk.console.links import links_of
from synapse_sdk.console.services import ConsoleServices, Principal

SESSION_COOKIE = "synapse_session"
#: Carries the CSRF token of the sign-in form, which has no session yet.
VISIT_COOKIE = "synapse_visit"
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
#: As long as the service lets a session live.
SESSION_LIFE_S = 7 * 24 * 3600
#: A name, a password, where to go next.
STRANGERS_FORM_MAX_BYTES = 16 * 1024
STRANGERS_FORM_MAX_S = 20.0
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has signed in."""

    principal: Principal
    csrf_token: str


def services_of(request: Request) -> ConsoleServices:
    """Return the services that the pages show."""
    services: ConsoleServices = request.app.state.services
    return services


def find_visitor(request: Request) -> Visitor | None:
    """Return who has signed in with the request's cookie, None without a cookie.

    Raises:
        SignedOutError: The cookie is not one that we gave out, or it has expired.
    """
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is None:
        return None
    try:
        principal, csrf_token = services_of(request).accounts.authenticate_session(cookie)
    except SynapseError as error:
        raise SignedOutError("The session of this cookie is unknown or has ended.") from error
    visitor = Visitor(principal, csrf_token)
    request.state.visitor = visitor
    return visitor


async def read_form(request: Request) -> FormData:
    """Return the fields of a posted form, empty for other requests."""
    if request.method in _SAFE_METHODS:
        return FormData()
    if not await run_in_threadpool(_is_signed_in, request):
        return await _read_small_form(request)
    return await request.form(max_files=0, max_fields=1000, max_part_size=16 * 1024 * 1024)


def _is_signed_in(request: Request) -> bool:
    try:
        return find_visitor(request) is not None
    except SignedOutError:  # said later, by pages that need somebody who has
        return False


async def _read_small_form(request: Request) -> FormData:
    """Read a form of somebody who has not signed in: they fill neither our memory nor our time."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > STRANGERS_FORM_MAX_BYTES:
        raise TooLargeFormError(f"The form of a stranger has at most {STRANGERS_FORM_MAX_BYTES:,} bytes.")
    try:
        async with asyncio.timeout(STRANGERS_FORM_MAX_S):
            return await request.form(max_files=0, max_fields=20)
    except TimeoutError:
        raise SlowFormError("The form took too long to arrive.") from None


Form = Annotated[FormData, Depends(read_form)]


def require_visitor(request: Request, form: Form) -> Visitor:
    """Return who has signed in. What changes something needs the proof that a page of ours sent it.

    Raises:
        SignedOutError: Nobody has.
        ForgedRequestError: The CSRF token or the origin is missing or wrong.
    """
    visitor = find_visitor(request)
    if visitor is None:
        raise SignedOutError("This page is for people who have signed in.")
    if request.method not in _SAFE_METHODS:
        require_own_form(request, form, visitor.csrf_token)
    return visitor


SignedIn = Annotated[Visitor, Depends(require_visitor)]


def require_own_form(request: Request, form: FormData, csrf_token: str | None) -> None:
    """Raise `ForgedRequestError` unless one of our own pages sent the request."""
    _require_own_origin(request)
    sent = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD)
    if not isinstance(sent, str) or not csrf_token or not _are_equal(sent, csrf_token):
        raise ForgedRequestError(
            "The form did not carry the token of this session.",
            hint="Go back, load the page again, then send the form once more.",
        )


def _require_own_origin(request: Request) -> None:
    origin = request.headers.get("origin") or request.headers.get("referer")
    if origin is None:
        return  # old browsers and tools; the token alone has to do
    if _site_of(origin) != request.headers.get("host", "").lower():
        raise ForgedRequestError("The form came from another site.", {"origin": origin[:200]})


def _site_of(address: str) -> str | None:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:  # such as http://[
        return None


def _are_equal(left: str, right: str) -> bool:
    return secrets.compare_digest(left.encode(), right.encode())


def give_cookie(
    request: Request, response: Response, name: str, value: str, *, life_s: int | None = None
) -> None:
    """Have the browser keep a secret for the console's pages alone."""
    response.set_cookie(
        name,
        value,
        max_age=life_s,
        path=links_of(request).prefix,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def take_cookie(request: Request, response: Response, name: str) -> None:
    """Have the browser forget a secret."""
    response.delete_cookie(
        name,
        path=links_of(request).prefix,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
