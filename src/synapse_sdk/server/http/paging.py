"""Pages: ours go on after the last id, the vendor's clients follow `next` until it is null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query, Request

LIMIT_MAX = 1000
#: Ids and counts are the database's integers; a larger one names nothing.
INTEGER_END = 2**63

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Items of one page.")]
After = Annotated[str | None, Query(description="Go on after this item; taken from `next`.")]


def build_page(
    request: Request, items: Sequence[Any], *, limit: int, last: str | int | None, count: int | None = None
) -> dict[str, Any]:
    """Return a page as both kinds of client read it.

    Args:
        request: The request; `next` is its own address on the caller's host, with another `after`.
        items: What the page holds.
        limit: How many were asked for. A full page has a next one.
        last: What the next page goes on after; None when there is none.
        count: How many there are in all, where that is cheap to know.
    """
    is_full = len(items) >= limit and last is not None
    following = str(request.url.include_query_params(after=last)) if is_full else None
    return {
        "count": len(items) if count is None else count,
        "next": following,
        "previous": None,
        "results": items,
    }
