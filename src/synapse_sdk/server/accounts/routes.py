"""`whoami/`, `tokens/`, `audit/`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from synapse_sdk._internal.clock import iso_z
from synapse_sdk._version import __version__
from synapse_sdk.server.accounts.models import Token
from synapse_sdk.server.accounts.service import AccountService
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.http.once import Idempotent
from synapse_sdk.server.http.paging import INTEGER_END, Limit, build_page
from synapse_sdk.server.http.principal import Role

router = APIRouter(tags=["accounts"], route_class=GuardedRoute)

AfterId = Annotated[int, Query(ge=0, lt=INTEGER_END)]
TokenId = Annotated[int, Path(ge=0, lt=INTEGER_END)]


class NewTokenRequest(BaseModel):
    """A token to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    kind: Literal["user", "ci", "agent"] = "user"
    role: Role | None = Field(default=None, description="At most your own, which is the default.")
    life_days: float | None = Field(
        default=90,
        gt=0,
        le=3650,
        description="None: until it is revoked. Never longer than the token that asks.",
    )


def _service(request: Request) -> AccountService:
    service: AccountService = request.app.state.services.accounts
    return service


@router.get("/whoami/")
def whoami(request: Request, principal: Authenticated) -> dict[str, Any]:
    """Say who the token belongs to."""
    return {**_service(request).describe(principal), "server_version": __version__}


@router.get("/tokens/")
def list_tokens(
    request: Request,
    principal: Authenticated,
    limit: Limit = 100,
    after: AfterId = 0,
) -> dict[str, Any]:
    """List tokens: an admin sees all of the workspace, others their own. Never their texts."""
    found = _service(request).list_tokens(principal, after=after, limit=limit)
    items = [{**_describe(token), "account": token.account_name} for token in found]
    return build_page(request, items, limit=limit, last=found[-1].id if found else None)


@router.post("/tokens/", status_code=201)
def create_token(
    request: Request, principal: Authenticated, once: Idempotent, body: NewTokenRequest
) -> dict[str, Any]:
    """Make a token. This answer is the only place where its text ever appears.

    A request that is repeated with the same `Idempotency-Key` makes no second one: 409 says which it made.
    """
    life = None if body.life_days is None else timedelta(days=body.life_days)
    new = _service(request).create_own_token(
        principal,
        kind=body.kind,
        name=body.name,
        role=body.role,
        life=life,
        may_shorten="life_days" not in body.model_fields_set,
        once=once,
    )
    return {**_describe(new.token), "token": new.text}


@router.delete("/tokens/{token_id}/", status_code=204)
def revoke_token(request: Request, principal: Authenticated, token_id: TokenId) -> None:
    """End a token."""
    _service(request).revoke_token(principal, token_id)


@router.get("/audit/")
def list_audit_entries(
    request: Request,
    principal: Authenticated,
    limit: Limit = 100,
    after: AfterId | None = None,
) -> dict[str, Any]:
    """List what was refused, newest first; for admins."""
    found = _service(request).list_audit_entries(principal, before=after, limit=limit)
    items = [{**entry, "at": iso_z(entry["at"])} for entry in found]
    return build_page(request, items, limit=limit, last=found[-1]["id"] if found else None)


def _describe(token: Token) -> dict[str, Any]:
    moments = ("created_at", "expires_at", "last_used_at", "revoked_at")
    shown = {name: getattr(token, name) for name in ("id", "kind", "name", "hint", "role")}
    return shown | {
        name: None if (moment := getattr(token, name)) is None else iso_z(moment) for name in moments
    }
