"""What may be taken as data, and what not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from synapse_sdk.utils.file.content_guard import (
    ContentRule,
    UnsafeFileContentError,
    ensure_safe,
    ensure_safe_bytes,
    inspect_bytes,
    inspect_file,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
TOKEN = b"ghp_" + b"a1B2c3D4e5F6" * 3

REFUSED = [
    ("x.svg", b"<svg><script>alert(1)</script></svg>", "script_injection"),
    ("x.svg", b'<svg xmlns:s="http://www.w3.org/2000/svg"><s:script/></svg>', "script_injection"),
    ("x.svg", b"<svg\nonload = 'alert(1)'/>", "script_injection"),
    ("x.svg", b"<svg/onload=alert(1)>", "script_injection"),
    ("x.svg", b'<svg><a href="JaVaScRiPt:alert(1)"/></svg>', "script_injection"),
    ("x.svg", b'<svg><a href="&#106;ava&Tab;script&colon;alert(1)"/></svg>', "script_injection"),
    ("x.svg", b'<svg><a href="java\tscr\nipt:alert(1)"/></svg>', "script_injection"),
    ("x.svg", "\ufeff<svg><script/></svg>".encode("utf-16-le"), "script_injection"),
    ("x.txt", b"<?xml version='1.0'?><!-- a --><svg><script/></svg>", "script_injection"),
    ("", b"<!DOCTYPE html><body onclick='x()'>", "script_injection"),
    ("x.html", b"a" * 2_000_000 + b"<script>", "script_injection"),
    ("x.jpg", b"\x7fELF" + bytes(60), "executable"),
    ("x", b"MZ\x90\0\x03", "executable"),
    ("x.txt", b"#!/bin/sh\nrm -rf /\n", "executable"),
    ("x.EXE", b"", "executable"),
    ("x.png", b"\xff\xd8\xff\xe0", "signature_mismatch"),
    ("x.jpeg", PNG, "signature_mismatch"),
    ("x.zip", b"", "signature_mismatch"),
    ("notes.txt", b"line\ntoken " + TOKEN, "secret"),
    ("x.png", PNG + TOKEN, "secret"),
    (".env.local", b"A=1", "sensitive_name"),
    ("deep/ID_RSA", b"", "sensitive_name"),
    ("server.pem", b"", "sensitive_name"),
    (".docker/config.json", b"{}", "sensitive_name"),
]


@pytest.mark.parametrize(("name", "data", "rule"), REFUSED)
def test_what_is_no_data_is_found(tmp_path: Path, name: str, data: bytes, rule: str):
    assert rule in {finding.rule for finding in inspect_bytes(data, name)}
    with pytest.raises(UnsafeFileContentError) as caught:
        ensure_safe_bytes(data, name)
    assert TOKEN.decode() not in f"{caught.value.message}{caught.value.details}"
    if name:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
        assert inspect_file(file) == inspect_bytes(data, name)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.png", PNG),
        ("x.svg", b'<svg><a href="https://host/javascript"/><text>on = off</text></svg>'),
        ("labels.json", b'{"text": "<script>alert(1)</script>"}'),
        ("x.txt", b"MZ is how programs for Windows begin. onload=1"),
        ("x.csv", b"a,b\n1,2\n"),
        ("x.txt", b""),
        (".env.example", b"A=changeme"),
        ("x.unknown", bytes(1000)),
        ("page.xml", b"<annotation><filename>x.jpg</filename><object_count>1</object_count></annotation>"),
    ],
)
def test_what_is_data_passes(tmp_path: Path, name: str, data: bytes):
    assert inspect_bytes(data, name) == []
    (tmp_path / name).write_bytes(data)
    ensure_safe(tmp_path / name)


def test_real_images_pass():
    image = Image.new("RGB", (8, 8))

    for kind, suffix in [
        ("PNG", "png"),
        ("JPEG", "jpg"),
        ("GIF", "gif"),
        ("BMP", "bmp"),
        ("TIFF", "tiff"),
        ("WEBP", "webp"),
    ]:
        stream = io.BytesIO()
        image.save(stream, kind)
        assert inspect_bytes(stream.getvalue(), f"x.{suffix}") == []


def test_a_finding_has_its_line_and_a_refusal_its_reasons():
    data = b"#!/bin/sh\n\ncurl -H 'token " + TOKEN + b"'\n"

    rules = [(finding.rule, finding.line) for finding in inspect_bytes(data, "x.sh")]

    assert rules == [(ContentRule.EXECUTABLE, None), (ContentRule.SECRET, 3)]
    with pytest.raises(
        UnsafeFileContentError, match=r"x\.sh can not be taken: it is a script\. There are 1 more"
    ) as caught:
        ensure_safe_bytes(data, "x.sh")
    assert [finding["rule"] for finding in caught.value.findings] == ["executable", "secret"]


def test_a_script_is_found_at_its_line_and_between_two_pieces():
    data = b"<svg>\n" * 10 + b" " * (1024 * 1024 - 63) + b"<script/>"

    assert [(item.rule, item.line) for item in inspect_bytes(data, "x.svg")] == [
        (ContentRule.SCRIPT_INJECTION, 11)
    ]
