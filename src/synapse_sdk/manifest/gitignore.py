"""A line of an ignore file → a pattern that answers as git does.

Works on bytes, as git does: `?` is one byte. Case always counts, so that a folder has one manifest on
every machine.

Source: gitignore(5), "PATTERN FORMAT"; where the page is silent, git's `dir.c` (`parse_path_pattern`,
`match_pathname`) and `wildmatch.c`. The tests compare with git itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
_SPECIAL = frozenset(b"*?[\\")
_ALL = frozenset(range(256))
_SLASH = ord("/")

_DIGITS, _LOWER, _UPPER = (
    frozenset(text) for text in (b"0123456789", bytes(range(97, 123)), bytes(range(65, 91)))
)
_PRINTABLE = frozenset(range(33, 127))
_ALNUM = _DIGITS | _LOWER | _UPPER
#: Source: POSIX character classes in the C locale, which is what git's own tables hold.
_CLASSES = {
    b"alnum": _ALNUM,
    b"alpha": _LOWER | _UPPER,
    b"blank": frozenset(b" \t"),
    b"cntrl": frozenset(range(32)) | {127},
    b"digit": _DIGITS,
    b"graph": _PRINTABLE,
    b"lower": _LOWER,
    b"print": _PRINTABLE | {32},
    b"punct": _PRINTABLE - _ALNUM,
    b"space": frozenset(b" \t\n\v\f\r"),
    b"upper": _UPPER,
    b"xdigit": _DIGITS | frozenset(b"abcdefABCDEF"),
}


class Pattern(NamedTuple):
    """One pattern of an ignore file."""

    line: int
    text: str
    is_negated: bool
    #: Does it match folders only (`tests/`)?
    needs_folder: bool
    #: Is it compared with the whole path below its file (`a/b`, `/a`), or with the last name alone (`a`)?
    sees_path: bool
    #: None: it can never match, such as `[abc` or a backslash at the end.
    matches: Callable[[bytes], object] | None


def parse_patterns(data: bytes) -> list[Pattern]:
    """Return the patterns of an ignore file in order. Empty lines and comments have none."""
    patterns = []
    for number, raw in enumerate(data.removeprefix(_BOM).split(b"\n"), start=1):
        line = _trim_spaces(raw.removesuffix(b"\r"))
        if line and not line.startswith(b"#"):
            patterns.append(_parse_pattern(line, number))
    return patterns


def _trim_spaces(line: bytes) -> bytes:
    """Cut spaces (not tabs) off the end, up to one that a backslash protects."""
    end = position = 0
    while position < len(line):
        is_escape = line[position] == ord("\\")
        position += 2 if is_escape else 1
        if is_escape or line[position - 1] != ord(" "):
            end = position
    return line[:end]


def _parse_pattern(line: bytes, number: int) -> Pattern:
    text = line.decode("utf-8", "backslashreplace")
    is_negated = line.startswith(b"!")
    body = line[1:] if is_negated else line
    needs_folder = body.endswith(b"/")
    body = body[:-1] if needs_folder else body
    sees_path = b"/" in body
    matches = _compile(body.removeprefix(b"/") if sees_path else body, sees_path=sees_path)
    return Pattern(number, text, is_negated, needs_folder, sees_path, matches)


def _compile(body: bytes, *, sees_path: bool) -> Callable[[bytes], object] | None:
    literal_length = next((i for i, byte in enumerate(body) if byte in _SPECIAL), len(body))
    if literal_length == len(body):
        return body.__eq__ if body else None
    # The two commonest shapes, `name` and `*.ext`, need no expression: compiling one costs 0.1 ms.
    if not sees_path and body[:1] == b"*" and not _SPECIAL.intersection(body[1:]):
        ending = body[1:]
        return lambda name: name.endswith(ending)
    # git compares the literal beginning first and reads what follows as a pattern of its own. That is why
    # the two stars of `foo**/bar` reach across folders: they stand at the beginning of the rest.
    literal = body[:literal_length] if sees_path else b""
    tokens = _tokenize(body[len(literal) :], sees_path=sees_path)
    if tokens is None:
        return None
    return re.compile(re.escape(literal) + _to_expression(tokens), re.DOTALL).fullmatch


class _Token(NamedTuple):
    kind: str  # "one": exactly one byte · "star": within a name · "deep": across folders
    expression: bytes


_STAR = _Token("star", b"[^/]*?")
_DEEP = _Token("deep", b".*?")
_DEEP_FOLDERS = _Token("deep", b"(?:.*?/)??")


def _tokenize(glob: bytes, *, sees_path: bool) -> list[_Token] | None:
    """Split a glob into tokens; None when it is malformed and can never match."""
    tokens, position = [], 0
    while position < len(glob):
        byte = glob[position : position + 1]
        if byte == b"*":
            end = position
            while glob[end : end + 1] == b"*":
                end += 1
            starts_name = position == 0 or glob[position - 1] == _SLASH
            ends_name = end == len(glob) or glob.startswith((b"/", b"\\/"), end)
            if not (sees_path and end - position > 1 and starts_name and ends_name):
                tokens.append(_STAR)
            elif glob[end : end + 1] == b"/":
                tokens.append(_DEEP_FOLDERS)
                end += 1
            else:
                tokens.append(_DEEP)
            position = end
        elif byte == b"[":
            parsed = _parse_class(glob, position + 1)
            if parsed is None:
                return None
            members, position = parsed
            tokens.append(
                _Token("one", b"[" + b"".join(b"\\x%02x" % item for item in sorted(members)) + b"]")
            )
        elif byte == b"?":
            tokens.append(_Token("one", b"[^/]"))
            position += 1
        else:
            position += byte == b"\\"
            if position == len(glob):
                return None
            tokens.append(_Token("one", re.escape(glob[position : position + 1])))
            position += 1
    return tokens


def _parse_class(glob: bytes, position: int) -> tuple[frozenset[int], int] | None:
    """Read a bracket expression from behind its `[`; return its bytes and where the glob goes on.

    None when it is malformed, or when no byte fits it. A slash never fits.
    """
    is_negated = glob[position : position + 1] in (b"!", b"^")
    position += is_negated
    members: set[int] = set()
    previous: int | None = None  # where a range may begin
    is_first = True
    while position < len(glob):
        byte = glob[position]
        if byte == ord("]") and not is_first:
            fitting = (_ALL - members if is_negated else members) - {_SLASH}
            return (frozenset(fitting), position + 1) if fitting else None
        is_first = False
        if byte == ord("[") and glob[position + 1 : position + 2] == b":":
            end = glob.find(b"]", position + 2)
            if end < 0:
                return None
            if glob[end - 1] == ord(":") and end - 1 >= position + 2:
                named = _CLASSES.get(glob[position + 2 : end - 1])
                if named is None:
                    return None
                members |= named
                previous, position = None, end + 1
                continue
        is_range = (
            byte == ord("-") and previous is not None and glob[position + 1 : position + 2] not in (b"", b"]")
        )
        position += is_range
        position += glob[position : position + 1] == b"\\"
        if position == len(glob):
            return None
        byte = glob[position]
        # A range that runs backwards holds its first byte, which has been added already.
        members |= set(range(previous, byte + 1)) if is_range and previous is not None else {byte}
        previous = None if is_range else byte
        position += 1
    return None


def _to_expression(tokens: list[_Token]) -> bytes:
    """Join tokens so that matching takes no more than quadratic time, whatever the pattern.

    Between two stars the earliest match is as good as any later one, so each piece but the last is atomic:
    once found, it is not looked for again. The same holds between two `**`.
    """
    groups: list[list[_Token]] = [[]]
    for token in tokens:
        if token.kind == "deep":
            groups.append([])
        groups[-1].append(token)
    joined = [_join_group(group) for group in groups]
    return b"".join(b"(?>" + group + b")" for group in joined[:-1]) + joined[-1]


def _join_group(group: list[_Token]) -> bytes:
    pieces = [b""]
    for token in group:
        if token.kind == "star":
            pieces.append(b"")
        pieces[-1] += token.expression
    return (
        pieces[0]
        + b"".join(b"(?>" + piece + b")" for piece in pieces[1:-1])
        + (pieces[-1] if len(pieces) > 1 else b"")
    )
