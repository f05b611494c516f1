"""A file of markup → the script in it, if a browser that shows it would run one.

All of it is searched, in the encoding that a browser would read it in.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO

_BLOCK_BYTES = 1024**2
#: Letters of one block that are searched with the next one again: longer than what is looked for ever is.
_OVERLAP = 64 * 1024
#: How a text begins → its encoding, with a mark or with `<` alone. Any other is read as one with ASCII in it.
_ENCODINGS = (
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
#: A letter written as its number, by which a word can be hidden: `&#106;avascript:`.
_NUMBERED = re.compile(r"&#(?:x0*(?P<hex>[0-9a-f]{2})|0*(?P<decimal>\d{2,3}));?", re.IGNORECASE)
#: Browsers leave these out of addresses.
_SCHEME = r"[\t\r\n]*".join("javascript")
_TAGS = r"<\s*(?:[\w.-]+:)?(?:script|iframe|object|embed)\b"
_SCRIPT = re.compile(rf"{_TAGS}|{_SCHEME}\s*:|\bon[a-z]{{3,20}}\s*=\s*[\"']", re.IGNORECASE)
#: HTML has values without quotes, too; in XML such text is no attribute.
_HTML_SCRIPT = re.compile(rf"{_SCRIPT.pattern}|<[^<>]*[\s/\"']on[a-z]{{3,20}}\s*=", re.IGNORECASE)
_HTML_ENDINGS = frozenset({".html", ".htm"})
#: What a browser runs scripts of when it shows it.
MARKUP_ENDINGS = _HTML_ENDINGS | {".svg", ".xhtml", ".xml"}


def find_script(stream: IO[bytes], ending: str) -> str | None:
    """Return the beginning of a script in a file with this ending (`.svg`), or None.

    Raises:
        OSError: It can not be read.
    """
    pattern = _HTML_SCRIPT if ending in _HTML_ENDINGS else _SCRIPT
    before = ""
    for text in _iter_text(stream):
        before = _NUMBERED.sub(_read_number, before[-_OVERLAP:] + text)
        if found := pattern.search(before):
            return found.group()[-40:]
    return None


def _iter_text(stream: IO[bytes]) -> Iterator[str]:
    block = stream.read(_BLOCK_BYTES)
    encoding = next((name for begin, name in _ENCODINGS if block.startswith(begin)), "latin-1")
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while block:
        yield decoder.decode(block)
        block = stream.read(_BLOCK_BYTES)


def _read_number(found: re.Match[str]) -> str:
    letter = chr(int(found["hex"], 16) if found["hex"] else int(found["decimal"]))
    # Only what words are made of: a `<` that is written so begins no tag.
    return letter if letter.isascii() and (letter.isalnum() or letter == ":") else found.group()
