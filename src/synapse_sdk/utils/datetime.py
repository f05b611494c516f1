"""The current moment."""

from __future__ import annotations

from datetime import datetime

from synapse_sdk._internal.clock import utc_now

__all__ = ["utcnow", "utcnow_iso"]


def utcnow() -> datetime:
    """Return this moment; aware, in UTC."""
    return utc_now()


def utcnow_iso() -> str:
    """Return this moment as ISO 8601 has it."""
    return utcnow().isoformat()
