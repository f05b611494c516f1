"""Did you mean … ? The nearest known name to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


def find_closest(wanted: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `wanted`, case aside, or None when none is near."""
    from difflib import get_close_matches

    by_folded = {name.casefold(): name for name in sorted(known)}
    close = get_close_matches(wanted.casefold(), by_folded, n=1)
    return by_folded[close[0]] if close else None
