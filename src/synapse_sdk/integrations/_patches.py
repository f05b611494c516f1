"""Attributes of foreign modules and classes that are ours for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ABSENT = object()


class Patches:
    """Replaces attributes, and puts each back as it was: its own, inherited or absent."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any, Any]] = []

    def wrap(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace an attribute by what `wrap` makes of it.

        Args:
            owner: A module or class.
            name: The attribute; it may be inherited.
            wrap: Takes the present value. Of a class it is what stands in its body, a `classmethod` say.
        """
        own = vars(owner).get(name, _ABSENT)
        ours = wrap(getattr(owner, name) if own is _ABSENT else own)
        setattr(owner, name, ours)
        self._done.append((owner, name, own, ours))

    def undo(self) -> None:
        """Put everything back, the latest first. What somebody else replaced since stays theirs."""
        while self._done:
            owner, name, own, ours = self._done.pop()
            if vars(owner).get(name) is not ours:
                continue
            if own is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, own)
