"""`blobs/`: contents, by their digest."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel, ConfigDict, Field, with_config
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from typing_extensions import TypedDict

from synapse_sdk.server.http import InvalidError, ServiceError
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.guarded_route import GuardedRoute
from synapse_sdk.server.registry.body import Body
from synapse_sdk.server.registry.content_service import CONTENT_LIMIT_BYTES, ContentService
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE

router = APIRouter(prefix="/blobs", tags=["blobs"], route_class=GuardedRoute)

DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}$"
ASKED_LIMIT = 10_000
_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")

Digest = Annotated[str, Path(pattern=DIGEST_PATTERN)]
_BINARY = {"schema": {"type": "string", "format": "binary"}}


@with_config(ConfigDict(extra="forbid"))
class AskedContent(TypedDict):
    """A content that the client has. Of thousands, dicts are made in half the time of models."""

    digest: Annotated[str, Field(pattern=DIGEST_PATTERN)]
    size_bytes: Annotated[int, Field(ge=0, le=CONTENT_LIMIT_BYTES)]


class MissingRequest(BaseModel):
    """Contents that the client has."""

    model_config = ConfigDict(extra="forbid")

    blobs: list[AskedContent] = Field(max_length=ASKED_LIMIT)


def _service(request: Request) -> ContentService:
    service: ContentService = request.app.state.services.registry.contents
    return service


@router.post("/missing/")
def find_missing(request: Request, principal: Authenticated, body: MissingRequest) -> dict[str, Any]:
    """Say which of these contents the workspace lacks, and how far interrupted ones came, in bytes."""
    asked = {content["digest"]: content["size_bytes"] for content in body.blobs}
    missing, offsets = _service(request).find_missing(principal, asked)
    return {"missing": missing, "offsets": offsets}


@router.post(
    "/pack/", openapi_extra={"requestBody": {"required": True, "content": {PACK_MEDIA_TYPE: _BINARY}}}
)
async def receive_pack(request: Request, principal: Authenticated) -> dict[str, Any]:
    """Take many small contents in one stream; each that comes whole is kept, even if the stream breaks."""
    receiver = await run_in_threadpool(_service(request).receive_pack, principal)
    body = Body(request)
    try:
        async for batch in body.batches():
            await run_in_threadpool(receiver.feed, batch)
    except ClientDisconnect:
        return {"stored": await run_in_threadpool(receiver.keep)}  # nobody hears it
    except Exception:
        await run_in_threadpool(receiver.keep)
        await body.drain()
        raise
    return {"stored": await run_in_threadpool(receiver.finish)}


@router.put(
    "/{digest}/",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}},
)
async def receive_content(
    request: Request,
    principal: Authenticated,
    digest: Digest,
    content_range: Annotated[str | None, Header(description="bytes first-last/total")] = None,
) -> dict[str, Any]:
    """Take one content, or a part of it; can be taken up again where it broke off."""
    service = _service(request)
    start, end, total = _parse_range(content_range)
    body = Body(request)
    try:
        known = await run_in_threadpool(service.begin_content, principal, digest, start, total)
        if known is not None:
            await body.drain()
            return {"digest": digest, "offset": known, "is_complete": True}
        offset = start
        async for piece in body.pieces():
            if end is not None and offset + len(piece) > end:
                raise InvalidError(f"There are more bytes than the Content-Range says: {content_range!r}.")
            await run_in_threadpool(service.append_content, principal, digest, offset, piece)
            offset += len(piece)
    except ClientDisconnect:
        await run_in_threadpool(service.pause_content, principal, digest)
        return {"digest": digest}  # nobody hears it
    except ServiceError:
        await body.drain()
        raise
    here, is_complete = await run_in_threadpool(service.end_content, principal, digest, total)
    return {"digest": digest, "offset": here, "is_complete": is_complete}


def _parse_range(text: str | None) -> tuple[int, int | None, int | None]:
    """Return where the bytes begin, where they end (exclusive), and how many the content has."""
    if text is None:
        return 0, None, None
    match = _RANGE.fullmatch(text.strip())
    if match is not None:
        first, last, total = map(int, match.groups())
        if first <= last < total:
            return first, last + 1, total
    raise InvalidError(
        f"Content-Range is {text[:100]!r}, not `bytes first-last/total`.", {"content_range": text[:100]}
    )
