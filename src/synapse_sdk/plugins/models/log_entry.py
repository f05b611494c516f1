"""What a logger of the vendor's dialect hands on: one entry, and how far something has come.

Source: interface sheet `core.md`, Appendix B, `synapse_sdk.loggers`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ProgressData:
    """How far one step has come."""

    percent: float
    #: Seconds.
    time_remaining: float | None = None
    #: Seconds.
    elapsed_time: float | None = None
    status: str = "running"


@dataclass(slots=True)
class LogEntry:
    """One recorded event."""

    event: str
    data: dict[str, Any]
    #: Seconds since 1970, UTC.
    timestamp: float = field(default_factory=time.time)
    file: str | None = None
    step: str | None = None
    level: Any = None
    language: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain values, the level by its name."""
        return {
            "event": self.event,
            "data": dict(self.data),
            "timestamp": self.timestamp,
            "file": self.file,
            "step": self.step,
            "level": getattr(self.level, "value", self.level),
            "language": self.language,
        }
