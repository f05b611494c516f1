"""What a logger of the vendor's dialect hands on: one entry, and how far something has come.

Source: interface sheet `core.md`, Appendix B, `synapse_sdk.loggers`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class ProgressData:
    """How far one step has come."""

    percent: float
    #: Seconds.
    time_remaining: float | None = None
    #: Seconds.
    elapsed_time: float | None = None
    status: str = "running"
    #: The step that it is of; None for the whole.
    step: str | None = None


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
        """Return the entry as plain values, the level by its name; `language` only when there is one."""
        language = {} if self.language is None else {"language": self.language}
        return {
            "event": self.event,
            "data": dict(self.data),
            "timestamp": self.timestamp,
            "file": self.file,
            "step": self.step,
            "level": getattr(self.level, "value", self.level),
            **language,
        }


class MessageLogData(dict[str, Any]):
    """The data of an event `message`: `content`, and `key` where it was said by a code."""


class LoggerBackend(Protocol):
    """Where a `BackendLogger` publishes to."""

    def publish_progress(self, job_id: str, progress: ProgressData) -> None:
        """Take how far a step has come."""

    def publish_metrics(self, job_id: str, metrics: dict[str, Any]) -> None:
        """Take `{step: numbers}`."""

    def publish_log(self, job_id: str, log_entry: LogEntry) -> None:
        """Take one recorded event."""
