"""Did you mean … ? The nearest known name to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


def find_closest(wanted: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `wanted`, or None when none is near."""
    from difflib import get_close_matches

    close = get_close_matches(wanted, sorted(known), n=1)
    return close[0] if close else None
