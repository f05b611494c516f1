"""A file → whether it may be uploaded: what it is must be what its name says, and no program or secret.

Source: interface sheet `actions.md` §7.5, for the rules' names.
"""

from __future__ import annotations

import re
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from synapse_sdk.plugins.actions.upload.markup import MARKUP_ENDINGS, find_script

_HEAD_BYTES = 4096


class ContentRule(StrEnum):
    """What speaks against a content."""

    SCRIPT_INJECTION = "SCRIPT_INJECTION"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    EXECUTABLE = "EXECUTABLE"
    SENSITIVE_FILE = "SENSITIVE_FILE"


class ContentFinding(NamedTuple):
    """Something that speaks against a content."""

    rule: ContentRule
    reason: str


#: How files with an ending begin. Source: the formats' specifications.
_SIGNATURES: dict[str, tuple[tuple[int, bytes], ...]] = {
    ".png": ((0, b"\x89PNG\r\n\x1a\n"),),
    ".jpg": ((0, b"\xff\xd8\xff"),),
    ".jpeg": ((0, b"\xff\xd8\xff"),),
    ".gif": ((0, b"GIF87a"), (0, b"GIF89a")),
    ".bmp": ((0, b"BM"),),
    ".tif": ((0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+")),
    ".tiff": ((0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+")),
    ".webp": ((8, b"WEBP"),),
    ".pdf": ((0, b"%PDF-"),),
    ".mp4": ((4, b"ftyp"),),
    ".mov": ((4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (4, b"free"), (4, b"skip")),
    ".mkv": ((0, b"\x1a\x45\xdf\xa3"),),
    ".webm": ((0, b"\x1a\x45\xdf\xa3"),),
    ".avi": ((8, b"AVI "),),
    ".wav": ((8, b"WAVE"),),
    ".flac": ((0, b"fLaC"),),
    ".ogg": ((0, b"OggS"),),
    ".zip": ((0, b"PK\x03\x04"), (0, b"PK\x05\x06")),
}
_PROGRAMS = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!",
)
_PROGRAM_ENDINGS = frozenset(
    {".exe", ".dll", ".so", ".dylib", ".bat", ".cmd", ".com", ".msi", ".scr", ".ps1", ".sh"}
)
_SENSITIVE_NAMES = (
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "*.pem",
    "*.pfx",
    "*.p12",
    "*.jks",
    "*.kdbx",
    ".env",
    ".env.*",
    ".netrc",
    ".pgpass",
    ".htpasswd",
    "credentials",
    "credentials.json",
)
_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----")


def inspect_file(path: Path) -> ContentFinding | None:
    """Return what speaks against a file, or None.

    Raises:
        OSError: It can not be read.
    """
    ending = path.suffix.lower()
    if any(fnmatch(path.name.lower(), pattern) for pattern in _SENSITIVE_NAMES):
        return ContentFinding(ContentRule.SENSITIVE_FILE, "by its name it holds keys or passwords")
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        if (finding := inspect_bytes(head, ending)) is not None or ending not in MARKUP_ENDINGS:
            return finding
        stream.seek(0)
        script = find_script(stream, ending)
    if script is None:
        return None
    return ContentFinding(ContentRule.SCRIPT_INJECTION, f"it holds a script: {script!r}")


def inspect_bytes(head: bytes, ending: str) -> ContentFinding | None:
    """Return what speaks against a file that begins so and has this ending (`.png`), or None."""
    if _PRIVATE_KEY.search(head):
        return ContentFinding(ContentRule.SENSITIVE_FILE, "it holds a private key")
    if ending in _PROGRAM_ENDINGS or head.startswith(_PROGRAMS) or _is_windows_program(head):
        return ContentFinding(ContentRule.EXECUTABLE, "it is a program")
    wanted = _SIGNATURES.get(ending)
    if wanted and not any(head.startswith(begin, at) for at, begin in wanted):
        reason = f"it is no {ending[1:]} file, though its name says so"
        return ContentFinding(ContentRule.TYPE_MISMATCH, reason)
    return None


def _is_windows_program(head: bytes) -> bool:
    # Two letters alone begin many texts; the address of the second header stands at byte 60.
    if not head.startswith(b"MZ") or len(head) < 64:
        return False
    at = int.from_bytes(head[60:64], "little")
    return head[at : at + 4] == b"PE\0\0" or at >= len(head)
