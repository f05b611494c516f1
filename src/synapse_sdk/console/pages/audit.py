"""What was refused, for admins."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from synapse_sdk.console.rendering import render
from synapse_sdk.console.session import SignedIn, services_of

router = APIRouter()
PAGE_ROWS = 100


@router.get("/audit/")
def list_entries(request: Request, visitor: SignedIn, after: int | None = None) -> Response:
    """Show what was refused, newest first."""
    found = services_of(request).accounts.list_audit_entries(visitor.principal, before=after, limit=PAGE_ROWS)
    following = found[-1]["id"] if len(found) == PAGE_ROWS else None
    return render(request, "audit.html", entries=found, after=after, next_after=following)
