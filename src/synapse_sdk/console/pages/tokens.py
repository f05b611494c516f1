"""The visitor's tokens: list, make (shown once), revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.console.errors import ConsoleError, status_of
from synapse_sdk.console.links import links_of
from synapse_sdk.console.once import once_of_form
from synapse_sdk.console.rendering import render, texts_of
from synapse_sdk.console.session import Form, SignedIn, Visitor, services_of

router = APIRouter()
PAGE_ROWS = 100
_KINDS = ("user", "ci", "agent")
_ROLES = ("viewer", "developer", "publisher", "admin")
_LIVES_DAYS = (7, 30, 90, 365)


@router.get("/tokens/")
def list_tokens(request: Request, visitor: SignedIn, after: Annotated[int, Query(ge=0)] = 0) -> Response:
    """Show the tokens that the visitor may see."""
    return _show(request, visitor, after=after)


@router.post("/tokens/")
def create_token(request: Request, visitor: SignedIn, form: Form) -> Response:
    """Make a token. Its text is on this page and nowhere else, ever."""
    try:
        kind, name, life = _parse(request, form)
        role = str(form.get("role") or "") or None
        if kind == "agent" or role not in _ROLES:
            role = None
        once = once_of_form(request, visitor.principal, form)
        new = services_of(request).accounts.create_own_token(
            visitor.principal, kind=kind, name=name, role=role, life=life, once=once
        )
    except SynapseError as error:
        if status_of(error) >= 500:
            raise
        was_made = status_of(error) == 409
        problem = texts_of(request)("tokens.made_before") if was_made else error.message
        return _show(request, visitor, status_of(error), problem=problem, typed=dict(form))
    return _show(request, visitor, 201, new=new)


@router.post("/tokens/{token_id}/revoke/")
def revoke_token(request: Request, visitor: SignedIn, token_id: int) -> Response:
    """End a token."""
    services_of(request).accounts.revoke_token(visitor.principal, token_id)
    return RedirectResponse(links_of(request)("tokens"), 303)


def _parse(request: Request, form: FormData) -> tuple[str, str, timedelta | None]:
    t = texts_of(request)
    name, kind, days = (str(form.get(field, "")).strip() for field in ("name", "kind", "life_days"))
    if not 1 <= len(name) <= 100:
        raise ConsoleError(t("tokens.name_needed"))
    if kind not in _KINDS:
        raise ConsoleError(t("tokens.kind_unknown"))
    if days and (not days.isdigit() or not 1 <= int(days) <= 3650):
        raise ConsoleError(t("tokens.life_wrong"))
    return kind, name, timedelta(days=int(days)) if days else None


def _show(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    after: int = 0,
    new: object = None,
    problem: str | None = None,
    typed: dict[str, object] | None = None,
) -> Response:
    found = services_of(request).accounts.list_tokens(visitor.principal, after=after, limit=PAGE_ROWS)
    role = visitor.principal.role
    return render(
        request,
        "tokens.html",
        status,
        tokens=found,
        after=after,
        next_after=found[-1].id if len(found) == PAGE_ROWS else None,
        new=new,
        problem=problem,
        typed=typed or {},
        kinds=_KINDS if visitor.principal.may("accounts:write") else _KINDS[:2],
        roles=_ROLES[: _ROLES.index(role) + 1] if role in _ROLES else (),
        lives_days=_LIVES_DAYS,
    )
