"""Validators for fields of params."""

from __future__ import annotations

__all__ = ["non_blank"]


def non_blank(value: str) -> str:
    """Return a text that holds more than blanks, as it is.

    Raises:
        ValueError: It does not.
    """
    if not value.strip():
        raise ValueError("must not be blank")
    return value
