"""The vendor's upload as a form: read while it comes, its file to the disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from synapse_sdk._internal.units import format_size
from synapse_sdk.server.http import InvalidError, TooLargeError
from synapse_sdk.server.registry.manifest import SIZE_LIMIT_BYTES
from synapse_sdk.server.registry.vendor_upload import VendorUpload

#: Texts of the form; the config with the forms of its actions is the longest.
_TEXT_LIMIT_BYTES = 16 * 1024**2
_FIELD_LIMIT = 20
_MULTIPART = "multipart/form-data"


def is_multipart(request: Request) -> bool:
    """Is the body a form with files?"""
    return request.headers.get("content-type", "").lower().startswith(_MULTIPART)


@asynccontextmanager
async def received_form(request: Request) -> AsyncIterator[VendorUpload]:
    """Read the form; its file is gone after the block.

    Raises:
        InvalidError: It is no form, or lacks a part.
        TooLargeError: It is larger than a release may be.
    """
    parser = MultiPartParser(
        request.headers,
        _bounded(request),
        max_files=1,
        max_fields=_FIELD_LIMIT,
        max_part_size=_TEXT_LIMIT_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InvalidError(f"The body is not a form that can be read: {error.message}") from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidError("The part `file`, a zip of the plugin's folder, is missing.")
        texts = {name: _get_text(form, name) for name in ("plugin", "version", "config", "debug")}
        if not texts["plugin"] or not texts["version"]:
            raise InvalidError("The parts `plugin` and `version` are needed.")
        yield VendorUpload(**texts, file=file.file)
    finally:
        await form.close()


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes > SIZE_LIMIT_BYTES + _TEXT_LIMIT_BYTES:
            raise TooLargeError(f"An upload has up to {format_size(SIZE_LIMIT_BYTES)}.")
        yield chunk


def _get_text(form: Any, name: str) -> str:
    value = form.get(name, "")
    if not isinstance(value, str):
        raise InvalidError(f"The part `{name}` is a text, not a file.")
    return value
