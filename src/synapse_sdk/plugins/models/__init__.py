"""What is said of a run: its states, its progress, its log entries. A lazy door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synapse_sdk._internal.front_door import build_front_door

if TYPE_CHECKING:
    from synapse_sdk.plugins.enums import LogLevel as LogLevel
    from synapse_sdk.plugins.models.log_entry import LogEntry as LogEntry
    from synapse_sdk.plugins.models.log_entry import LoggerBackend as LoggerBackend
    from synapse_sdk.plugins.models.log_entry import ProgressData as ProgressData
    from synapse_sdk.plugins.models.pipeline import ActionStatus as ActionStatus
    from synapse_sdk.plugins.models.pipeline import RunStatus as RunStatus
    from synapse_sdk.plugins.models.progress import ActionProgress as ActionProgress
    from synapse_sdk.plugins.models.progress import Checkpoint as Checkpoint
    from synapse_sdk.plugins.models.progress import PipelineProgress as PipelineProgress

__getattr__, __dir__, __all__ = build_front_door(
    globals(),
    {
        "ActionProgress": "progress",
        "ActionStatus": "pipeline",
        "Checkpoint": "progress",
        "LogEntry": "log_entry",
        "LogLevel": "logger",
        "LoggerBackend": "log_entry",
        "PipelineProgress": "progress",
        "ProgressData": "log_entry",
        "RunStatus": "pipeline",
    },
)
