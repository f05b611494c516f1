"""How one file of an export ended.

Source: interface sheet `actions.md` §6.2.
"""

from __future__ import annotations

from enum import StrEnum


class ExportStatus(StrEnum):
    """Of one file; `stand_by` before it is its turn."""

    SUCCESS = "success"
    FAILED = "failed"
    STAND_BY = "stand_by"
