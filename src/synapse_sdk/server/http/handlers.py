"""How errors leave the server: each as one problem document."""

from __future__ import annotations

import errno
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from synapse_sdk._internal.jsonable import describe_json
from synapse_sdk.server.http.errors import (
    PROBLEM_JSON,
    ForbiddenError,
    InvalidError,
    ServiceError,
    UnauthorizedError,
    UnavailableError,
)

_log = logging.getLogger("synapse.server")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def install_handlers(app: FastAPI) -> None:
    """Have every error of `app` answered with a problem document."""
    app.add_exception_handler(ServiceError, _answer_service_error)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_exception_handler(HTTPException, _answer_http_exception)
    app.add_exception_handler(OSError, _answer_os_error)
    app.add_exception_handler(Exception, _answer_unexpected)


def problem_response(error: ServiceError) -> JSONResponse:
    """Return the response for an error."""
    headers = {}
    if isinstance(error, UnauthorizedError):
        headers["WWW-Authenticate"] = 'Token realm="synapse"'
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(error.details.get("retry_after_s", 5))
    document = describe_json(error.to_problem())
    return JSONResponse(document, error.status, headers=headers, media_type=PROBLEM_JSON)


def _answer_service_error(request: Request, error: Any) -> JSONResponse:
    if isinstance(error, UnauthorizedError | ForbiddenError):
        services = request.app.state.services
        services.accounts.record_refusal(
            getattr(request.state, "principal", None), f"{request.method} {request.url.path}", error.message
        )
    return problem_response(error)


def _answer_validation_error(request: Request, error: Any) -> JSONResponse:
    problems = [
        {
            "loc": [part for part in item["loc"] if part != "body"] or ["body"],
            "msg": item["msg"],
            "type": item["type"],
            "input": _show(item.get("input")),
        }
        for item in error.errors()
    ]
    return problem_response(InvalidError.of_fields(problems))


def _answer_http_exception(request: Request, error: Any) -> JSONResponse:
    document = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "detail": f"{error.detail}: {request.method} {request.url.path}",
    }
    return JSONResponse(document, error.status_code, headers=error.headers, media_type=PROBLEM_JSON)


def _answer_os_error(request: Request, error: Any) -> JSONResponse:
    if error.errno in _NO_ROOM:
        return problem_response(
            UnavailableError(
                "The server has no room left on its disk; nothing of this request was kept.",
                hint="Make room in the server's data folder, then send it again.",
            )
        )
    return _answer_unexpected(request, error)


def _answer_unexpected(request: Request, error: Any) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(ServiceError("The server failed; its log has the reason."))


def _show(value: Any) -> Any:
    text = repr(value)
    return value if len(text) <= 200 and isinstance(value, str | int | float | bool | None) else text[:200]
