"""Files as a request carries them: paths, bytes, data URIs and open files, each with a name and a kind."""

from __future__ import annotations

import io
import mimetypes
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from synapse_sdk.plugins.actions.upload.exceptions import (
    FileProcessingError,
    FileUploadError,
    FileValidationError,
)
from synapse_sdk.utils.file.io import decode_base64_data, is_base64_data

__all__ = [
    "FileProcessingError",
    "FileTuple",
    "FileUploadError",
    "FileValidationError",
    "FilesDict",
    "RequestsFile",
    "close_file_handles",
    "process_files_for_upload",
]

#: Name, contents, kind: what a multipart request has of a file.
FileTuple = tuple[str, IO[bytes], str]
#: A field of the request, and the file in it.
RequestsFile = tuple[str, FileTuple]
#: What can be made one: field → a path, a data URI, bytes, an open file, name and bytes; or a list of these.
FilesDict = Mapping[str, Any]
#: Of a path that is told.
_SHOWN_LENGTH = 200


def process_files_for_upload(files: FilesDict) -> list[RequestsFile]:
    """Open files for a request; close them with `close_file_handles` once it is sent.

    Args:
        files: Field → a file: a path, a data URI, bytes, a file that is open in binary, or `(name, bytes or
            open file)`; or a list of them. None is left out.

    Returns:
        A field and a file each, in their order; as `files=` of httpx and requests takes them.

    Raises:
        FileValidationError: Something is no file, or there is none at the path; no file is left open.
        OSError: A file can not be read; no file is left open.
    """
    with ExitStack() as opened:
        made = [
            (field, _open(field, value, opened))
            for field, given in files.items()
            for value in (given if isinstance(given, list) else [given])
            if value is not None
        ]
        opened.pop_all()
    return made


def close_file_handles(files: Iterable[RequestsFile]) -> None:
    """Close the files of a request, those that were open before, too."""
    for _, (_, stream, _) in files:
        stream.close()


def _open(field: str, value: Any, opened: ExitStack) -> FileTuple:
    match value:
        case (str(name), contents):
            return _named(name, _open(field, contents, opened)[1])
        case str() if is_base64_data(value):
            kind = value[5:].split(";")[0].split(",")[0] or "application/octet-stream"
            name = f"{field}{mimetypes.guess_extension(kind) or ''}"
            return name, io.BytesIO(decode_base64_data(value)), kind
        case str() | Path():
            return _open_path(field, Path(value), opened)
        case bytes() | bytearray():
            return _named(field, io.BytesIO(value))
        case _ if callable(getattr(value, "read", None)):
            if isinstance(value, io.TextIOBase):
                raise FileValidationError(
                    f"The file in {field} is open as text.", {"field": field}, hint='Open it with "rb".'
                )
            source = getattr(value, "name", None)
            return _named(Path(source).name if isinstance(source, str) else field, value)
    raise FileValidationError(
        f"What is in {field} is a {type(value).__name__}, and no file.",
        {"field": field},
        hint="A path, a data URI, bytes, an open file or (name, bytes) is one.",
    )


def _open_path(field: str, path: Path, opened: ExitStack) -> FileTuple:
    # Unlike `Path.is_file`, no error of the system for a text that no path can be.
    if not os.path.isfile(path):  # noqa: PTH113
        # It may be contents that somebody meant to send, and is not repeated.
        text = str(path)
        shown = text if len(text) <= _SHOWN_LENGTH else f"{text[:40]}…"
        raise FileValidationError(f"There is no file {shown!r}, which {field} names.", {"field": field})
    return _named(path.name, opened.enter_context(path.open("rb")))


def _named(name: str, stream: IO[bytes]) -> FileTuple:
    return name, stream, mimetypes.guess_type(name)[0] or "application/octet-stream"
