"""The files of a release → the secrets found in them."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import PurePosixPath

from synapse_sdk._internal.source_identity import source_identity
from synapse_sdk._internal.units import format_size
from synapse_sdk.packaging import secret_patterns, secret_values, unpacked
from synapse_sdk.packaging.contents import PlannedFile, iter_contents
from synapse_sdk.packaging.secret_patterns import REACH_BYTES, Assignments, find_secrets
from synapse_sdk.packaging.unpacked import (
    UNPACKED_LIMIT_BYTES,
    UNREADABLE,
    UnpackedLimitError,
    is_compressed,
    iter_members,
)
from synapse_sdk.plugins.errors import ArchiveError

#: Findings of one file that are listed. Past them the file is not read on: one is enough to stop a release.
FINDING_LIMIT = 20

#: How much of a file decides whether it is text, and in which encoding.
_HEAD_BYTES = 8192
#: Here a bare word behind `=` or `:` is a variable or a number, never a literal.
_CODE_SUFFIXES = (
    *(
        ".py",
        ".pyi",
        ".pyx",
        ".ipynb",
        ".js",
        ".jsx",
        ".mjs",
        ".ts",
        ".tsx",
        ".html",
        ".css",
        ".sql",
        ".proto",
    ),
    *(".c", ".cc", ".cpp", ".h", ".hpp", ".cu", ".cuh", ".go", ".rs", ".java", ".kt", ".scala", ".swift"),
    *(".rb", ".php", ".cs", ".lua", ".r", ".m", ".jl", ".json", ".jsonl", ".csv", ".tsv"),
)
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MARKS = tuple(_BOMS)


class SecretFoundError(ArchiveError):
    """Files that would travel hold what looks like secrets; `details["findings"]` lists all of them."""

    @classmethod
    def of(cls, findings: Collection[Finding]) -> SecretFoundError:
        """Build the error for everything that was found."""
        what = "a secret" if len(findings) == 1 else f"{len(findings)} secrets"
        first = next(iter(findings))
        return cls(
            f"Found what looks like {what} in files that would travel:\n  " + "\n  ".join(map(str, findings)),
            {"findings": [finding.to_document() for finding in findings]},
            hint="Take it out and read it from the environment instead, or name the file in .synapseignore. "
            f"If it is no secret: --allow-secret {first.path}",
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a file that looks like a secret. Holds nothing of the secret itself."""

    path: str
    #: The file inside the file, when that is an archive.
    member: str | None
    #: None in a file without lines.
    line: int | None
    kind: str
    excerpt: str

    @property
    def place(self) -> str:
        """Return `plugin/train.py:18`, `model.pkl` or `wheels/a.whl!a/keys.py:3`."""
        inside = f"!{self.member}" if self.member else ""
        return f"{self.path}{inside}" + (f":{self.line}" if self.line else "")

    def to_document(self) -> dict[str, object]:
        """Return the plain value for `--json`."""
        return {
            "path": self.path,
            "member": self.member,
            "line": self.line,
            "kind": self.kind,
            "excerpt": self.excerpt,
        }

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}: {self.excerpt}"


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What the scan of a release found."""

    findings: tuple[Finding, ...]
    #: Findings in files that the user has allowed by name.
    allowed: tuple[Finding, ...]
    #: Archives that could not be looked into as far as they go.
    warnings: tuple[str, ...]
    #: Files that were searched to their end, and hold nothing.
    clean: tuple[PlannedFile, ...]


def scan_files(
    files: Iterable[PlannedFile],
    *,
    allow: Collection[str] = (),
    unpacked_limit_bytes: int = UNPACKED_LIMIT_BYTES,
) -> ScanReport:
    """Look for secrets in every file: text in UTF-8, UTF-16 or UTF-32, binaries, and one level of archives.

    In text, assignments such as `password = "…"` count too; in binaries and inside archives only tokens of
    a known form and private keys do. Memory stays bounded for files of any size.

    Args:
        allow: Paths of files, from the plugin folder on, whose findings stop nothing.
        unpacked_limit_bytes: How much of one archive is looked at. Past it a warning says so.

    Raises:
        ArchiveError: A file changed since it was planned; or a path in `allow` names no file with a finding,
            since an exception that excepts nothing is a mistake or out of date.
    """
    warnings: list[str] = []
    findings: list[Finding] = []
    clean = []
    for planned in files:
        warned = len(warnings)
        found = _scan_file(planned, unpacked_limit_bytes, warnings)
        if not found and len(warnings) == warned:
            clean.append(planned)
        findings += found
    allowed_paths = {PurePosixPath(path).as_posix() for path in allow}
    if unused := allowed_paths - {finding.path for finding in findings}:
        known = sorted({finding.path for finding in findings})
        raise ArchiveError(
            f"--allow-secret {', '.join(sorted(unused))}: nothing was found there. "
            + (f"Secrets were found in {', '.join(known)}." if known else "No file has a finding."),
            {"allow_secrets": sorted(unused), "files_with_findings": known},
            hint="Give the path as the finding shows it, from the plugin folder on, or leave the option out.",
        )
    return ScanReport(
        tuple(finding for finding in findings if finding.path not in allowed_paths),
        tuple(finding for finding in findings if finding.path in allowed_paths),
        tuple(warnings),
        tuple(clean),
    )


def _scan_file(planned: PlannedFile, limit_bytes: int, warnings: list[str]) -> list[Finding]:
    path = planned.file.path
    chunks = iter_contents(planned)
    first = next(chunks, b"")
    findings = scan_stream(path, None, chain((first,), chunks), text_mode_of(path))
    for _ in chunks:
        pass  # to the end, so that a file which changed is noticed even when its scan ended early
    if is_compressed(first) and not findings:
        findings += _scan_members(planned, first, limit_bytes, warnings)
    return findings


@cache
def scan_identity() -> str:
    """Return what tells this search from every other one, which may find more: the digest of its source."""
    return source_identity(sys.modules[__name__], secret_patterns, secret_values, unpacked)


def is_plainly_clean(path: str, data: bytes) -> bool:
    """Does the whole content of a small file hold nothing that `scan_files` would find? True is certain.

    For the bytes as they are read anyway. Of an archive, or of text in UTF-16 or UTF-32, it is not said.
    """
    head = data[:_HEAD_BYTES]
    if is_compressed(head) or _find_encoding(head):
        return False
    return not find_secrets(data, Assignments.NONE if b"\0" in head else text_mode_of(path))


def text_mode_of(path: str) -> Assignments:
    """Return which assignments count in a file of this name, if it is text."""
    return Assignments.QUOTED if path.lower().endswith(_CODE_SUFFIXES) else Assignments.BARE


def _scan_members(planned: PlannedFile, head: bytes, limit_bytes: int, warnings: list[str]) -> list[Finding]:
    path = planned.file.path
    findings: list[Finding] = []
    try:
        for name, chunks in iter_members(planned.location, head, limit_bytes=limit_bytes):
            findings += scan_stream(path, name or None, chunks, Assignments.NONE)
            if len(findings) >= FINDING_LIMIT:
                break
    except UnpackedLimitError:
        limit = format_size(limit_bytes)
        warnings.append(f"{path} unpacks to more than {limit}; only so much of it was scanned for secrets")
    except UNREADABLE as error:
        warnings.append(f"{path} could not be unpacked ({error}); its contents were not scanned for secrets")
    return findings


def scan_stream(
    path: str, member: str | None, chunks: Iterator[bytes], text_mode: Assignments
) -> list[Finding]:
    """Return what looks like a secret in pieces of one file, however large; `FINDING_LIMIT` at most."""
    first = next(chunks, b"")
    encoding = _find_encoding(first[:_HEAD_BYTES])
    if encoding:
        chunks = _recode(chain((first,), chunks), encoding)
        first = next(chunks, b"")
    has_lines = b"\0" not in first[:_HEAD_BYTES]
    findings = []
    lines, offset, window, done = 1, 0, first, 0
    while True:
        following = next(chunks, None)
        # What begins in the last stretch may go on in the next piece; it is looked at then, again whole and
        # with what stands before it.
        end = len(window) if following is None else max(len(window) - REACH_BYTES, done)
        for hit in find_secrets(window, text_mode if has_lines else Assignments.NONE):
            if done <= hit.start < end:
                line = lines + window.count(b"\n", 0, hit.start) if has_lines else None
                excerpt = hit.excerpt if has_lines else f"{hit.excerpt} at byte {offset + hit.start:,}"
                findings.append(Finding(path, member, line, hit.kind, excerpt))
        if following is None or len(findings) >= FINDING_LIMIT:
            return findings[:FINDING_LIMIT]
        keep = max(end - REACH_BYTES, 0)
        lines += window.count(b"\n", 0, keep)
        offset += keep
        window, done = window[keep:] + following, end - keep


def _find_encoding(head: bytes) -> str | None:
    """Return the encoding of text that is not UTF-8, by its mark or by where its zero bytes are."""
    if head.startswith(_MARKS):
        return next(encoding for mark, encoding in _BOMS.items() if head.startswith(mark))
    if b"\0" not in head:
        return None
    pairs = len(head) // 2
    if pairs < 8 or head.count(0) <= 0.4 * pairs:
        return None
    even, odd = head[0 : pairs * 2 : 2].count(0) / pairs, head[1 : pairs * 2 : 2].count(0) / pairs
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.1 else None


def _recode(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")
