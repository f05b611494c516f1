"""What a data file may not be: a program, something else than its name says, or somebody's secret.

Source: interface sheet `platform.md` §5. Texts about programs and scripts are data: what counts is what a
browser or a shell would run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path, PurePosixPath

from synapse_sdk._internal.digests import CHUNK_BYTES
from synapse_sdk.manifest.never import CREDENTIALS, ENVIRONMENT, PRIVATE_KEY, find_never
from synapse_sdk.packaging.secrets import scan_stream, text_mode_of
from synapse_sdk.plugins.errors import PluginError

__all__ = [
    "ContentFinding",
    "ContentRule",
    "UnsafeFileContentError",
    "ensure_safe",
    "ensure_safe_bytes",
    "inspect_bytes",
    "inspect_file",
]


class ContentRule(StrEnum):
    """What can be wrong with a file."""

    SCRIPT_INJECTION = "script_injection"
    EXECUTABLE = "executable"
    SIGNATURE_MISMATCH = "signature_mismatch"
    SECRET = "secret"  # noqa: S105 - a rule's name
    SENSITIVE_NAME = "sensitive_name"


@dataclass(frozen=True, slots=True)
class ContentFinding:
    """One thing that is wrong with a file."""

    rule: ContentRule
    #: A sentence about it, without the secret if it is one.
    message: str
    #: Where, counted from 1; None for a file as a whole.
    line: int | None = None


class UnsafeFileContentError(PluginError, ValueError):
    """A file may not be taken; `details["findings"]` has the reasons."""

    @property
    def findings(self) -> list[dict[str, object]]:
        """The reasons: `rule`, `message` and `line` of each."""
        return list(self.details.get("findings", ()))


#: How files of a kind begin, at which byte, by suffix. A kind that is not here may begin as it likes.
_SIGNATURES: dict[str, tuple[tuple[int, bytes], ...]] = {
    ".png": ((0, b"\x89PNG\r\n\x1a\n"),),
    **dict.fromkeys((".jpg", ".jpeg"), ((0, b"\xff\xd8\xff"),)),
    ".gif": ((0, b"GIF87a"), (0, b"GIF89a")),
    ".bmp": ((0, b"BM"),),
    ".webp": ((8, b"WEBP"),),
    **dict.fromkeys((".tif", ".tiff"), ((0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+"))),
    ".pdf": ((0, b"%PDF-"),),
    ".zip": ((0, b"PK\x03\x04"), (0, b"PK\x05\x06")),
    **dict.fromkeys((".gz", ".tgz"), ((0, b"\x1f\x8b"),)),
    **dict.fromkeys(
        (".mp4", ".mov", ".m4a"), ((4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (4, b"free"))
    ),
    ".wav": ((8, b"WAVE"),),
    ".avi": ((8, b"AVI "),),
    ".flac": ((0, b"fLaC"),),
    ".npy": ((0, b"\x93NUMPY"),),
    ".npz": ((0, b"PK\x03\x04"), (0, b"PK\x05\x06")),
    ".xlsx": ((0, b"PK\x03\x04"),),
    ".pcd": ((0, b"# .PCD"), (0, b"VERSION")),
}
#: How programs begin.
_PROGRAMS = {
    b"\x7fELF": "a program for Linux",
    b"MZ": "a program for Windows",
    b"\xfe\xed\xfa\xce": "a program for macOS",
    b"\xfe\xed\xfa\xcf": "a program for macOS",
    b"\xce\xfa\xed\xfe": "a program for macOS",
    b"\xcf\xfa\xed\xfe": "a program for macOS",
    b"\xca\xfe\xba\xbe": "a program for Java or macOS",
    b"dex\n": "a program for Android",
    b"\0asm": "a program for WebAssembly",
    b"L\0\0\0\x01\x14\x02\0": "a Windows shortcut",
    b"#!/": "a script",
    b"#! /": "a script",
}
_PROGRAM_SUFFIXES = frozenset(
    {
        ".apk", ".app", ".bat", ".cmd", ".com", ".dll", ".dylib", ".exe", ".hta", ".jar", ".lnk", ".msi",
        ".ps1", ".scr", ".sh", ".so", ".vbs", ".wsf",
    }
)  # fmt: skip
#: What a browser shows as a page, scripts and all.
_PAGE_SUFFIXES = frozenset({".htm", ".html", ".mht", ".svg", ".xht", ".xhtml", ".xml"})
_PAGE_BEGINNING = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+(?:html|svg)|<(?:html|svg|head|body|script)\b)",
    re.IGNORECASE | re.DOTALL,
)
#: A browser takes these out of an address before it looks what it is.
_BREAKS = rb"[\t\r\n]*"
_SCHEMES = b"|".join(
    _BREAKS.join(bytes([letter]) for letter in word) for word in (b"javascript", b"vbscript")
)
_SCRIPT = re.compile(
    rb"<\s*(?:[\w-]+:)?(?:script|iframe|object|embed)\b"
    rb"|<[^<>]*[\s/\"']on[a-z]{3,20}\s*=\s*[\"']?[^\s>]"
    rb"|[\s\"'=](?:" + _SCHEMES + rb")\s*:"
    rb"|data\s*:\s*text/html",
    re.IGNORECASE,
)
#: Letters that are written as numbers, or by their names.
_REFERENCES = re.compile(rb"&(?:#x0*([0-9a-f]{1,6})|#0*([0-9]{1,7})|(tab|newline|colon));?", re.IGNORECASE)
_SENSITIVE = frozenset({ENVIRONMENT, PRIVATE_KEY, CREDENTIALS})
_KEY_SUFFIXES = (".pem",)
_HEAD_BYTES = 1024
#: A page is looked at whole; a script that begins in one piece ends in the next.
_OVERLAP_BYTES = 4096


def inspect_file(file_path: str | Path) -> list[ContentFinding]:
    """Return what is wrong with a file, of any size; empty for nothing.

    Raises:
        OSError: It can not be read.
    """
    path = Path(file_path)
    with path.open("rb") as stream:
        return _inspect(path.name, iter(lambda: stream.read(CHUNK_BYTES), b""), parent=path.parent.name)


def inspect_bytes(data: bytes, filename: str = "") -> list[ContentFinding]:
    """Return what is wrong with bytes that are, or will be, a file of this name; empty for nothing."""
    path = PurePosixPath(filename.replace("\\", "/"))
    chunks = (data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))
    return _inspect(path.name, chunks, parent=path.parent.name)


def ensure_safe(file_path: str | Path) -> None:
    """Let a file pass with which nothing is wrong.

    Raises:
        UnsafeFileContentError: Something is; the message has the first reason, the details have all.
        OSError: It can not be read.
    """
    _refuse(Path(file_path).name, inspect_file(file_path))


def ensure_safe_bytes(data: bytes, filename: str = "") -> None:
    """As `ensure_safe`, for bytes."""
    _refuse(filename or "The data", inspect_bytes(data, filename))


def _refuse(name: str, findings: list[ContentFinding]) -> None:
    if not findings:
        return
    first = findings[0]
    more = f" There are {len(findings) - 1} more reasons." if len(findings) > 1 else ""
    place = "" if first.line is None else f", line {first.line}"
    raise UnsafeFileContentError(
        f"{name}{place} can not be taken: {first.message}.{more}",
        {
            "file": name,
            "findings": [
                {"rule": item.rule.value, "message": item.message, "line": item.line} for item in findings
            ],
        },
        hint="Leave the file out, or take from it what should not be there.",
    )


def _inspect(name: str, chunks: Iterator[bytes], *, parent: str) -> list[ContentFinding]:
    first = next(chunks, b"")
    suffix = PurePosixPath(name.lower()).suffix
    findings = [*_check_name(name, parent), *_check_program(first, suffix), *_check_signature(first, suffix)]
    is_page = suffix in _PAGE_SUFFIXES or _PAGE_BEGINNING.match(first[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf"))
    scripts: list[ContentFinding] = []
    watched = _watch_scripts(chain((first,), chunks), scripts) if is_page else chain((first,), chunks)
    findings += [
        ContentFinding(ContentRule.SECRET, f"it holds what looks like a secret: {found.kind}", found.line)
        for found in scan_stream(name, None, watched, text_mode_of(name))
    ]
    for _ in watched:  # what the search for secrets has left, having found enough
        pass
    return findings + scripts


def _check_name(name: str, parent: str) -> Iterable[ContentFinding]:
    reason = find_never(f"{parent}/{name}" if parent else name, is_folder=False)
    if reason not in _SENSITIVE:
        reason = PRIVATE_KEY if name.lower().endswith(_KEY_SUFFIXES) else None
    if reason is not None:
        yield ContentFinding(ContentRule.SENSITIVE_NAME, f"a file of this name is kept back: {reason}")


def _check_program(first: bytes, suffix: str) -> Iterable[ContentFinding]:
    kind = next((kind for magic, kind in _PROGRAMS.items() if first.startswith(magic)), None)
    # Two letters begin many a text; a program for Windows says further on where its own head is.
    if kind == "a program for Windows" and b"\0" not in first[:_HEAD_BYTES]:
        kind = None
    if kind is None and suffix in _PROGRAM_SUFFIXES:
        kind = f"a program by its name, {suffix}"
    if kind is not None:
        yield ContentFinding(ContentRule.EXECUTABLE, f"it is {kind}")


def _check_signature(first: bytes, suffix: str) -> Iterable[ContentFinding]:
    known = _SIGNATURES.get(suffix)
    if known is None or any(first.startswith(magic, at) for at, magic in known):
        return
    what = "it is empty" if not first else f"it does not begin as {suffix} does"
    yield ContentFinding(ContentRule.SIGNATURE_MISMATCH, what)


def _watch_scripts(chunks: Iterable[bytes], findings: list[ContentFinding]) -> Iterator[bytes]:
    """Pass pieces on, and note the first script in them."""
    window, line = b"", 1
    for chunk in chunks:
        if not findings:
            window += chunk
            # UTF-16 and the like: the letters without the zero bytes between them.
            text = _REFERENCES.sub(_resolve, window.replace(b"\0", b""))
            if (match := _SCRIPT.search(text)) is not None:
                at = line + text.count(b"\n", 0, match.start())
                findings.append(
                    ContentFinding(ContentRule.SCRIPT_INJECTION, "a browser would run what it holds", at)
                )
            line += window[:-_OVERLAP_BYTES].count(b"\n")
            window = window[-_OVERLAP_BYTES:]
        yield chunk


def _resolve(match: re.Match[bytes]) -> bytes:
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        return b":" if name.lower() == b"colon" else b""
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return bytes([code]) if 0x20 < code < 0x7F else b""
