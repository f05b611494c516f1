"""Language and colours, kept in cookies that say nothing of who chose them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from synapse_sdk.console.links import links_of
from synapse_sdk.console.pages.sign_in import inside
from synapse_sdk.console.rendering import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from synapse_sdk.console.session import VISIT_COOKIE, Form, find_visitor, require_own_form
from synapse_sdk.console.texts import NAMES

router = APIRouter()
_LIFE_S = 365 * 24 * 3600


@router.post("/preferences/")
def choose(request: Request, form: Form) -> Response:
    """Keep a choice, and go back to the page that it was made on. Signs nobody in and changes no data."""
    visitor = find_visitor(request)
    token = request.cookies.get(VISIT_COOKIE) if visitor is None else visitor.csrf_token
    require_own_form(request, form, token)
    response = RedirectResponse(inside(request, str(form.get("next", ""))), 303)
    path = links_of(request).prefix
    if (language := form.get("language")) in NAMES:
        response.set_cookie(LANGUAGE_COOKIE, str(language), max_age=_LIFE_S, path=path, samesite="lax")
    if (theme := form.get("theme")) in THEMES:
        response.set_cookie(THEME_COOKIE, str(theme), max_age=_LIFE_S, path=path, samesite="lax")
    return response
