"""The console as an application of its own, and its place on the server's."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.console.errors import PageNotFoundError, SignedOutError, status_of
from synapse_sdk.console.links import inner_path, links_of
from synapse_sdk.console.pages import (
    audit,
    compare,
    datasets,
    home,
    job,
    job_data,
    jobs,
    log_file,
    models,
    plugins,
    preferences,
    releases,
    search,
    sign_in,
    start,
    tokens,
)
from synapse_sdk.console.rendering import render, texts_of
from synapse_sdk.console.security import SecurityHeaders
from synapse_sdk.console.services import ConsoleServices
from synapse_sdk.console.session import SESSION_COOKIE, find_visitor, take_cookie
from synapse_sdk.console.throttle import Throttle

_log = logging.getLogger("synapse.console")
_PAGES = (
    home,
    search,
    plugins,
    releases,
    start,
    jobs,
    job,
    job_data,
    log_file,
    compare,
    models,
    datasets,
    tokens,
    audit,
    preferences,
    sign_in,
)


def mount_console(app: FastAPI, services: ConsoleServices) -> None:
    """Serve the console under `/console/` of the server's application; `/` leads there."""
    # Around the whole of it: the page of an unforeseen error comes from outside of an app's own middleware.
    app.mount("/console", SecurityHeaders(build_console(services)))

    @app.get("/console", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    def to_console(request: Request) -> RedirectResponse:
        """Lead people to the console."""
        return RedirectResponse(f"{request.scope.get('root_path', '')}/console/")


def build_console(services: ConsoleServices) -> FastAPI:
    """Build the console's application."""
    app = FastAPI(
        title="Synapse console", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.services = services
    app.state.throttle = Throttle()
    for error in (SynapseError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(error, _answer_error)
    for page in _PAGES:
        app.include_router(page.router)
    app.router.routes.append(Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")))
    return app


def _answer_error(request: Request, error: Any) -> Response:
    status, message, hint = _describe(request, error)
    if status == 500:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    if isinstance(error, SignedOutError):
        return _ask_to_sign_in(request, error)
    if status in (401, 403):
        _record(request, message)
    _recognise(request)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"detail": message}, status)
    t = texts_of(request)
    title = t(f"error.{status}") if t.has(f"error.{status}") else t("error.other", status=status)
    return render(request, "error.html", status, title=title, message=message, hint=hint)


def _recognise(request: Request) -> None:
    """Note who is asking, so that an error page has the menu that its reader knows."""
    if not hasattr(request.state, "visitor"):
        try:
            find_visitor(request)
        except SignedOutError:
            return


def _describe(request: Request, error: Any) -> tuple[int, str, str | None]:
    if isinstance(error, SynapseError):
        return status_of(error), error.message, error.hint
    if isinstance(error, RequestValidationError):
        said = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors()[:5])
        return 400, said, None
    if isinstance(error, HTTPException):
        if error.status_code == 404:
            missing = PageNotFoundError(texts_of(request)("error.no_page", path=inner_path(request)))
            return 404, missing.message, None
        return error.status_code, str(error.detail), None
    return 500, texts_of(request)("error.see_log"), None


def _ask_to_sign_in(request: Request, error: SignedOutError) -> Response:
    # A cookie that is not ours is worth a record; one that is missing is everybody's first visit.
    if SESSION_COOKIE in request.cookies:
        _record(request, error.message)
    wants_page = request.method == "GET" and "application/json" not in request.headers.get("accept", "")
    response: Response
    if wants_page and "hx-request" not in request.headers:
        wanted = inner_path(request) + (f"?{request.url.query}" if request.url.query else "")
        response = RedirectResponse(links_of(request)("sign-in", next=wanted.removeprefix("/")), 303)
    else:
        response = JSONResponse({"detail": error.message}, 401, headers={"HX-Refresh": "true"})
    if SESSION_COOKIE in request.cookies:
        take_cookie(request, response, SESSION_COOKIE)
    return response


def _record(request: Request, detail: str) -> None:
    visitor = getattr(request.state, "visitor", None)
    request.app.state.services.accounts.record_refusal(
        None if visitor is None else visitor.principal, f"{request.method} {request.url.path}", detail
    )
