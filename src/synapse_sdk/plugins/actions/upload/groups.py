"""The group of a collection that data units go to: names, from the outermost on.

Source: interface sheet `actions.md` §7.2.
"""

from __future__ import annotations

from collections.abc import Iterable


def normalize_groups(name: str | Iterable[str] | None) -> list[str]:
    """Return the names on the way to a group: of `"2024/spring"` two. Blank ones are left out."""
    parts = name.split("/") if isinstance(name, str) else list(name or ())
    return [part.strip() for part in parts if part.strip()]
