"""How many columns of a terminal a text takes: Hangul and CJK take two, accents that combine none."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def display_width(text: str) -> int:
    """Return the columns that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill `text` with blanks to `width` columns; with `right` it stands at the right end."""
    blanks = " " * (width - display_width(text))
    return blanks + text if right else text + blanks


def clip(text: str, width: int) -> str:
    """Cut `text` to `width` columns and mark the cut."""
    if display_width(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        used += display_width(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"
