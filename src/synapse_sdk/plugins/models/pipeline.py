"""The states of a pipeline's run and of its actions.

Source: interface sheet `core.md` §5.1.
"""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """How a run of a pipeline stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ActionStatus(StrEnum):
    """How one action of a pipeline stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
