"""Files as a request carries them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest

from synapse_sdk.utils.file.upload import (
    FileValidationError,
    close_file_handles,
    process_files_for_upload,
)


def read_all(files: dict[str, Any]) -> list[tuple[str, str, bytes, str]]:
    made = process_files_for_upload(files)
    try:
        return [(field, name, stream.read(), kind) for field, (name, stream, kind) in made]
    finally:
        close_file_handles(made)


def test_whatever_is_a_file_becomes_one(tmp_path: Path):
    path = tmp_path / "x.png"
    path.write_bytes(b"png")
    octets = "application/octet-stream"

    with path.open("rb") as opened:
        found = read_all(
            {
                "path": path,
                "text": str(path),
                "uri": "data:image/png;base64,aGkh",
                "bytes": b"b",
                "open": opened,
                "memory": io.BytesIO(b"m"),
                "named": ("label.json", b"{}"),
                "none": None,
                "several": [path, b"two"],
            }
        )

    assert found == [
        ("path", "x.png", b"png", "image/png"),
        ("text", "x.png", b"png", "image/png"),
        ("uri", "uri.png", b"hi!", "image/png"),
        ("bytes", "bytes", b"b", octets),
        ("open", "x.png", b"png", "image/png"),
        ("memory", "memory", b"m", octets),
        ("named", "label.json", b"{}", "application/json"),
        ("several", "x.png", b"png", "image/png"),
        ("several", "several", b"two", octets),
    ]


def test_a_request_takes_them(tmp_path: Path):
    (tmp_path / "x.png").write_bytes(b"png")
    files = process_files_for_upload({"file": tmp_path / "x.png"})

    request = httpx.Request("POST", "http://host", files=files)
    body = request.read()
    close_file_handles(files)

    assert b'name="file"; filename="x.png"' in body
    assert files[0][1][1].closed


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "What is in bad is a int, and no file"),
        ("/nowhere/x.png", "There is no file '/nowhere/x.png', which bad names"),
        ("x" * 10_000, "There is no file 'xxx"),
        (io.StringIO("x"), "The file in bad is open as text"),
        (("a", "b", "c"), "What is in bad is a tuple"),
    ],
)
def test_what_is_no_file_is_told_and_no_other_is_left_open(tmp_path: Path, value: Any, message: str):
    (tmp_path / "x").write_bytes(b"x")

    with pytest.raises(FileValidationError, match=message) as caught:
        process_files_for_upload({"good": tmp_path / "x", "bad": value})

    assert len(caught.value.message) < 300
    opened = [Path(f"/proc/self/fd/{entry.name}") for entry in Path("/proc/self/fd").iterdir()]
    assert tmp_path / "x" not in [entry.resolve() for entry in opened if entry.exists()]
