"""Signing in with a password or a one-time link, and signing out."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.console.errors import TooManyTriesError, status_of
from synapse_sdk.console.links import links_of
from synapse_sdk.console.rendering import render, texts_of
from synapse_sdk.console.session import (
    SESSION_COOKIE,
    SESSION_LIFE_S,
    VISIT_COOKIE,
    Form,
    SignedIn,
    give_cookie,
    require_own_form,
    services_of,
    take_cookie,
)
from synapse_sdk.console.throttle import Throttle

router = APIRouter()
_NAME_MAX = 100


@router.get("/sign-in/")
def show_form(request: Request) -> Response:
    """Show the form."""
    return _show_form(request)


@router.post("/sign-in/")
def sign_in(request: Request, form: Form) -> Response:
    """Sign in with name and password."""
    require_own_form(request, form, request.cookies.get(VISIT_COOKIE))
    name, password = _text(form, "name")[:_NAME_MAX], _text(form, "password")
    try:
        _throttle_of(request).require_patience(name)
        cookie = services_of(request).accounts.sign_in_by_password(name, password)
    except SynapseError as error:
        return _refuse(request, form, error, name=name)
    _throttle_of(request).clear(name)
    return _let_in(request, form, cookie)


@router.post("/sign-in/link/")
def sign_in_by_link(request: Request, form: Form) -> Response:
    """Sign in with the secret of a one-time link; the script takes it from behind the #."""
    require_own_form(request, form, request.cookies.get(VISIT_COOKIE))
    try:
        cookie = services_of(request).accounts.sign_in_by_link(_text(form, "secret")[:200])
    except SynapseError as error:
        return _refuse(request, form, error)
    return _let_in(request, form, cookie)


@router.post("/sign-out/")
def sign_out(request: Request, visitor: SignedIn) -> Response:
    """End the session."""
    services_of(request).accounts.sign_out(request.cookies[SESSION_COOKIE])
    response = RedirectResponse(links_of(request)("sign-in"), 303)
    take_cookie(request, response, SESSION_COOKIE)
    return response


def _show_form(
    request: Request, status: int = 200, *, problem: str | None = None, name: str = "", wanted: str = ""
) -> Response:
    token = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(32)
    wanted = wanted or request.query_params.get("next", "")
    response = render(
        request, "sign_in.html", status, csrf_token=token, problem=problem, name=name, wanted=wanted
    )
    give_cookie(request, response, VISIT_COOKIE, token)
    return response


def _refuse(request: Request, form: FormData, error: SynapseError, *, name: str | None = None) -> Response:
    """Say what was wrong on the form itself, and keep that somebody tried."""
    if status_of(error) >= 500:
        raise error
    if name is not None and not isinstance(error, TooManyTriesError):
        _throttle_of(request).record_failure(name)
    services_of(request).accounts.record_refusal(
        None, f"POST {request.url.path}", error.message if name is None else f"{name!r}: {error.message}"
    )
    t = texts_of(request)
    if isinstance(error, TooManyTriesError):
        problem = t("sign_in.too_many", seconds=max(1, round(error.details["wait_s"])))
    else:
        problem = t("sign_in.wrong_link" if name is None else "sign_in.wrong_password")
    return _show_form(request, status_of(error), problem=problem, name=name or "", wanted=_text(form, "next"))


def _let_in(request: Request, form: FormData, cookie: str) -> Response:
    if (earlier := request.cookies.get(SESSION_COOKIE)) is not None:
        services_of(request).accounts.sign_out(earlier)  # nobody has its cookie any more
    response = RedirectResponse(inside(request, _text(form, "next")), 303)
    give_cookie(request, response, SESSION_COOKIE, cookie, life_s=SESSION_LIFE_S)
    take_cookie(request, response, VISIT_COOKIE)
    return response


def inside(request: Request, wanted: str) -> str:
    """Return the page to show next: one of ours, whatever the form says."""
    try:
        parts = urlsplit(wanted)
    except ValueError:  # such as //[
        return links_of(request)()
    is_ours = not parts.scheme and not parts.netloc and "\\" not in wanted and ":" not in parts.path
    path = parts.path.lstrip("/") if is_ours and wanted.isprintable() else ""
    return links_of(request)() + path + (f"?{parts.query}" if path and parts.query else "")


def _throttle_of(request: Request) -> Throttle:
    throttle: Throttle = request.app.state.throttle
    return throttle


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
